"""Code digests: changes that count, and the jobs that depend on them."""

import importlib.metadata
import json
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from reproduction.config import problems, tasks
from reproduction.storage import code_digest, source_files

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


def digest_of(text: str, tmp_path: Path) -> str:
    path = tmp_path / f"m{abs(hash(text))}.py"
    path.write_text(text)
    return source_files.read(path, tmp_path).digest


def test_comments_docstrings_and_layout_do_not_change_the_digest(tmp_path):
    plain = "import math\ndef f(x):\n    return math.sin(x)\n"
    dressed = '"""Doc."""\nimport math  # why\n\n\ndef f(x):\n    """Sine."""\n    return math.sin(\n        x\n    )\n'
    assert digest_of(plain, tmp_path) == digest_of(dressed, tmp_path)


@pytest.mark.parametrize("change", ["return math.cos(x)", "return math.sin(x + 0)", "y = x; return math.sin(y)"])
def test_changed_statements_change_the_digest(change, tmp_path):
    text = "import math\ndef f(x):\n    return math.sin(x)\n"
    assert digest_of(text, tmp_path) != digest_of(text.replace("return math.sin(x)", change), tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        ('"""Width."""', '"""Other words."""'),
        ('"{} wide"', '"width {}"'),
        ("return self.width", "return 2 * self.width"),
    ],
)
def test_settings_of_tasks_change_the_digest_and_their_descriptions_do_not(change, tmp_path):
    text = (
        "from words import Phrase\nfrom types import Count\n"
        'class S:\n    phrases: tuple = (Phrase("{} wide"),)\n    width: Count = 3\n    """Width."""\n'
        "    def work(self):\n        return self.width\n"
    )
    folder = tmp_path / source_files.DESCRIBED
    folder.mkdir(parents=True)
    paths = [folder / name for name in ("a.py", "b.py", "c.py")]
    for path, content in zip(paths, (text, text.replace(*change), text.replace("= 3", "= 4"))):
        path.write_text(content)
    plain, reworded, other = (source_files.read(path, tmp_path) for path in paths)
    assert plain.digest == reworded.digest != other.digest
    assert plain.imports == ["types", "types.Count"]


def jobs() -> dict[str, tuple[str, ...]]:
    """Map every kind of job to its entry script and the modules that the script imports by name."""
    found = {}
    for name, model in tasks.models().items():
        own = (f"reproduction.jobs.{name}", f"reproduction.config.tasks.{name}")
        found[name] = ("train.py" if model.is_trained else "compute.py", *own)
    for kind, script in (("figures", "plot.py"), ("tables", "table.py")):
        package = import_module(f"reproduction.exhibits.{kind}")
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.endswith("_page"):
                found[f"{kind}.{module.name}"] = (script, f"reproduction.exhibits.{kind}.{module.name}")
    models = [
        *(f"reproduction.config.tasks.{name}" for name in tasks.names()),
        *(f"reproduction.config.problems.{name}" for name in problems.names()),
    ]
    found |= {"captions": ("captions.py", *models), "report": ("report.py", *models)}
    named = {script for script, *_ in found.values()}
    return found | {path.name: (path.name,) for path in SCRIPTS.glob("*.py") if path.name not in named}


JOBS = jobs()
DRAWING = [name for name, (script, *_) in JOBS.items() if script in ("plot.py", "table.py")]
ENTRY_SCRIPTS = sorted(path.name for path in SCRIPTS.glob("*.py"))
# Imported only for the descriptions of tasks, which the digest excludes.
DESCRIPTIVE = {"reproduction/config/phrases", "reproduction/config/words"}


def modules(name: str) -> set[str]:
    return {line.split()[0] for line in code_digest.code(*JOBS[name])}


def test_indirect_imports_are_included():
    assert {
        "train.py",
        "rectified/optimization/training_loop.py",
        "rectified/ritz/quadrature.py",
        "rectified/formulas/expressions.py",
    } <= modules("ritz")
    assert "rectified/optimization/training_loop.py" not in modules("single_neuron")
    assert "reproduction/exhibits/style.py" not in modules("ritz")


def test_a_job_does_not_depend_on_the_registry_or_on_other_tasks():
    for name in tasks.names():
        found = modules(name)
        assert "rectified/formulas/activations.py" not in found, name
        others = {f"reproduction/config/tasks/{other}.py" for other in tasks.names() if other != name}
        allowed = {"latents": {"reproduction/config/tasks/collocation.py"}}.get(name, set())
        assert found & others <= allowed, name


# Loads third-party packages once, then the imports of each script in its own process.
PROBE = """
import json, os, sys
import matplotlib.backends.backend_agg, matplotlib.pyplot, pandas, pyarrow.parquet, pydantic.json_schema
import safetensors.numpy, scipy.cluster.hierarchy, scipy.optimize, scipy.stats, seaborn, sympy.sets.setexpr, torch
import xarray
for script, imports in json.load(sys.stdin).items():
    if os.fork() == 0:
        exec(imports)
        ours = [name for name in sys.modules if name.split(".")[0] in ("rectified", "reproduction")]
        print(script, *ours, flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Map the name of each job to the modules of the project that Python loads for it."""
    imports = {}
    for name, (script, *dynamic) in JOBS.items():
        lines = [line for line in (SCRIPTS / script).read_text().splitlines() if re.match("import|from", line)]
        imports[name] = "\n".join([*lines, *(f"import {module}" for module in dynamic)])
    run = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=SCRIPTS,
        input=json.dumps(imports),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split() for line in run.stdout.splitlines())
    return {name: {module.replace(".", "/") for module in found} for name, *found in lines}


@pytest.mark.parametrize("name", JOBS)
def test_the_digest_covers_exactly_the_modules_that_python_loads(name, loaded):
    """The digest contains all modules of the project that the job imports, and no others."""
    seen = {module.removesuffix(".py").removesuffix("/__init__") for module in modules(name)}
    expected = seen - {JOBS[name][0].removesuffix(".py")}
    assert loaded[name] - DESCRIPTIVE == expected - DESCRIPTIVE


@pytest.mark.parametrize("name", [*DRAWING, "theory"])
def test_figures_tables_and_theory_do_not_import_torch(name):
    names = {
        imported.split(".")[0]
        for line in code_digest.code(*JOBS[name])
        for imported in code_digest.imported_names(SCRIPTS / line.split()[0])
    }
    assert "torch" not in names


def test_there_are_at_most_twenty_entry_scripts():
    assert len(ENTRY_SCRIPTS) <= 20


@pytest.mark.parametrize("script", ENTRY_SCRIPTS)
def test_entry_scripts_are_thin(script):
    text = (SCRIPTS / script).read_text()
    assert len(text.splitlines()) < 60
    assert "__file__" not in text
    assert "__future__" not in text


def test_no_entry_script_shadows_an_installed_package():
    """With scripts/ first on the path, a script named like a package would be imported in its place."""
    installed = {name.lower() for name in importlib.metadata.packages_distributions()}
    assert {script.removesuffix(".py") for script in ENTRY_SCRIPTS} & installed == set()
