"""Errors that speak to the person who wrote the config, or whose disk it is."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path


class ConfigError(ValueError):
    """A value given by the user is not usable; the message says which, and what is allowed."""


def one_line(message: str) -> str:
    """A message on one line, with what is endless in it cut off."""
    return re.sub(r"\S{150,}", lambda match: f"{match[0][:100]}…", message.replace("\n", "\\n"))


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return a sentence naming the closest allowed names, or all of them when none is close."""
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"allowed: {', '.join(allowed) or '(none)'}"


Stamp = tuple[int, int, int]


class DamagedFile(OSError):
    """A result that cannot be read, or that is not what belongs in its place.

    Attributes:
        path: of the file.
        stamp: inode, size and time of the file that was looked at.
    """

    def __init__(self, path: str | Path, fault: str, stamp: Stamp):
        super().__init__(f"{path} {fault}")
        self.path, self.stamp = Path(path), stamp


class SetAside(RuntimeError):
    """Inputs of a job were damaged and are out of the way now; one line says it for each."""


class DiskFull(OSError):
    """There is no room for a result; the message says where, and how much is left."""
