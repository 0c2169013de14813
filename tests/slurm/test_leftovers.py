"""Killed tests leave a cluster, which the next run takes down; a SLURM that is not of tests is never touched.

One machine has one cluster at a time: these tests come before those that share a cluster.
"""

import os
import subprocess
import sys
from pathlib import Path

import cluster as clusters
import psutil
import pytest
import record
from cluster import Cluster, wait
from packages import install

SLEEPING_TESTS = """
import sys, time
from pathlib import Path
from cluster import Cluster

cluster = Cluster(Path(sys.argv[1]))
cluster.start()
cluster.run("sbatch", "--output=/dev/null", "--wrap=sleep 1000")
print("started", flush=True)
time.sleep(1000)
"""
OTHERS = {
    "file": lambda path: path.write_text("ClusterName=theirs\n"),
    "link": lambda path: path.symlink_to("/dev/null"),
    "broken link": lambda path: path.symlink_to("/unmounted/slurm.conf"),
}


def steps_run(cluster: Cluster) -> bool:
    """Return True if a job of a cluster runs."""
    return any(process.name() == "sleep" for process in cluster.left())


@pytest.fixture
def killed(tmp_path):
    """Cluster with a running job whose tests were killed."""
    if os.geteuid():
        pytest.fail("SLURM's daemons need root: run these tests as root, in a container or on a spare machine")
    install()
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", SLEEPING_TESTS, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    tests = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert tests.stdout.readline() == "started\n"
        left = Cluster(folder)
        assert wait(lambda: steps_run(left), seconds=20)
        with pytest.raises(RuntimeError, match=f"process {tests.pid} runs these tests"):
            Cluster(tmp_path / "meanwhile").start()
        assert steps_run(left)
    finally:
        tests.kill()
        tests.wait()
    yield left
    left.stop()


def test_the_cluster_of_killed_tests_is_taken_down_and_a_new_one_works(killed, tmp_path):
    assert {"munged", "slurmctld", "slurmd"} < {process.name() for process in killed.left()}
    new = Cluster(tmp_path / "new")
    try:
        new.start()
        assert killed.left() == []
        assert new.run("srun", "echo", "works") == "works\n"
    finally:
        new.stop()
    assert new.left() == []
    assert record.read() is None
    assert [link for link in clusters.LINKS if os.path.lexists(link)] == []


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Folder that stands for /etc/slurm."""
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setattr(clusters, "LINKS", [folder / "slurm.conf", folder / "gres.conf"])
    monkeypatch.setattr(record, "RECORD", folder / "record.json")
    return folder


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", ["slurm.conf", "gres.conf"])
@pytest.mark.parametrize("recorded", [False, True])
def test_another_slurm_is_refused_and_kept(elsewhere, tmp_path, kind, name, recorded):
    OTHERS[kind](elsewhere / name)
    before = os.lstat(elsewhere / name)
    if recorded:
        record.Record(str(tmp_path / "old"), (os.getpid(), "another start"), []).write()
    with pytest.raises(RuntimeError, match=f"{name} exists: this machine has its own SLURM"):
        Cluster(tmp_path / "new").start()
    assert os.listdir(elsewhere) == [name]
    assert os.lstat(elsewhere / name) == before


def test_a_process_that_got_the_number_of_a_daemon_is_not_touched(elsewhere, tmp_path):
    other = subprocess.Popen(["sleep", "1000"])
    try:
        pid, started = record.identity(other.pid)
        record.Record(str(tmp_path), (pid, "another start"), [(pid, f"{started}0")]).write()
        clusters.remove_leftovers()
        assert other.poll() is None
        assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    finally:
        other.kill()
        other.wait()
    assert record.read() is None
