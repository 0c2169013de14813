"""Metadata of an archive (``archive.json``) and the findings of its verification."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from reproduction.config.field_types import Strict

MANIFEST, DESCRIPTION, RESOLVED = "manifest-sha256.txt", "archive.json", "resolved.json"
LOCK = "requirements.txt"

PLAIN = r"\w[\w.-]*(/\w[\w.-]*)*"  # a relative path below the folder; never a command-line option
ConfigFile = Annotated[str, StringConstraints(pattern=rf"^{PLAIN}\.ya?ml$")]
ResultFile = Annotated[str, StringConstraints(pattern=rf"^results/{PLAIN}\.(nc|parquet)$")]


class Description(Strict):
    """The contents of ``archive.json``."""

    configfiles: list[ConfigFile]
    """Config files layered on config.yaml, in order."""
    full: bool
    """True if trained weights, fields and shards are included."""
    machine: str
    """Processor architecture."""
    python: str
    """Version of Python."""
    packages: dict[str, str]
    """Installed versions of the locked packages when the archive was made."""
    recomputable: list[ResultFile]
    """The data of a figure that takes seconds to recompute, and the files it is drawn from."""


class Finding(str):
    """A discrepancy found while verifying an archive, as a sentence."""


def describe(layers: list[str], full: bool, recomputable: list[str]) -> Description:
    """Describe an archive that is made on this machine with the packages installed here."""
    locked = pinned(Path(LOCK).read_text(encoding="utf-8"))
    return Description(
        configfiles=layers,
        full=full,
        machine=platform.machine(),
        python=platform.python_version(),
        packages={name: installed(name) or "not installed" for name in locked},
        recomputable=recomputable,
    )


def pinned(lock: str) -> dict[str, str]:
    """Package → version of a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.+-]+)", lock, re.MULTILINE))


def installed(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
