"""What an archive of a run says of itself, and what is said of it."""

import re
from typing import Annotated

from pydantic import StringConstraints

from reproduction.config.field_types import Strict

MANIFEST, DESCRIPTION, RESOLVED = "manifest-sha256.txt", "archive.json", "resolved.json"
LOCK = "requirements.txt"

PLAIN = r"\w[\w.-]*(/\w[\w.-]*)*"  # a path below the folder; no option of a command
ConfigFile = Annotated[str, StringConstraints(pattern=rf"^{PLAIN}\.ya?ml$")]
ResultFile = Annotated[str, StringConstraints(pattern=rf"^results/{PLAIN}\.(nc|parquet)$")]


class Description(Strict):
    """What ``archive.json`` holds."""

    configfiles: list[ConfigFile]
    """Config files on top of config.yaml, in their order."""
    full: bool
    """Whether trained weights, fields and shards are there too."""
    machine: str
    """Kind of processor."""
    python: str
    """Version of Python."""
    packages: dict[str, str]
    """Versions of the packages of the lock, as the results were made with."""
    recomputable: list[ResultFile]
    """The data of a figure that is recomputed in seconds, and what it is drawn from."""


class Finding(str):
    """A sentence about something that is not as it should be."""


def pinned(lock: str) -> dict[str, str]:
    """Package → version of a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.+-]+)", lock, re.MULTILINE))
