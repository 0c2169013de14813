"""Text files and pipes are UTF-8 under every locale: each call that opens one names its encoding."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"
TEXT = {"read_text", "write_text", "FileHandler"}
PIPES = {"run", "Popen", "check_output"}
BINARY_OPEN = {"archive", "Image"}  # objects whose method `open` returns bytes


def unspecified(tree: ast.Module) -> list[int]:
    """Return the lines of calls that read or write text in the encoding of the locale."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _depends_on_locale(node)]


def _depends_on_locale(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in TEXT:
        return "encoding" not in given
    if name in PIPES:
        return "text" in given and "encoding" not in given
    if name != "open" or getattr(getattr(call.func, "value", None), "id", "") in BINARY_OPEN:
        return False
    modes = [node.value for node in [*call.args, *given.values()] if isinstance(node, ast.Constant)]
    return "encoding" not in given and not any("b" in str(mode) for mode in modes)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("path.read_text()", [1]),
        ("path.read_text(encoding='utf-8')", []),
        ("open(path)", [1]),
        ("path.open('w')", [1]),
        ("path.open('rb')", []),
        ("subprocess.run(command, text=True)", [1]),
        ("subprocess.run(command, capture_output=True)", []),
        ("logging.FileHandler(path, mode='w')", [1]),
    ],
)
def test_calls_that_depend_on_the_locale_are_found(text, found):
    assert unspecified(ast.parse(text)) == found


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.py")), ids=lambda path: str(path.relative_to(SCRIPTS)))
def test_every_module_names_the_encoding_of_its_files(path):
    assert unspecified(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_commands_print_under_a_locale_without_check_marks():
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-m", "reproduction.archive", "verify", "missing.zip"]
    done = subprocess.run(command, env={**os.environ, **ascii_only}, capture_output=True)
    assert b"NOT verified" in done.stdout
    assert b"Traceback" not in done.stderr
