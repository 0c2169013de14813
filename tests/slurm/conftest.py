"""SLURM cluster of two nodes for the tests, and runs of the project that are submitted to it."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from cluster import Cluster
from packages import install

from project import SMOKE, Project, remembered_smoke, supervised

SUBMITTED = re.compile(r"has been submitted with SLURM jobid (\d+)")
FAST = ("--slurm-init-seconds-before-status-checks=1", "--seconds-between-status-checks=1", "--latency-wait=10")


class Submission:
    """Run of Snakemake in the background whose jobs are submitted to SLURM."""

    def __init__(self, project: Project, cluster: Cluster, profile: str, *arguments: str):
        self.project, self.log = project, project.folder / "submission.log"
        command = [*project.command()[:3], "--profile", f"workflow/profiles/{profile}", *arguments, *SMOKE, *FAST]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=project.folder,
                env=cluster.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=supervised,
            )

    def end(self, seconds: float = 480, ok: bool = True) -> str:
        """Wait for the end of the run; return its output."""
        code = self.process.wait(timeout=seconds)
        output = self.log.read_text()
        assert (code == 0) == ok, output[-5000:]
        return output

    def submitted(self) -> list[str]:
        """Wait for the end of the run, which must succeed; return the SLURM numbers of its jobs."""
        return SUBMITTED.findall(self.end())

    def interrupt(self) -> None:
        """Interrupt the run with Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """Running cluster; none of its processes remains at the end."""
    if os.geteuid():
        pytest.fail("SLURM's daemons need root: run these tests as root, in a container or on a spare machine")
    install()
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
    assert [process.cmdline() for process in cluster.left()] == []


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """Make new copies of the project whose profiles name the partitions of the cluster."""

    def make() -> Project:
        project = Project(tmp_path_factory.mktemp("project"))
        for profile in ("slurm", "slurm-gpu"):
            path = Path(project.folder, f"workflow/profiles/{profile}/config.yaml")
            text = path.read_text(encoding="utf-8").replace("CHANGE_ME_GPU", "gpu").replace("CHANGE_ME", "cpu")
            path.write_text(text.replace("# slurm-status-command", "slurm-status-command"), encoding="utf-8")
        return project

    return make


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Checksums of the smoke tier run without SLURM, remembered from earlier tests or computed now."""
    project = Project(tmp_path_factory.mktemp("local"))
    known = remembered_smoke(project)
    if known is None:
        project.run("all", *SMOKE)
        known = project.checksums()
    return known
