"""Whether an archive is what it says: every checksum, claims against their data, code, config, and one figure anew.

An archive comes from anyone: what it holds is read, never loaded by pickle, and its code runs only as ``recomputation``
allows.
"""

import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reproduction.archive import recompute
from reproduction.archive.description import DESCRIPTION, LOCK, MANIFEST, RESOLVED, Description, Finding, pinned
from reproduction.archive.safe_unzip import checksum_in, refuse_unsafe, unpack
from reproduction.config.error_messages import validated
from reproduction.config.errors import ConfigError
from reproduction.storage import store
from reproduction.storage.errors import DamagedFile


def report(path: Path, run: bool = False) -> int:
    """Print what was found, one line each; 1 if anything is not as it should be."""
    findings = 0
    for line in verify(path, run):
        findings += isinstance(line, Finding)
        print(f"{'✗' if isinstance(line, Finding) else '✓'} {line}", flush=True)
    print(f"{path}: {f'NOT verified, findings: {findings}' if findings else 'verified'}")
    return int(findings > 0)


def verify(path: Path, run: bool = False) -> Iterator[str]:
    """Check an archive; what is not as it should be comes as a ``Finding``.

    Args:
        run: whether its code may run although it is not that of this project.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_unsafe(archive, path.stat().st_size)
            yield from _verified(archive, run)
    except OSError as error:
        yield Finding(f"{path} cannot be read: {error.strerror}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        yield Finding(f"{path} is damaged, or no zip file: {error}")
    except ConfigError as error:
        yield Finding(str(error))
    except ValueError as error:
        yield Finding(f"{path} has a file that is not what its name says: {error}")


def _verified(archive: zipfile.ZipFile, run: bool) -> Iterator[str]:
    whole = True
    for line in _checksums(archive):
        whole = whole and not isinstance(line, Finding)
        yield line
    if not whole:
        yield Finding("claims, code and figures were not looked at, because files are not as they should be")
        return
    description = validated(Description, json.loads(archive.read(DESCRIPTION)), DESCRIPTION)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpack(archive, folder)
        yield from _claims(folder)
        yield from _code_of_results(folder)
        yield from _versions(description, (folder / LOCK).read_text())
        yield from recompute.recompute(folder, description, run)


def _checksums(archive: zipfile.ZipFile) -> Iterator[str]:
    """Files that differ from the manifest, are missing or are extra, each by its name."""
    names = set(archive.namelist())
    if MANIFEST not in names:
        yield Finding(f"{MANIFEST} is missing: nothing says what the files should be")
        return
    noted = dict(_noted(archive.read(MANIFEST).decode()))
    for name in sorted((noted.keys() | {DESCRIPTION, RESOLVED, LOCK}) - names):
        yield Finding(f"{name} is missing")
    for name in sorted(names - noted.keys() - {MANIFEST}):
        yield Finding(f"{name} is extra: the manifest does not have it")
    for name in sorted(noted.keys() & names):
        if checksum_in(archive, name) != noted[name]:
            yield Finding(f"{name} differs: it has not the checksum that the manifest has")
    yield f"checksums of {len(noted.keys() & names)} files computed again"


def _noted(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if match is None:
            raise ConfigError(f"{MANIFEST} has a line that is no checksum: {line[:80]!r}")
        yield match[2], match[1]


def _claims(folder: Path) -> Iterator[str]:
    """Each table of claims against its data, cell by cell."""
    for path in sorted(folder.glob("results/**/claims/*.parquet")):
        name = path.relative_to(folder).with_suffix(".csv").as_posix()
        try:
            data = store.read_table(path)
            told = pd.read_csv(path.with_suffix(".csv"), keep_default_na=False, dtype=str)
        except (DamagedFile, OSError, ValueError) as error:
            yield Finding(f"{name} and its data cannot be compared: {str(error).replace(f'{folder}/', '')}")
            continue
        lines = list(_told(name, told, data))
        yield from lines or [f"{name} says what its data say, in {len(data)} rows"]


def _told(name: str, told: pd.DataFrame, data: pd.DataFrame) -> Iterator[Finding]:
    found = pd.DataFrame({column: [_cell(value) for value in data[column]] for column in data})
    if told.shape != found.shape or list(told) != list(found):
        yield Finding(f"{name} has other rows or columns than its data")
        return
    for row, column in zip(*np.nonzero((told != found).to_numpy())):
        what = f"{told.columns[column]} of {found.claim.iloc[row]}"
        yield Finding(f"{name} says {told.iloc[row, column]!r} for {what}, its data {found.iloc[row, column]!r}")


def _cell(value: Any) -> str:
    """A value as CSV has it."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)


def _code_of_results(folder: Path) -> Iterator[str]:
    """Whether the code that results say they were made by is the archived code."""
    known = {json.dumps(lines) for lines in json.loads((folder / RESOLVED).read_text())["code"].values()}
    files = sorted(file for kind in ("nc", "parquet", "safetensors") for file in folder.glob(f"results/**/*.{kind}"))
    others = [file.relative_to(folder).as_posix() for file in files if _noted_code(file) not in known]
    yield from (Finding(f"{name} does not say that the archived code made it") for name in others)
    if not others:
        yield f"{len(files)} files of data say that the archived code made them"


def _noted_code(file: Path) -> str | None:
    try:
        return store.read_attributes(file).get("code")
    except DamagedFile:
        return None


def _versions(description: Description, lock: str) -> Iterator[str]:
    """Which packages were, or are here, in another version than in the lock; the latter is no fault of the archive."""
    wanted = pinned(lock)
    if made := [name for name, there in wanted.items() if _public(description.packages.get(name, "")) != there]:
        yield Finding(f"the results were made with other versions than in the lock: {', '.join(made)}")
    others = [f"{name} {here}, not {there}" for name, there in wanted.items() if (here := _installed(name)) != there]
    yield f"packages installed here: {', '.join(others) or 'as in the lock'}"


def _installed(name: str) -> str:
    try:
        return _public(version(name))
    except PackageNotFoundError:
        return "is not there"


def _public(number: str) -> str:
    """A version without what says how it was built: 2.13.0+cpu is 2.13.0."""
    return number.split("+")[0]
