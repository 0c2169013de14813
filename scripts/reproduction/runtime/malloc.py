"""Memory that is freed stays with the process.

By default the C library hands freed memory back to the system whenever a little of it lies on top of the heap, and the
next array of the same size has it mapped and zeroed anew, page by page. A training step makes and drops the same
arrays every time; without this it takes up to half as long again.
"""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of malloc.h
ARRAY = 32 << 20  # bytes of the largest array that comes from the heap: the most that glibc takes


def keep_freed_memory() -> bool:
    """Ask the C library to keep what is freed for later arrays; returns whether it is one that can (glibc)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([mallopt(TRIM_THRESHOLD, 2**31 - 1), mallopt(MMAP_THRESHOLD, ARRAY)])
