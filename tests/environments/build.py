"""Isolated environments of all env files, built if they are missing; the first build takes minutes."""

import fcntl
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from environments.rules import ROOT
from project import ALL, SMOKE, Project

FOLDER = Path(os.environ.get("RECTIFIED_ENVIRONMENTS", ROOT / ".venv-environments"))


def use_stand_in(set_variable: Callable[[str, str], None]) -> None:
    """Put the stand-in for conda on the path, with the Python of the tests."""
    set_variable("PATH", str(ROOT / "tests/environments/bin") + ":" + os.environ["PATH"])
    set_variable("CONDA_PYTHON", sys.executable)


def conda(prefix: Path) -> list[str]:
    """Return the options that run every rule in the environment of its env file."""
    return ["--sdm", "conda", "--conda-prefix", str(prefix)]


def build(project: Project) -> Path:
    """Build missing environments and delete unused ones, one process at a time; return their folder.

    Snakemake holds the lock as well, because it goes on building if the tests are killed.
    """
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = project.run(*ALL, *SMOKE, *conda(FOLDER), "--conda-create-envs-only", held=[lock.fileno()])
        if "Creating conda environment" in built:
            project.run(*ALL, *SMOKE, *conda(FOLDER), "--conda-cleanup-envs")
    return FOLDER


if __name__ == "__main__":
    use_stand_in(os.environ.__setitem__)
    with tempfile.TemporaryDirectory() as folder:
        build(Project(Path(folder)))
