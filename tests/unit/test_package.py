"""The library installed alone, outside the checkout, with its four dependencies."""

import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import tomllib
import venv
from importlib.metadata import distribution, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rectified
from project import ROOT

DEPENDENCIES = ("torch", "numpy", "scipy", "sympy")
ABSENT = (
    "reproduction",
    "snakemake",
    "pandas",
    "xarray",
    "jaxtyping",
    "pydantic",
    "tqdm",
    "yaml",
    "sklearn",
    "matplotlib",
)
KINK_AWARE_GRADIENT = """
    import sympy
    from rectified.formulas import activations
    from rectified.formulas.torch_activation import torch_activation
    from rectified.formulas.torch_functions import torch_function
    from rectified.optimization.value_and_gradient import value_and_gradient
    from rectified.problems.elliptic import X, elliptic_problem
    from rectified.ritz.closed_form_gradient import ClosedFormGradient
    from rectified.ritz.energy import RitzEnergy
    from rectified.ritz.network import Network, initial_ritz_parameters
    from rectified.ritz.quadrature import KinkAware

    distance = X * (1 - X)
    relu = torch_activation(activations.get("relu"))
    network = Network(10, 1, relu, torch_function([distance, sympy.diff(distance, X)], [X]))
    problem = elliptic_problem("sin(2*pi*x)", "1", (0.0, 1.0))
    energy = RitzEnergy(problem, network, KinkAware(network, 8, 32))
    theta = initial_ritz_parameters(network, 3, "random", "example")
    values, gradient = ClosedFormGradient(energy)(theta)
    expected = value_and_gradient(energy, theta)
    assert (gradient - expected[1]).abs().max() < 1e-10 * expected[1].abs().max()
"""


def dependency_closure(names: tuple[str, ...]) -> set[str]:
    """Return the named distributions and all distributions that they depend on."""
    found, waiting = set(), list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        needed = map(Requirement, requires(name) or [])
        waiting += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def link_distributions(names: set[str], site: Path) -> None:
    """Link the entries of the running environment's site-packages that belong to the distributions."""
    for name in names:
        files = distribution(name).files
        for entry in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            if not (site / entry).exists():
                (site / entry).symlink_to(distribution(name).locate_file(entry))


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """Python interpreter of an environment with only the wheel of the library and its dependencies."""
    directory = tmp_path_factory.mktemp("package")
    source = directory / "source"
    shutil.copytree(
        ROOT / "scripts/rectified", source / "scripts/rectified", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory), str(source)]
    subprocess.run(build, check=True)
    (wheel,) = directory.glob("*.whl")
    environment = directory / "environment"
    venv.create(environment, with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    link_distributions(dependency_closure(DEPENDENCIES), site)
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    return environment / "bin/python"


def run(python: Path, directory: Path, code: str) -> str:
    """Run code outside the checkout, without environment variables that point to it; return its output."""
    command = [str(python), "-I", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_the_library_is_installed(python, tmp_path):
    code = f"""
        from importlib.util import find_spec
        print([name for name in {ABSENT} if find_spec(name)])
        import rectified
        print(rectified.__file__)
    """
    present, location = run(python, tmp_path, code).splitlines()
    assert present == "[]"
    assert Path(location).is_relative_to(python.parents[1])


def test_the_audit_of_the_readme_runs_without_the_workflow(python, tmp_path):
    example = "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL))
    verdicts = re.findall(r"^(consistent|inconsistent)", run(python, tmp_path, example), re.MULTILINE)
    assert verdicts == ["inconsistent", "consistent"]


def test_the_kink_aware_gradient_runs_without_the_workflow(python, tmp_path):
    run(python, tmp_path, KINK_AWARE_GRADIENT)


def test_every_module_imports_without_the_workflow(python, tmp_path):
    code = """
        import importlib, pkgutil
        import rectified
        for module in pkgutil.walk_packages(rectified.__path__, "rectified."):
            importlib.import_module(module.name)
            print(module.name)
    """
    package = Path(rectified.__file__).parent
    paths = [path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py")]
    names = {".".join(path.parts).removesuffix(".__init__") for path in paths} - {"rectified"}
    assert set(run(python, tmp_path, code).split()) == names


def test_the_wheel_states_the_version_and_is_typed(python, tmp_path):
    code = """
        from importlib.metadata import version
        from importlib.resources import files
        print(version("rectified"), files("rectified").joinpath("py.typed").is_file())
    """
    assert run(python, tmp_path, code).split() == [rectified.__version__, "True"]


def test_the_citation_states_the_version():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited[1] == rectified.__version__


def test_the_four_dependencies_and_the_extras_admit_the_pinned_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    assert set(bounds) == set(DEPENDENCIES)
    extras = [Requirement(one) for listed in project["optional-dependencies"].values() for one in listed]
    pins = (ROOT / "requirements.txt").read_text()
    for name, bound in {**bounds, **{extra.name: extra.specifier for extra in extras}}.items():
        assert bound.contains(re.search(rf"^{name}==(.+)$", pins, re.MULTILINE)[1])
