"""Verification of an archive: checksums, claims against their data, code digests, config, and one recomputed figure.

Archives are untrusted: no pickle is loaded, and archived code runs only under the conditions of ``recompute``.
"""

import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reproduction.archive import recompute
from reproduction.archive.description import (
    DESCRIPTION,
    LOCK,
    MANIFEST,
    RESOLVED,
    Description,
    Finding,
    installed,
    pinned,
)
from reproduction.archive.safe_unzip import checksum_in, refuse_unsafe, unpack
from reproduction.config.error_messages import validated
from reproduction.config.errors import ConfigError
from reproduction.storage import store
from reproduction.storage.errors import DamagedFile


def print_report(path: Path, run: bool = False) -> int:
    """Print one line per check; return 1 if there are findings, else 0."""
    findings = 0
    for line in verify(path, run):
        findings += isinstance(line, Finding)
        print(f"{'✗' if isinstance(line, Finding) else '✓'} {line}", flush=True)
    print(f"{path}: {f'NOT verified, findings: {findings}' if findings else 'verified'}")
    return int(findings > 0)


def verify(path: Path, run: bool = False) -> Iterator[str]:
    """Check an archive; yield one sentence per check, discrepancies as ``Finding``.

    Args:
        path: of the zip file.
        run: whether its code may run even if it differs from this project's code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_unsafe(archive, path.stat().st_size)
            yield from _verified(archive, run)
    except OSError as error:
        yield Finding(f"{path} cannot be read: {error.strerror}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        yield Finding(f"{path} is damaged or not a zip file: {error}")
    except ConfigError as error:
        yield Finding(str(error))
    except ValueError as error:
        yield Finding(f"{path} contains a file of invalid format: {error}")


def _verified(archive: zipfile.ZipFile, run: bool) -> Iterator[str]:
    intact = True
    for line in _checksums(archive):
        intact = intact and not isinstance(line, Finding)
        yield line
    if not intact:
        yield Finding("claims, code and figures were not checked because files are missing, extra or changed")
        return
    description = validated(Description, json.loads(archive.read(DESCRIPTION)), DESCRIPTION)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpack(archive, folder)
        yield from _claims(folder)
        yield from _code_of_results(folder)
        yield from _versions(description, (folder / LOCK).read_text(encoding="utf-8"))
        yield from recompute.recompute(folder, description, run)


def _checksums(archive: zipfile.ZipFile) -> Iterator[str]:
    """Compare the files with the manifest: missing, extra or changed."""
    names = set(archive.namelist())
    if MANIFEST not in names:
        yield Finding(f"{MANIFEST} is missing: the checksums are unknown")
        return
    expected = dict(_manifest(archive.read(MANIFEST).decode()))
    for name in sorted((expected.keys() | {DESCRIPTION, RESOLVED, LOCK}) - names):
        yield Finding(f"{name} is missing")
    for name in sorted(names - expected.keys() - {MANIFEST}):
        yield Finding(f"{name} is extra: the manifest does not list it")
    for name in sorted(expected.keys() & names):
        if checksum_in(archive, name) != expected[name]:
            yield Finding(f"{name} differs: checksum does not match the manifest")
    yield f"checksums of {len(expected.keys() & names)} files compared with the manifest"


def _manifest(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if match is None:
            raise ConfigError(f"{MANIFEST} has an invalid line: {line[:80]!r}")
        yield match[2], match[1]


def _claims(folder: Path) -> Iterator[str]:
    """Compare each CSV table of claims with its Parquet data, cell by cell."""
    for path in sorted(folder.glob("results/**/claims/*.parquet")):
        name = path.relative_to(folder).with_suffix(".csv").as_posix()
        try:
            data = store.read_table(path)
            table = pd.read_csv(path.with_suffix(".csv"), keep_default_na=False, dtype=str)
        except (DamagedFile, OSError, ValueError) as error:
            yield Finding(f"{name} and its data cannot be compared: {str(error).replace(f'{folder}/', '')}")
            continue
        differences = list(_differences(name, table, data))
        yield from differences or [f"{name} matches its data in {len(data)} rows"]


def _differences(name: str, table: pd.DataFrame, data: pd.DataFrame) -> Iterator[Finding]:
    expected = pd.DataFrame({column: [_cell(value) for value in data[column]] for column in data})
    if table.shape != expected.shape or list(table) != list(expected):
        yield Finding(f"{name} has other rows or columns than its data")
        return
    for row, column in zip(*np.nonzero((table != expected).to_numpy())):
        cell = f"{table.columns[column]} of {expected.claim.iloc[row]}"
        yield Finding(f"{name}: {cell} is {table.iloc[row, column]!r}, but {expected.iloc[row, column]!r} in its data")


def _cell(value: Any) -> str:
    """Return a value in the format of the CSV tables."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)


def _code_of_results(folder: Path) -> Iterator[str]:
    """Compare the code digests noted in the results with those of the archived code."""
    known = set(json.loads((folder / RESOLVED).read_text(encoding="utf-8"))["code"])
    files = sorted(file for kind in ("nc", "parquet", "safetensors") for file in folder.glob(f"results/**/*.{kind}"))
    others = [file.relative_to(folder).as_posix() for file in files if not _code_of(file) or _code_of(file) - known]
    yield from (Finding(f"{name} was not made by the archived code") for name in others)
    if not others:
        yield f"{len(files)} data files were made by the archived code, according to their attributes"


def _code_of(file: Path) -> set[str]:
    try:
        return set(json.loads(store.read_attributes(file).get("code", "[]")))
    except DamagedFile:
        return set()


def _versions(description: Description, lock: str) -> Iterator[str]:
    """Compare package versions with the lock: those of the archive, and those installed here (not a finding)."""
    wanted = pinned(lock)
    if other := [name for name, locked in wanted.items() if _public(description.packages.get(name, "")) != locked]:
        yield Finding(f"the results were made with package versions other than the lock: {', '.join(other)}")
    here = {name: _public(installed(name) or "missing") for name in wanted}
    differing = [f"{name} {here[name]} instead of {locked}" for name, locked in wanted.items() if here[name] != locked]
    yield f"packages installed here: {', '.join(differing) or 'as in the lock'}"


def _public(version: str) -> str:
    """Return a version without its build tag: 2.13.0 for 2.13.0+cpu."""
    return version.split("+")[0]
