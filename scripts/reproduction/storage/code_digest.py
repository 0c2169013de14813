"""Digests of the code a script runs: the script and everything it imports from this project.

What counts is the syntax tree: comments, docstrings and formatting do not. The rules pass the digests as
parameters, so that a changed module reruns the rules that import it, directly or not, and no others. With each digest
go the packages that the module imports: their versions are what results note, in whichever environment a job runs.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # scripts


@cache
def code(script: str) -> list[str]:
    """An entry script in ``scripts/`` and its import closure, as lines of path, digest and imported packages."""
    return [" ".join([str(path.relative_to(ROOT)), _digest(path), *packages(path)]) for path in closure(ROOT / script)]


@cache
def project() -> str:
    """One SHA-256 for the code of all entry scripts."""
    lines = sorted({line for script in ROOT.glob("*.py") for line in code(script.name)})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def closure(start: Path) -> list[Path]:
    """The file and every file of the project that it imports, directly or not, sorted."""
    seen: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_imports(path))
    return sorted(seen)


@cache
def packages(path: Path) -> list[str]:
    """Top-level names of what a file imports from neither this project nor the standard library, sorted."""
    names = {name.split(".")[0] for name in imported_names(path)} - sys.stdlib_module_names
    return sorted(name for name in names if not any((ROOT / name).with_suffix(end).exists() for end in ("", ".py")))


@cache
def imported_names(path: Path) -> list[str]:
    """Dotted names of all modules, and of all names from modules, that a file imports."""
    return list(_imported_names(path))


def _imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}: relative imports hide a dependency; write the full name")
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _imports(path: Path) -> frozenset[Path]:
    files = set()
    for name in imported_names(path):
        parts = name.split(".")
        candidates = [ROOT.joinpath(*parts).with_suffix(".py")]
        candidates += [ROOT.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts) + 1)]
        files.update(file for file in candidates if file.is_file())
    return frozenset(files)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(ast.dump(_without_docstrings(_tree(path))).encode()).hexdigest()[:12]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                    node.body = rest or [ast.Pass()]
    return tree
