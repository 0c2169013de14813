"""What a source file of the project computes with and imports, read from its syntax tree.

Comments, docstrings, docstrings of attributes, and the descriptions of tasks and problems (``DESCRIPTIONS``) enter no
computation. To read all files takes a second; what they contain is therefore kept from one run to the next.
"""

import ast
import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from reproduction.storage import user_cache

DESCRIBED = "reproduction/config/"  # modules whose classes have descriptions
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # of statements, which contain statements
DESCRIPTIONS = {"equation", "phrases", "work", "memory", "memory_keys", "words"}


class Source(NamedTuple):
    """A source file.

    Attributes:
        digest: of all that computations depend on.
        described: digest that covers the descriptions as well.
        imports: dotted names of all imported modules and objects.
    """

    digest: str
    described: str
    imports: list[str]


@cache
def sources(root: Path) -> dict[Path, Source]:
    """Return every source file in a folder; from the cache of the user, if no file has changed."""
    key = f"sources-{content(root)[:32]}.json"
    kept = user_cache.read(key)
    if kept is not None:
        return {root / name: Source(*source) for name, source in kept.items()}
    found = {path: read(path, root) for path in files(root)}
    user_cache.write(key, {path.relative_to(root).as_posix(): source for path, source in found.items()})
    return found


def files(root: Path) -> list[Path]:
    """Return all source files in a folder, sorted."""
    return sorted(root.rglob("*.py"))


@cache
def content(root: Path) -> str:
    """Return the SHA-256 of the names and bytes of all source files in a folder, and of the version of Python."""
    found = hashlib.sha256(platform.python_version().encode())
    for path in files(root):
        found.update(f"\n{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return found.hexdigest()


def read(path: Path, root: Path) -> Source:
    """Return what a source file in a folder contains.

    Raises:
        ValueError: if an import is relative.
    """
    tree = _without_docstrings(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    described = shortened(ast.dump(tree).encode())
    if path.relative_to(root).as_posix().startswith(DESCRIBED):
        tree = _without_descriptions(tree)
    return Source(shortened(ast.dump(tree).encode()), described, list(_imported_names(path, tree)))


def shortened(content: bytes) -> str:
    """Return the first 12 digits of the SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()[:12]


def _imported_names(path: Path, tree: ast.Module) -> Iterator[str]:
    for statement in _executed(tree.body):
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
