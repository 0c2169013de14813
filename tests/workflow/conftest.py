"""Projects for the tests to run the workflow in."""

import shutil

import pytest

from project import ALL, ROOT, SMOKE, Project, remember_smoke

__all__ = ["ALL", "ROOT", "SMOKE", "Project"]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """Make a new copy of the project."""
    return lambda: Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def finished(fresh):
    """A project whose smoke tier has run on two cores; not to be changed."""
    project = fresh()
    key = project.key()
    project.run("all", *SMOKE)
    remember_smoke(key, project)
    project.run(*ALL, *SMOKE)
    return project


@pytest.fixture
def edited(finished, tmp_path):
    """A copy of the finished project, to be changed."""
    shutil.copytree(finished.folder, tmp_path / "project", symlinks=True)
    copy = object.__new__(Project)
    copy.folder = tmp_path / "project"
    return copy
