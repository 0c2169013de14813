"""Errors about result files."""

from pathlib import Path

Stamp = tuple[int, int, int]


class DamagedFile(OSError):
    """Raised for a result that cannot be read or belongs to another job.

    Attributes:
        path: of the file.
        stamp: inode, size and modification time of the file that was read.
    """

    def __init__(self, path: str | Path, fault: str, stamp: Stamp):
        super().__init__(f"{path} {fault}")
        self.path, self.stamp = Path(path), stamp


class SetAside(RuntimeError):
    """Raised after damaged inputs of a job were set aside; the message has one line for each."""


class DiskFull(OSError):
    """Raised if a result does not fit on the disk; the message names the disk and its free space."""
