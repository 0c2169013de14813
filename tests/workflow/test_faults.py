"""Faults on one machine: after each, the same command resumes and gives the bytes of an undisturbed run."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from conftest import Project
from mounts import mounted
from project import guarded, supervised

LITTLE = """
tier: smoke
results: results/smoke
checkpoint_seconds: 1
experiments:
  little:
    document: faults
    task: ritz
    problem: k2
    activation: relu
    gradient: kink_aware
    width: 6
    points: 20
    seeds: 2
    epochs: 20
    record_every: 5
    cases: {quick: {}, other: {activation: tanh, gradient: autodiff}, long: {epochs: 20000, record_every: 5000}}
  gradients_there: {document: faults, task: gradient_errors, activation: relu, width: 6, seeds: 2, start: little/quick,
                    grids: [50], steps: [1e-2]}
figures:
  faults:
    quick: {family: training, data: [little/quick, little/other]}
"""
WITH = ("--configfile", "little.yaml")
RESULTS = "results/smoke"
CASES = f"{RESULTS}/faults/little"
FIGURE = f"{RESULTS}/figures/faults/quick.pdf"
GRADIENTS = f"{RESULTS}/faults/gradients_there/default/gradient_errors.parquet"
LONG = f"{CASES}/long/weights.safetensors"
STATE = f"{RESULTS}/.checkpoints/faults/little/long/weights.safetensors"


@pytest.fixture(scope="module")
def little(fresh):
    """Undisturbed project: a figure of two small cases, gradient errors of one of them, and a longer case."""
    project = fresh()
    (project.folder / "little.yaml").write_text(LITTLE)
    project.run(FIGURE, GRADIENTS, LONG, *WITH)
    return project


@pytest.fixture
def victim(little, tmp_path):
    """Copy of the undisturbed project without the longer case."""
    shutil.copytree(little.folder, tmp_path / "project", symlinks=True)
    copy = object.__new__(Project)
    copy.folder = tmp_path / "project"
    shutil.rmtree(copy.folder / CASES / "long")
    return copy


@contextmanager
def running(project: Project, *arguments: str):
    """Start a run in its own process group and suspend its job after the first checkpoint; kill both at the end."""
    with (project.folder / "run.log").open("w") as log:
        run = subprocess.Popen(
            project.command(*arguments),
            cwd=project.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=supervised,
        )
    try:
        wait_for((project.folder / STATE).exists, run)
        jobs = [process for process in processes_of(project) if process.pid != run.pid]
        for job in jobs:
            job.suspend()
        assert jobs
        with guarded(run.pid):
            yield run
    finally:
        for process in processes_of(project):
            process.kill()
        run.wait()


def wait_for(condition, run: subprocess.Popen | None = None, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        assert run is None or run.poll() is None, "the run has ended"
        time.sleep(0.05)


def processes_of(project: Project) -> list[psutil.Process]:
    """Return all processes, Snakemake and jobs, that run in the folder of a project."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == project.folder and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def done(output: str) -> list[str]:
    """Return the rules of the jobs that a run has finished."""
    return sorted(line.split("Rule: ")[1].rstrip(")") for line in output.splitlines() if "Finished jobid" in line)


def without_long(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.data().items() if "/long/" not in name}


def log_of(project: Project) -> str:
    return (project.folder / CASES / "long/train.log").read_text()


def locks(project: Project) -> list[str]:
    return sorted(path.name for path in (project.folder / ".snakemake").glob("locks/*"))


@pytest.mark.parametrize("whom", ["all of its processes", "Snakemake alone"])
def test_a_killed_run_is_resumed(victim, little, whom):
    command = (FIGURE, LONG, *WITH)
    with running(victim, *command) as run:
        if whom == "Snakemake alone":
            run.kill()
        else:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        if whom == "Snakemake alone":
            assert len(processes_of(victim)) == 1
        else:
            wait_for(lambda: not processes_of(victim))
        assert locks(victim)
        output = victim.run(*command)
    assert "A run in this folder was killed" in output
    assert ("terminated 1 of its jobs that were still running" in output) == (whom == "Snakemake alone")
    assert done(output) == ["train"]
    assert "resuming at epoch" in log_of(victim)
    assert victim.data() == little.data()
    assert not locks(victim)
    assert list((victim.folder / ".snakemake/runs").glob("*.json")) == []


def test_a_live_run_is_not_disturbed_and_ctrl_c_ends_it(victim, little):
    command = (FIGURE, LONG, *WITH)
    with running(victim, *command) as run:
        held = locks(victim)
        assert "cannot be locked" in victim.run(*command, ok=False)
        assert locks(victim) == held
        victim.run("-n", *command)
        assert run.poll() is None
        assert locks(victim) == held
        began = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)
        os.killpg(run.pid, signal.SIGCONT)
        run.wait(timeout=60)
        assert time.monotonic() - began < 20
        assert processes_of(victim) == []
    assert "Traceback" not in (victim.folder / "run.log").read_text()
    output = victim.run(*command)
    assert done(output) == ["train"]
    assert "resuming at epoch" in log_of(victim)
    assert victim.data() == little.data()


def test_a_truncated_checkpoint_is_not_used(victim, little):
    state = victim.folder / STATE
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_bytes((victim.folder / CASES / "quick/weights.safetensors").read_bytes()[:-50])
    left = state.with_name(f".{state.stem}.{os.uname().nodename}.999999999{state.suffix}")
    left.write_bytes(b"of a write that was killed")
    victim.run(LONG, *WITH)
    assert "cannot be used" in log_of(victim)
    assert "starting anew" in log_of(victim)
    assert victim.data() == little.data()
    assert not state.exists()
    assert not left.exists()


def test_damaged_inputs_are_set_aside_and_recomputed(victim, little):
    cases = victim.folder / CASES
    whole = {name: (cases / name).read_bytes() for name in ("quick/fields.nc", "other/fields.nc")}
    history = cases / "quick/history.parquet"
    history.write_bytes(history.read_bytes()[: history.stat().st_size // 2])
    (cases / "quick/weights.safetensors").write_bytes(b"")
    shutil.copy(cases / "quick/fields.nc", cases / "other/fields.nc")
    (cases / "other/history.parquet").write_text("dear diary")
    (cases / "quick/notes.txt").write_text("mine")
    (cases / "quick/thoughts").mkdir()
    command = (FIGURE, GRADIENTS, *WITH)
    output = victim.run(*command, ok=False)
    again = "Run the same command again to recompute it."
    damaged = "is damaged: not a complete"
    for sentence in (
        f"{CASES}/quick/history.parquet {damaged} Parquet file; it was renamed to history.parquet.damaged. {again}",
        f"{CASES}/other/history.parquet {damaged} Parquet file; it was renamed to history.parquet.damaged. {again}",
        f"{CASES}/quick/weights.safetensors {damaged} safetensors file; it was renamed to weights.safetensors.damaged.",
        f"{CASES}/other/fields.nc is a result of another job, faults/little/quick of tier smoke; it was renamed to",
    ):
        assert sentence in output
    assert "Traceback" not in output
    assert (cases / "other/history.parquet.damaged").read_text() == "dear diary"
    assert (cases / "other/fields.nc.damaged").read_bytes() == whole["quick/fields.nc"]
    output = victim.run(*command)
    assert done(output) == ["figure", "gradient_errors", "train", "train"]
    assert victim.data() == without_long(little)
    assert (cases / "quick/notes.txt").read_text() == "mine"
    assert (cases / "quick/thoughts").is_dir()
    assert (cases / "other/history.parquet.damaged").read_text() == "dear diary"


def test_a_full_disk_is_reported_and_the_run_resumes_once_there_is_space(victim, little):
    shutil.rmtree(victim.folder / RESULTS)
    command = (FIGURE, GRADIENTS, *WITH)
    (victim.folder / RESULTS).mkdir()
    with mounted(victim.folder / RESULTS, "-t", "tmpfs", "-o", "size=28k", "tmpfs"):
        output = victim.run(*command, ok=False)
        assert "the disk of results/smoke" in output
        assert "Free some space and run the same command again; it resumes." in output
        assert "Traceback" not in output
        subprocess.run(["mount", "-o", "remount,size=20m", victim.folder / RESULTS], check=True)
        victim.run(*command)
        assert victim.data() == without_long(little)
        assert not list((victim.folder / RESULTS).rglob(".*.nc"))
