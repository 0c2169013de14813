"""Projects in which the tests run the workflow."""

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
    """Project with a finished smoke tier, run on two cores; tests must not change it."""
    project = fresh()
    key = project.key()
    project.run("all", *SMOKE)
    remember_smoke(key, project)
    project.run(*ALL, *SMOKE)
    return project


@pytest.fixture
def edited(finished, tmp_path):
    """Copy of the finished project that tests may change."""
    shutil.copytree(finished.folder, tmp_path / "project", symlinks=True)
    copy = object.__new__(Project)
    copy.folder = tmp_path / "project"
    return copy
