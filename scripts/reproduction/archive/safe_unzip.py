"""Safe unpacking of untrusted zip files: no paths outside the folder, no links, no zip bombs."""

import hashlib
import stat
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath

from reproduction.config.errors import ConfigError

MAX_FILES = 100_000
ALLOWANCE, MAX_RATIO = 64 << 20, 200  # an archive of n bytes may unpack to ALLOWANCE + MAX_RATIO n bytes


def refuse_unsafe(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse an archive that would write outside its folder or fill the disk.

    Args:
        archive: the open archive.
        size: of the archive, in bytes.

    Raises:
        ConfigError: if the archive is unsafe; names the file and the reason.
    """
    infos = archive.infolist()
    if len(infos) > MAX_FILES:
        raise ConfigError(f"archive refused: {len(infos)} files; at most {MAX_FILES} are allowed")
    total = sum(info.file_size for info in infos)
    if total > (limit := ALLOWANCE + MAX_RATIO * size):
        raise ConfigError(f"archive refused: {size} bytes would unpack to {total} bytes; at most {limit} are allowed")
    seen = set()
    for info in infos:
        name = info.orig_filename
        if not _is_plain(name) or stat.S_ISLNK(info.external_attr >> 16):
            raise ConfigError(f"archive refused: {name!r} is a link or could be written outside the folder")
        if info.flag_bits & 1 or name in seen:
            raise ConfigError(f"archive refused: {name!r} is {'encrypted' if info.flag_bits & 1 else 'listed twice'}")
        seen.add(name)


def _is_plain(name: str) -> bool:
    """Return whether a name is a path below the target folder on every operating system."""
    parts = PurePosixPath(name).parts
    return name.isprintable() and bool(parts) and not (set("\\:") & set(name) or {"/", ".."} & {*parts, name[0]})


def checksum_in(archive: zipfile.ZipFile, name: str) -> str:
    """Return the SHA-256 of a file in an archive; an empty string if the file cannot be read."""
    with suppress(zipfile.BadZipFile, zlib.error, EOFError), archive.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def checksum(content: bytes | Path) -> str:
    """Return the SHA-256 of bytes or of a file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack an archive that passed ``refuse_unsafe``."""
    for info in archive.infolist():
        target = folder / info.orig_filename
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("wb") as file:
            while chunk := source.read(1 << 20):
                file.write(chunk)
