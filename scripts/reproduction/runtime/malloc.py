"""Reuse of freed memory within the process, by options of glibc's malloc.

By default glibc returns freed memory at the top of the heap to the system, and the next array of the same size is
mapped and zeroed again page by page. A training step allocates and frees the same arrays each time; without this
setting it takes up to 1.5 times as long.
"""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
LARGEST_ARRAY = 32 << 20  # bytes; larger arrays do not come from the heap; the maximum that glibc accepts


def keep_freed_memory() -> bool:
    """Make the C library keep freed memory for later arrays; return whether it supports this (glibc does)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([mallopt(TRIM_THRESHOLD, 2**31 - 1), mallopt(MMAP_THRESHOLD, LARGEST_ARRAY)])
