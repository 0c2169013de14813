"""Mounts that only the tests see: they vanish when the tests end, even if these are killed."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

CLONE_NEWNS = 0x00020000


@cache
def leave_common_mounts() -> str:
    """Give this process and its children mounts of their own; return the reason if that is not possible."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        return os.strerror(ctypes.get_errno())
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return done.stderr.strip()


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something at a folder, with these arguments of ``mount``; skip the test if that is not possible."""
    reason = leave_common_mounts()
    if not reason:
        reason = subprocess.run(["mount", *options, folder], capture_output=True, text=True).stderr.strip()
    if reason:
        pytest.skip(f"nothing can be mounted here: {reason}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
