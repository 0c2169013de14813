"""Errors about the files of results."""

from pathlib import Path

Stamp = tuple[int, int, int]


class DamagedFile(OSError):
    """A result that cannot be read, or that belongs to another job.

    Attributes:
        path: of the file.
        stamp: inode, size and time of the file that was read.
    """

    def __init__(self, path: str | Path, fault: str, stamp: Stamp):
        super().__init__(f"{path} {fault}")
        self.path, self.stamp = Path(path), stamp


class SetAside(RuntimeError):
    """Damaged inputs of a job were set aside; one line for each."""


class DiskFull(OSError):
    """There is no room for a result; the message names the disk and the room left."""
