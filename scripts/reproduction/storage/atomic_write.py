"""Atomic writing of files: a file is either complete or absent, even if the writer is killed.

A writer fills a temporary file in the same folder and renames it in one step. The name of the temporary file contains
the machine and process number of its writer, so that the next writer of the same file can remove it.
"""

import errno
import os
import platform
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from reproduction.storage.errors import DiskFull, Stamp

FULL = (errno.ENOSPC, errno.EDQUOT)
NODE = re.sub(r"[^a-zA-Z0-9-]", "-", platform.node())
DAY = 86400.0


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> None:
    """Write a file atomically: fill a temporary file in the same folder, then rename it.

    Args:
        path: of the file.
        write: fills the temporary file, whose path it receives.

    Raises:
        DiskFull: if the disk is full; the temporary file is removed.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{NODE}.{os.getpid()}{path.suffix}")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(path)
            write(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except Exception as error:
        if means_full(error):
            raise disk_full(path) from error
        raise


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files of killed writers of this file; those of other machines after a day."""
    pattern = re.compile(rf"\.{re.escape(path.stem)}\.([a-zA-Z0-9-]*)\.(\d+){re.escape(path.suffix)}")
    for file in path.parent.glob(f".*{path.suffix}"):
        match = pattern.fullmatch(file.name)
        if match and not _may_be_written(file, match[1], int(match[2])):
            file.unlink(missing_ok=True)


def _may_be_written(file: Path, node: str, pid: int) -> bool:
    if node == NODE:
        return pid != os.getpid() and lives(pid)
    try:
        return time.time() - file.stat().st_mtime < DAY
    except FileNotFoundError:
        return False


def lives(pid: int) -> bool:
    """Return whether a process of this machine exists, of any user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def stamp(path: str | Path) -> Stamp:
    """Return inode, size and modification time, by which a file differs from a later one at the same path."""
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def means_full(error: BaseException) -> bool:
    """Return whether an error of the system or of a library means that the disk or quota is full."""
    return getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL)


def disk_full(path: Path) -> DiskFull:
    """Return the error for a file that does not fit on its disk."""
    folder = next((folder for folder in path.parents if folder.exists()), Path())
    free = shutil.disk_usage(folder).free
    return DiskFull(
        f"the disk of {folder} is full: {path.name} could not be written; {_readable(free)} free. "
        "Free some space and run the same command again; it resumes."
    )


def _readable(size: int) -> str:
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_each:
            return f"{size / bytes_each:.1f} {unit}"
    return f"{size} bytes"
