"""Files that are there whole or not at all, whatever stops the writer.

A writer fills a temporary file beside the place and moves it there in one step. What a killed writer leaves of it is
named after the machine and the process that wrote it, so that the next writer of the same file can remove it.
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
    """Let ``write`` fill a temporary file beside the path, then move it there in one step.

    Raises:
        DiskFull: if there is no room for it; nothing is left of it then.
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
    """Remove what writers of this file left that were killed: on this machine those that are gone, else after a day."""
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
    """Whether a process of this machine is there, of whichever user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def stamp(path: str | Path) -> Stamp:
    """What tells a file from the one that takes its place later: inode, size, time of the last change."""
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def means_full(error: BaseException) -> bool:
    """Whether an error, of the system or in the words of a library, says that a disk or a quota is full."""
    return getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL)


def disk_full(path: Path) -> DiskFull:
    """The error for a file that finds no room."""
    folder = next((folder for folder in path.parents if folder.exists()), Path())
    free = shutil.disk_usage(folder).free
    return DiskFull(
        f"the disk that holds {folder} is full: {path.name} could not be written, {_readable(free)} are free. "
        "Make room and type the same command again: it goes on from here."
    )


def _readable(size: int) -> str:
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_each:
            return f"{size / bytes_each:.1f} {unit}"
    return f"{size} bytes"
