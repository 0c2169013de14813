"""Digests of code: what counts as a change, and whom it concerns."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reproduction.storage import code_digest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"
DRAWING = sorted(path.name for path in SCRIPTS.glob("*.py") if path.name.startswith(("plot_", "tabulate_")))
COMPUTING = sorted(path.name for path in SCRIPTS.glob("*.py") if path.name not in DRAWING)


def digest_of(text: str, tmp_path: Path) -> str:
    path = tmp_path / f"m{abs(hash(text))}.py"
    path.write_text(text)
    return code_digest._digest(path)


def test_comments_docstrings_and_layout_do_not_count(tmp_path):
    plain = "import math\ndef f(x):\n    return math.sin(x)\n"
    dressed = '"""Doc."""\nimport math  # why\n\n\ndef f(x):\n    """Sine."""\n    return math.sin(\n        x\n    )\n'
    assert digest_of(plain, tmp_path) == digest_of(dressed, tmp_path)


@pytest.mark.parametrize("change", ["return math.cos(x)", "return math.sin(x + 0)", "y = x; return math.sin(y)"])
def test_meaning_counts(change, tmp_path):
    text = "import math\ndef f(x):\n    return math.sin(x)\n"
    assert digest_of(text, tmp_path) != digest_of(text.replace("return math.sin(x)", change), tmp_path)


def modules(script: str) -> set[str]:
    return {line.split()[0] for line in code_digest.code(script)}


def test_imports_are_followed_through_other_modules():
    assert {"train_ritz.py", "rectified/training.py", "rectified/quadrature.py", "rectified/expressions.py"} <= modules(
        "train_ritz.py"
    )
    assert "rectified/training.py" not in modules("feature.py")
    assert "rectified/style.py" not in modules("train_ritz.py")


# Loads what is not ours once, and then the imports of every script in a process of its own.
PROBE = """
import json, os, sys
import matplotlib.pyplot, pandas, pyarrow.parquet, pydantic, scipy.optimize, scipy.stats, sympy, torch, xarray
for script, imports in json.load(sys.stdin).items():
    if os.fork() == 0:
        exec(imports)
        print(script, *(name for name in sys.modules if name.startswith("rectified")), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Script → our modules that Python loads for it."""
    imports = {
        script: "\n".join(line for line in (SCRIPTS / script).read_text().splitlines() if re.match("import|from", line))
        for script in [*DRAWING, *COMPUTING]
    }
    run = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=SCRIPTS,
        input=json.dumps(imports),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split() for line in run.stdout.splitlines())
    return {script: {name.replace(".", "/") for name in names} for script, *names in lines}


@pytest.mark.parametrize("script", [*DRAWING, *COMPUTING])
def test_closure_is_what_python_loads(script, loaded):
    """The digest sees every module of ours that the script really imports, and no more."""
    seen = {name.removesuffix(".py").removesuffix("/__init__") for name in modules(script)}
    assert loaded[script] == seen - {script.removesuffix(".py")}


@pytest.mark.parametrize("script", DRAWING)
def test_figures_and_tables_load_no_torch(script):
    names = {
        name.split(".")[0]
        for path in code_digest.closure(SCRIPTS / script)
        for name in code_digest.imported_names(path)
    }
    assert "torch" not in names


def test_there_are_scripts_of_both_kinds():
    assert len(DRAWING) >= 6
    assert len(COMPUTING) >= 5


@pytest.mark.parametrize("script", [*DRAWING, *COMPUTING])
def test_entry_scripts_are_thin(script):
    text = (SCRIPTS / script).read_text()
    assert len(text.splitlines()) < 60
    assert "__file__" not in text
    assert "__future__" not in text
