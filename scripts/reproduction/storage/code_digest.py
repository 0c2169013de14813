"""Digests of the code that a job runs: its entry script, its modules, and all their imports from the project.

A digest covers the syntax tree of a file without comments, docstrings, docstrings of attributes, and descriptions of
tasks and problems (``DESCRIPTIONS``), which enter no computation. The rules pass digests as parameters. A changed
module therefore reruns the rules that import it, directly or indirectly, and no others. Each digest is followed by the
packages that the module imports; results record the versions of these packages.

Entry scripts import the module of a task or family dynamically, which syntax trees do not show; the rules name it.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # scripts/
DESCRIBED = "reproduction/config/"  # modules whose classes have descriptions
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # of statements, which contain statements
DESCRIPTIONS = {"equation", "phrases", "work", "memory", "memory_keys", "words"}


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
    return [_line(path) for path in sorted(ROOT.rglob("*.py"))]


def _line(path: Path) -> str:
    return " ".join([str(path.relative_to(ROOT)), _digest(path), *packages(path)])


def project() -> str:
    """Return the SHA-256 of all code of the project, including descriptions."""
    return _folder_digest("")


def descriptions() -> str:
    """Return the SHA-256 of all models of config, including descriptions."""
    return _folder_digest(DESCRIBED)


def file(path: Path) -> str:
    """Return the digest of a file that is no code, such as a caption."""
    return _shortened(path.read_bytes())


@cache
def _folder_digest(folder: str) -> str:
    found = hashlib.sha256()
    for path in sorted(ROOT.joinpath(folder).rglob("*.py")):
        found.update(f"{path.relative_to(ROOT)} {ast.dump(_without_docstrings(_parsed(path)))}\n".encode())
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


@cache
def packages(path: Path) -> list[str]:
    """Return the packages outside the project and the standard library that a file imports, sorted."""
    names = {name.split(".")[0] for name in imported_names(path)} - sys.stdlib_module_names
    return sorted(name for name in names if not any((ROOT / name).with_suffix(end).exists() for end in ("", ".py")))


@cache
def imported_names(path: Path) -> list[str]:
    """Return the dotted names of all modules and objects that a file imports."""
    return list(_imported_names(path))


def _imported_names(path: Path) -> Iterator[str]:
    for statement in _executed(_tree(path).body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            if statement.level:
                raise ValueError(f"{path}: imports must be absolute; got a relative import")
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def _executed(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements and those inside them, without the bodies of ``if TYPE_CHECKING``."""
    waiting: list[ast.AST] = list(statements)
    while waiting:
        block = waiting.pop()
        if isinstance(block, ast.stmt):
            yield block
        for field in BLOCKS:
            if not (field == "body" and _for_type_checkers(block)):
                waiting.extend(getattr(block, field, ()))


def _for_type_checkers(block: ast.AST) -> bool:
    match block:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


@cache
def _imports(path: Path) -> frozenset[Path]:
    return frozenset(file for name in imported_names(path) for file in _files(name))


def _files(name: str) -> list[Path]:
    """Return the files of the project executed by the import of a dotted name: the module and its packages."""
    parts = name.split(".")
    candidates = [ROOT.joinpath(*parts).with_suffix(".py")]
    candidates += [ROOT.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts) + 1)]
    return [file for file in candidates if file.is_file()]


@cache
def _digest(path: Path) -> str:
    return _shortened(ast.dump(_tree(path)).encode())


def _shortened(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


@cache
def _tree(path: Path) -> ast.Module:
    """Return the part of the syntax tree of a file on which computations depend."""
    tree = _without_docstrings(_parsed(path))
    return _without_descriptions(tree) if f"/{DESCRIBED}" in path.as_posix() else tree


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Return a tree without docstrings of modules, classes, functions and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [statement for statement in node.body if not _is_string(statement)] or [ast.Pass()]
    return tree


def _is_string(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _without_descriptions(tree: ast.Module) -> ast.Module:
    """Return a tree without the descriptions of its classes and the imports used only by them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body = [part for part in node.body if _defined(part) not in DESCRIPTIONS] or [ast.Pass()]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            statement.names = [alias for alias in statement.names if (alias.asname or alias.name) in used]
    tree.body = [part for part in tree.body if not isinstance(part, ast.ImportFrom) or part.names]
    return tree


def _defined(statement: ast.stmt) -> str:
    """Return the name that a statement of a class body defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""
