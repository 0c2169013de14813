"""Digests of the code that a job runs: its entry script, its modules, and all their imports from the project.

A digest covers what computations depend on (``source_files``). The rules pass digests as parameters. A changed module
therefore reruns the rules that import it, directly or indirectly, and no others. Each digest is followed by the
packages that the module imports; results record the versions of these packages.

Entry scripts import the module of a task or family dynamically, which syntax trees do not show; the rules name it.
"""

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from reproduction.storage import source_files
from reproduction.storage.source_files import DESCRIBED

ROOT = Path(__file__).resolve().parents[2]  # scripts/


@cache
def code(script: str, *modules: str) -> list[str]:
    """Return one line per file that a job runs: its path, its digest and its imported packages.

    Args:
        script: an entry script in ``scripts/``.
        modules: dotted names of the modules that the script imports dynamically.
    """
    starts = [ROOT / script, *(file for module in modules for file in _files(module))]
    return [_line(path) for path in sorted({path for start in starts for path in closure(start)})]


@cache
def every_file() -> list[str]:
    """Return a line of path, digest and imported packages for every file of the project."""
    return [_line(path) for path in source_files.files(ROOT)]


@cache
def _line(path: Path) -> str:
    source = source_files.sources(ROOT)[path]
    return " ".join([str(path.relative_to(ROOT)), source.digest, *packages(source.imports)])


def project() -> str:
    """Return the SHA-256 of all code of the project, including descriptions."""
    return _folder_digest("")


def descriptions() -> str:
    """Return the SHA-256 of all models of config, including descriptions."""
    return _folder_digest(DESCRIBED)


def file(path: Path) -> str:
    """Return the digest of a file that is no code, such as a caption."""
    return source_files.shortened(path.read_bytes())


@cache
def _folder_digest(folder: str) -> str:
    found = hashlib.sha256()
    for path in source_files.files(ROOT / folder):
        found.update(f"{path.relative_to(ROOT)} {source_files.sources(ROOT)[path].described}\n".encode())
    return found.hexdigest()


@cache
def closure(start: Path) -> list[Path]:
    """Return a file and all files of the project that it imports, directly or indirectly, sorted."""
    seen: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_imports(path))
    return sorted(seen)


def packages(imports: Iterable[str]) -> list[str]:
    """Return the packages outside the project and the standard library among imported names, sorted."""
    names = {name.split(".")[0] for name in imports} - sys.stdlib_module_names
    return sorted(name for name in names if not _is_ours(name))


@cache
def _is_ours(name: str) -> bool:
    return any((ROOT / name).with_suffix(end).exists() for end in ("", ".py"))


def imported_names(path: Path) -> list[str]:
    """Return the dotted names of all modules and objects that a file imports."""
    return source_files.sources(ROOT)[path].imports


@cache
def _imports(path: Path) -> frozenset[Path]:
    return frozenset(file for name in imported_names(path) for file in _files(name))


@cache
def _files(name: str) -> list[Path]:
    """Return the files of the project executed by the import of a dotted name: the module and its packages."""
    parts = name.split(".")
    candidates = [ROOT.joinpath(*parts).with_suffix(".py")]
    candidates += [ROOT.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts) + 1)]
    return [file for file in candidates if file.is_file()]
