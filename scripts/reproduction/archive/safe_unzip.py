"""Zip files from anyone: refused if they would write elsewhere or fill the disk, then unpacked."""

import hashlib
import stat
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath

from reproduction.config.errors import ConfigError

MOST_FILES = 100_000
SPARE, RATIO = 64 << 20, 200  # bytes that any archive may unpack to, and how much more than its own size


def refuse_unsafe(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse an archive that would write elsewhere, or fill the disk.

    Raises:
        ConfigError: saying which file, and why.
    """
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise ConfigError(f"the archive has {len(infos)} files, more than {MOST_FILES}; it is not opened")
    total = sum(info.file_size for info in infos)
    if total > SPARE + RATIO * size:
        raise ConfigError(f"the archive would unpack from {size} to {total} bytes; it is not opened")
    seen = set()
    for info in infos:
        name = info.orig_filename
        if not _is_plain(name) or stat.S_ISLNK(info.external_attr >> 16):
            raise ConfigError(f"the archive has {name!r}, which could lead out of its folder; it is not opened")
        if info.flag_bits & 1 or name in seen:
            raise ConfigError(f"the archive has {name!r} twice, or encrypted; it is not opened")
        seen.add(name)


def _is_plain(name: str) -> bool:
    """Whether a name is a path below the folder it is unpacked to, on every system."""
    parts = PurePosixPath(name).parts
    return name.isprintable() and bool(parts) and not (set("\\:") & set(name) or {"/", ".."} & {*parts, name[0]})


def checksum_in(archive: zipfile.ZipFile, name: str) -> str:
    """The SHA-256 of a file in an archive; empty if it cannot be read."""
    with suppress(zipfile.BadZipFile, zlib.error, EOFError), archive.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def checksum(content: bytes | Path) -> str:
    """SHA-256 of bytes or of a file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack an archive whose names were found safe."""
    for info in archive.infolist():
        target = folder / info.orig_filename
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("wb") as file:
            while chunk := source.read(1 << 20):
                file.write(chunk)
