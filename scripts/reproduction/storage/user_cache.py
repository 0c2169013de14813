"""Results that depend on nothing but their key, kept in the user's cache folder from one run to the next.

A cache that cannot be read or written is no error: its values are computed again.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from reproduction.storage.atomic_write import write_atomically

KEPT = 40  # files; the one unused for the longest time is removed first


def folder() -> Path:
    """Return the cache folder of the project: below XDG_CACHE_HOME, or else below ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rectified"


def read(name: str) -> Any:
    """Return the value kept under a name, or None."""
    try:
        path = folder() / name
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: the user has no home folder
        return None
    with suppress(OSError):
        path.touch()
    return value


def write(name: str, value: Any) -> None:
    """Keep a value under a name, as JSON; remove the files unused for the longest time."""
    with suppress(OSError, RuntimeError):
        write_atomically(folder() / name, lambda path: path.write_text(json.dumps(value), encoding="utf-8"))
        by_use = sorted(folder().iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in by_use[KEPT:]:
            path.unlink(missing_ok=True)
