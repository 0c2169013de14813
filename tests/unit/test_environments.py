"""Env files of the rules: pinned, consistent with requirements.txt, complete, and minimal."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from environments import stand_in
from environments.rules import ROOT, SCRIPTS, Kind, kinds
from reproduction.storage import code_digest, source_files, store

ENV_FILES = sorted(path.name for path in (ROOT / "envs").iterdir())
# Packages that no script imports by name: the engine of xarray, its backend, and the TeX writer of pandas.
UNNAMED = {
    "compute.yaml": {"h5netcdf", "h5py"},
    "figures.yaml": {"h5netcdf", "h5py", "jinja2"},
    "report.yaml": {"h5netcdf", "h5py"},
}


def pins(name: str) -> dict[str, str]:
    return stand_in.read(ROOT / "envs" / name).packages


KINDS = kinds()


def imported(kind: Kind) -> set[str]:
    """Return the PyPI names of the packages that a kind of job imports."""
    lines = code_digest.code(kind.script, *kind.modules)
    names = {package for line in lines for package in line.split()[2:]}
    return {store.INSTALLED_AS.get(name, name) for name in names}


def test_every_script_rule_names_an_env_file_and_every_env_file_is_used():
    assert [name for name, kind in KINDS.items() if kind.env is None] == []
    assert {kind.env for kind in KINDS.values()} == set(ENV_FILES)


def test_every_script_belongs_to_a_rule():
    assert {kind.script for kind in KINDS.values()} == SCRIPTS


@pytest.mark.parametrize("name", ENV_FILES)
def test_versions_match_the_requirements(name):
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    required = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {package: required.get(package) for package in pins(name)} == pins(name)


@pytest.mark.parametrize("name", ENV_FILES)
def test_python_is_pinned_and_packages_come_from_conda_forge(name):
    env = stand_in.read(ROOT / "envs" / name)
    assert env.channels == ["conda-forge"]
    assert re.fullmatch(r"3\.\d+", env.python)


@pytest.mark.parametrize("name", ENV_FILES)
def test_an_env_file_names_exactly_the_packages_of_its_scripts(name):
    packages = {package for kind in KINDS.values() if kind.env == name for package in imported(kind)}
    assert set(pins(name)) == packages | UNNAMED[name]


@pytest.mark.parametrize("line", ["numpy", "numpy >=2", "numpy ==2.4.6", "numpy =2.*", "{pip: [numpy]}"])
def test_unpinned_packages_are_rejected(line, tmp_path):
    file = tmp_path / "env.yaml"
    file.write_text(f"channels: [conda-forge]\ndependencies:\n  - python =3.11\n  - {line}\n")
    with pytest.raises(ValueError, match="is no pin"):
        stand_in.read(file)


def env_file(folder: Path, *lines: str) -> Path:
    file = folder / "env.yaml"
    file.write_text("\n".join(["channels: [conda-forge]", "dependencies:", "  - python =3.11", *lines]) + "\n")
    return file


def test_pinned_packages_from_pypi_and_the_pinned_pip_are_read(tmp_path):
    env = stand_in.read(env_file(tmp_path, "  - numpy =2.4.6", "  - pip =25.3", "  - pip: [typst==0.15.2]"))
    assert (env.packages, env.pip) == ({"numpy": "2.4.6", "typst": "0.15.2"}, "25.3")


@pytest.mark.parametrize("line", ["typst", "typst =0.15.2", "typst>=0.15"])
def test_unpinned_packages_from_pypi_are_rejected(line, tmp_path):
    with pytest.raises(ValueError, match="is no pin; write 'name==version'"):
        stand_in.read(env_file(tmp_path, "  - pip =25.3", f"  - pip: ['{line}']"))


def test_packages_from_pypi_without_pip_are_rejected(tmp_path):
    with pytest.raises(ValueError, match="no pip to install them"):
        stand_in.read(env_file(tmp_path, "  - pip: [typst==0.15.2]"))


@pytest.mark.parametrize("name", KINDS, ids="-".join)
def test_results_record_the_versions_of_the_imported_packages(name):
    kind = KINDS[name]
    versions = store.versions(code_digest.code(kind.script, *kind.modules))
    assert set(versions) == imported(kind) | {"python", "h5netcdf"}
    assert all(versions[name] == importlib.metadata.version(name) for name in versions if name != "python")


def test_figures_do_not_record_torch_although_it_is_installed():
    for name, has_torch in ((("train", "ritz"), True), (("figure", "training"), False)):
        kind = KINDS[name]
        assert ("torch" in store.versions(code_digest.code(kind.script, *kind.modules))) == has_torch


def test_packages_of_a_module_exclude_the_project_and_the_standard_library(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("import json, scipy.stats\nfrom rectified import errors\nfrom torch import nn\n")
    assert code_digest.packages(source_files.read(module, tmp_path).imports) == ["scipy", "torch"]


def guarded(code: str, *foreign: Path) -> subprocess.CompletedProcess:
    """Run code under the guard of the stand-in, with foreign packages appended to the path as by Snakemake."""
    environment = {"PYTHONPATH": str(ROOT / "tests/environments/guard")}
    lines = f"import sys; sys.path += {[str(path) for path in foreign]}\n{code}"
    return subprocess.run([sys.executable, "-c", lines], env=environment, capture_output=True, text=True)


@pytest.fixture
def foreign(tmp_path):
    """Packages of another environment: a part of Snakemake, a package that it imports, and an unrelated one."""
    folder = tmp_path / "lib/site-packages"
    folder.mkdir(parents=True)
    (folder / "snakemake_of_test.py").write_text("import wanted_by_snakemake\n")
    (folder / "wanted_by_snakemake.py").write_text("")
    (folder / "forgotten.py").write_text("")
    (folder / "forgotten-1.0.dist-info").mkdir()
    (folder / "forgotten-1.0.dist-info/METADATA").write_text("Name: forgotten\nVersion: 1.0\n")
    return folder


def test_the_guard_rejects_a_package_outside_the_env_file(foreign):
    run = guarded("import forgotten", foreign)
    assert "imports forgotten, which the env file of this rule does not name" in run.stderr
    assert run.returncode == 1


@pytest.mark.parametrize(
    "code",
    [
        "import snakemake_of_test",
        "import numpy, json",
        "import importlib.metadata as m; assert 'forgotten' not in {d.name for d in m.distributions()}",
        "import importlib.metadata as m; assert m.version('numpy')",
    ],
)
def test_the_guard_allows_all_other_imports(code, foreign):
    run = guarded(code, foreign)
    assert run.returncode == 0, run.stderr
