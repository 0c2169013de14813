"""The smoke tier on a real SLURM cluster gives the same bytes, with and without faults of long jobs."""

from collections.abc import Callable
from dataclasses import dataclass

import psutil
import pytest
from cluster import NODES, wait

from conftest import SUBMITTED, Submission

RITZ = "results/smoke/deep_ritz/ritz"
LONG = ("workflow/tiers/smoke.yaml", "epochs: 200, seeds", "epochs: 20000, seeds")
CHECKPOINTS = ("--config", "checkpoint_seconds=1")


def weights(case: str) -> str:
    return f"{RITZ}/{case}/weights.safetensors"


def checkpoint(project, case: str):
    return project.folder / f"results/smoke/.checkpoints/deep_ritz/ritz/{case}/weights.safetensors"


def trains(project, case: str) -> psutil.Process | None:
    """Return the process that trains a case of a project, or None."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(project.folder) and "scripts/tmp" in " ".join(process.cmdline()):
                files = [file.path for file in process.open_files()]
                if any(path.endswith(f"{case}/train.log") for path in files):
                    return process
        except psutil.Error:
            continue
    return None


@pytest.fixture(scope="session")
def long_jobs(fresh):
    """Make projects whose Ritz trainings take about 15 seconds."""

    def make():
        project = fresh()
        project.edit(*LONG)
        return project

    return make


@dataclass
class Trouble:
    """Fault of a training, and the run to which it belongs; ``job`` is the SLURM number of the training."""

    run: Submission
    case: str
    happens: Callable[["Trouble", psutil.Process], None]
    job: str = ""
    details: str = ""

    def befalls(self, cluster) -> bool:
        """Cause the fault once the training has written a checkpoint; return True if it has been caused."""
        process = trains(self.run.project, self.case)
        if not self.job and process and checkpoint(self.run.project, self.case).exists():
            self.job = process.environ()["SLURM_JOB_ID"]
            self.details = cluster.run("scontrol", "show", "job", self.job)
            self.happens(self, process)
        return bool(self.job)


@pytest.fixture(scope="session")
def trouble(cluster, long_jobs):
    """Faults of trainings: one is cancelled, one hangs, one loses its node, and one is in a run ended by Ctrl-C."""
    short = ("--set-resources", "train:runtime=attempt")  # minutes
    both = Submission(long_jobs(), cluster, "slurm", weights("relu-k2"), weights("tanh-k2"), *short, *CHECKPOINTS)
    gpu = Submission(long_jobs(), cluster, "slurm-gpu", weights("relu2-k2"), *CHECKPOINTS, "device=auto")
    interrupted = Submission(long_jobs(), cluster, "slurm", weights("relu2-k4"), *CHECKPOINTS)
    all_of_it = {
        "cancelled": Trouble(both, "relu-k2", lambda self, _: cluster.run("scancel", self.job)),
        "hanging": Trouble(both, "tanh-k2", lambda _, process: process.suspend()),
        "lost": Trouble(gpu, "relu2-k2", lambda *_: cluster.lose_node(NODES["gpu"])),
        "interrupted": Trouble(interrupted, "relu2-k4", lambda self, _: self.run.interrupt()),
    }
    happened = wait(lambda: sum(each.befalls(cluster) for each in all_of_it.values()) == 4, seconds=180)
    assert happened, {name: (each.job, each.run.log.read_text()[-2000:]) for name, each in all_of_it.items()}
    cluster.bring_back(NODES["gpu"])
    return all_of_it


@pytest.fixture(scope="session")
def smoke(cluster, fresh, undisturbed, trouble):
    """Whole smoke tier, submitted with the profile; it runs while other tests check the faults."""
    return Submission(fresh(), cluster, "slurm", "all")


@pytest.fixture(scope="session")
def whole(long_jobs, smoke):
    """Undisturbed long trainings, run without SLURM."""
    project = long_jobs()
    project.run(*map(weights, ("relu-k2", "tanh-k2", "relu2-k2")), "--configfile", LONG[0])
    return project


def test_ctrl_c_cancels_the_jobs(cluster, trouble, smoke):
    run, job = trouble["interrupted"].run, trouble["interrupted"].job
    run.end(seconds=30, ok=False)
    assert wait(lambda: "CANCELLED" in cluster.run("scontrol", "show", "job", job), seconds=10)
    assert checkpoint(run.project, "relu2-k4").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--default-resources", "runtime=10"], "rule train: slurm_partition is not set; set it in the profile"),
        (
            ["--set-resources", "train:mem_mb=9000"],
            "rule train requests 9000 MB of memory; partition 'cpu' allows at most",
        ),
        (["--config", "device=cuda"], "rule train runs on cuda (`device` in config) but requests no GPU"),
    ],
)
def test_jobs_that_no_node_can_run_are_rejected_before_submission(cluster, trouble, smoke, arguments, sentence):
    run = Submission(trouble["interrupted"].run.project, cluster, "slurm", weights("relu2-k4"), *arguments)
    output = run.end(seconds=120, ok=False)
    assert sentence in output
    assert not SUBMITTED.search(output)


def test_a_job_of_a_lost_node_is_resubmitted_and_resumed(trouble, whole):
    lost = trouble["lost"]
    assert "Partition=gpu" in lost.details
    assert "gres:gpu:1" in lost.details
    first, *again = lost.run.submitted()
    assert first == lost.job
    assert len(again) == 1
    assert_resumed_to_the_same(lost.run.project, whole, lost.case)


def test_a_cancelled_job_is_resubmitted_and_resumed(trouble, whole):
    cancelled, hanging = trouble["cancelled"], trouble["hanging"]
    numbers = cancelled.run.submitted()
    assert {cancelled.job, hanging.job} < set(numbers)
    assert len(numbers) == 4
    assert_resumed_to_the_same(cancelled.run.project, whole, cancelled.case)


def test_a_job_that_exceeds_its_time_limit_gets_more_time(cluster, trouble, whole):
    hanging = trouble["hanging"]
    hanging.run.end()
    assert "JobState=TIMEOUT" in cluster.run("scontrol", "show", "job", hanging.job)
    assert "runtime=2" in hanging.run.log.read_text()
    assert_resumed_to_the_same(hanging.run.project, whole, hanging.case)


def assert_resumed_to_the_same(project, whole, case: str) -> None:
    assert "resuming at epoch" in (project.folder / f"{RITZ}/{case}/train.log").read_text()
    assert not checkpoint(project, case).exists()
    ours, theirs = project.data(), whole.data()
    names = [name for name in theirs if f"/{case}/" in name]
    assert len(names) == 3
    assert [name for name in names if ours[name] != theirs[name]] == []


def test_the_smoke_tier_gives_the_same_bytes_as_a_local_run(smoke, undisturbed):
    assert len(smoke.submitted()) > 50
    ours = smoke.project.checksums()
    assert len(undisturbed) > 100
    assert [name for name in undisturbed if ours.get(name) != undisturbed[name]] == []


def test_a_finished_run_submits_nothing(cluster, smoke):
    smoke.end()
    assert "Nothing to be done" in Submission(smoke.project, cluster, "slurm", "all").end()
