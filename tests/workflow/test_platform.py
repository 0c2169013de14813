"""Runs from other folders, as a module, under other locales and in other environments give the same bytes."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from conftest import Project
from mounts import mounted
from project import data_in

FIGURE = "results/smoke/figures/deep_ritz/fig3.pdf"
TABLE = "results/smoke/tables/effective_theory/table1.csv"  # with Greek letters
ODD = '{x} it\'s "#1" Größe $HOME; [a]*'
MODULE = """
configfile: "config.yaml"
module rectified:
    snakefile: {snakefile!r}
    {option}
use rule * from rectified as theirs_*
rule figure:
    output: "results/figures/mine/plot.pdf"
    shell: "touch {{output}}"
"""


@pytest.fixture(scope="module")
def ordinary(fresh):
    """Results of a run in the folder of the project."""
    project = fresh()
    project.run(FIGURE, TABLE, *smoke(project))
    assert len(project.data()) == 9
    return project.data()


def smoke(project: Project) -> tuple[str, ...]:
    return "--configfile", str(project.folder / "workflow/tiers/smoke.yaml")


def assert_same(results, ordinary, files: int) -> None:
    """Assert that there are this many result files, each with the bytes of the ordinary run."""
    found = data_in(results)
    assert len(found) == files
    assert [name for name in found if found[name] != ordinary[name]] == []


@contextmanager
def read_only(folder):
    """Make a folder read-only, for root as well; skip the test if mounting is not possible."""
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield


def test_a_read_only_project_runs_from_another_folder_and_environment(fresh, ordinary, tmp_path):
    project, folder, temporary = fresh(), tmp_path / "run", tmp_path / "of jobs {t}"
    folder.mkdir()
    temporary.mkdir()
    variables = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7", "TMPDIR": str(temporary), "HOME": str(project.folder)}
    env = {**os.environ, **variables, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with read_only(project.folder):
        snakefile = str(project.folder / "Snakefile")
        project.run("-s", snakefile, FIGURE, TABLE, *smoke(project), cwd=folder, env=env)
        project.run("-s", snakefile, "-n", "captions", "report", *smoke(project), cwd=folder, env=env)
    assert_same(folder / "results/smoke", ordinary, 9)


def test_directory_is_the_place_of_results(fresh, ordinary, tmp_path):
    project = fresh()
    before = os.umask(0o077)
    try:
        project.run(FIGURE, "--directory", str(tmp_path / "run"), "--configfile", "workflow/tiers/smoke.yaml")
    finally:
        os.umask(before)
    assert_same(tmp_path / "run/results/smoke", ordinary, 4)
    assert not (project.folder / "results/smoke").exists()


@pytest.mark.parametrize(("option", "place"), [("config: config", ""), ("prefix: 'inner'", "inner/")])
def test_another_workflow_uses_this_one_as_a_module(fresh, ordinary, tmp_path, option, place):
    project = fresh()
    (tmp_path / "Snakefile").write_text(MODULE.format(snakefile=str(project.folder / "Snakefile"), option=option))
    shutil.copy(project.folder / "config.yaml", tmp_path)
    claims = str(project.folder / "workflow/claims.yaml")
    mine = "results/figures/mine/plot.pdf"
    project.run(place + FIGURE, mine, "--configfile", claims, smoke(project)[1], cwd=tmp_path)
    assert_same(tmp_path / place / "results/smoke", ordinary, 4)
    assert (tmp_path / mine).exists()
    project.run("theirs_all", "theirs_report", "-n", "--configfile", claims, smoke(project)[1], cwd=tmp_path)


def test_a_folder_with_braces_quotes_and_spaces(fresh, ordinary, tmp_path):
    project = fresh()
    project.folder = project.folder.rename(tmp_path / ODD)
    project.run(FIGURE, *smoke(project))
    assert_same(project.folder / "results/smoke", ordinary, 4)
    (tmp_path / "{y}").mkdir()
    project.run(
        "-s", str(project.folder / "Snakefile"), "-n", "captions", "report", *smoke(project), cwd=tmp_path / "{y}"
    )


@pytest.fixture(scope="module")
def latin1(tmp_path_factory):
    """Environment with a locale whose encoding is ISO-8859-1 and whose decimal sign is a comma."""
    folder = tmp_path_factory.mktemp("locales")
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "ISO-8859-1", folder / "de_DE.ISO-8859-1"])
    if made.returncode:
        pytest.skip("no locale can be made here: the package `locales` is missing")
    return {"LOCPATH": str(folder), "LC_ALL": "de_DE.ISO-8859-1"}


@pytest.fixture(params=["Latin-1", "ASCII"])
def locale(request):
    """Environment of a locale without UTF-8."""
    if request.param == "Latin-1":
        return request.getfixturevalue("latin1")
    return {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_a_locale_without_utf8_gives_the_same_bytes(fresh, ordinary, locale):
    project = fresh()
    project.run(FIGURE, TABLE, *smoke(project), env={**os.environ, **locale})
    assert_same(project.folder / "results/smoke", ordinary, 9)
    assert "Nothing to be done" in project.run(FIGURE, TABLE, *smoke(project))
