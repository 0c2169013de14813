"""The smoke tier on a real SLURM, undisturbed and with what happens to long jobs, ends in the same bytes."""

import os
import re
import signal

import psutil
import pytest
from cluster import NODES, wait

from conftest import Submission

RITZ = "results/smoke/deep_ritz/ritz"
SUBMITTED = re.compile(r"Job (\d+) has been submitted with SLURM jobid (\d+)")
LONG = ("workflow/tiers/smoke.yaml", "epochs: 200, seeds", "epochs: 20000, seeds")
CHECKPOINTS = ("--config", "checkpoint_seconds=1")


def weights(case: str) -> str:
    return f"{RITZ}/{case}/weights.safetensors"


def checkpoint(project, case: str):
    return project.folder / f"results/smoke/.checkpoints/deep_ritz/ritz/{case}/weights.safetensors"


def trains(project, case: str) -> psutil.Process | None:
    """The process that trains a case of a project."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(project.folder) and "scripts/tmp" in " ".join(process.cmdline()):
                files = [file.path for file in process.open_files()]
                if any(path.endswith(f"{case}/train.log") for path in files):
                    return process
        except psutil.Error:
            continue
    return None


def slurm_id(process: psutil.Process) -> str:
    return process.environ()["SLURM_JOB_ID"]


@pytest.fixture(scope="session")
def smoke(cluster, fresh, undisturbed):
    """The whole smoke tier through the profile, going on while other tests make trouble elsewhere."""
    return Submission(fresh(), cluster, "slurm", "all")


@pytest.fixture(scope="session")
def long_jobs(fresh):
    """Make a project whose Ritz trainings take some ten seconds."""

    def make():
        project = fresh()
        project.edit(*LONG)
        return project

    return make


@pytest.fixture(scope="session")
def whole(long_jobs):
    """The long trainings without trouble, on this machine's own cores."""
    project = long_jobs()
    project.run(*map(weights, ("relu-k2", "tanh-k2", "relu2-k2")), *("--configfile", LONG[0]))
    return project


@pytest.fixture(scope="session")
def troubled(cluster, long_jobs, smoke):
    """One training is cancelled, one hangs until its time limit of a minute; nobody types anything."""
    project = long_jobs()
    run = Submission(
        project, cluster, "slurm", weights("relu-k2"), weights("tanh-k2"),
        "--set-resources", "train:runtime=attempt", *CHECKPOINTS,
    )  # fmt: skip
    jobs = {}
    for case in ("relu-k2", "tanh-k2"):
        assert wait(checkpoint(project, case).exists, seconds=120), run.log.read_text()[-3000:]
        jobs[case] = trains(project, case)
    cancelled, hanging = slurm_id(jobs["relu-k2"]), slurm_id(jobs["tanh-k2"])
    cluster.run("scancel", cancelled)
    jobs["tanh-k2"].suspend()
    return run, cancelled, hanging


@pytest.fixture(scope="session")
def lost_node(cluster, long_jobs, smoke):
    """A training on the node with the GPU, which is lost at once and comes back."""
    project = long_jobs()
    run = Submission(
        project, cluster, "slurm-gpu", weights("relu2-k2"), "--config", "checkpoint_seconds=1", "device=auto"
    )
    assert wait(checkpoint(project, "relu2-k2").exists, seconds=120), run.log.read_text()[-3000:]
    job = slurm_id(trains(project, "relu2-k2"))
    details = cluster.run("scontrol", "show", "job", job)
    cluster.kill_node(NODES["gpu"])
    assert wait(lambda: cluster.states()[NODES["gpu"]].startswith("down"), seconds=20)
    cluster.start_node(NODES["gpu"])
    cluster.run("scontrol", "update", f"nodename={NODES['gpu']}", "state=resume")
    cluster.run("scontrol", "update", f"jobid={job}", "StartTime=now")  # SLURM would wait two minutes
    return run, job, details


def test_ctrl_c_takes_the_jobs_back(cluster, long_jobs, smoke):
    project = long_jobs()
    run = Submission(project, cluster, "slurm", weights("relu-k2"), *CHECKPOINTS)
    assert wait(checkpoint(project, "relu-k2").exists, seconds=120), run.log.read_text()[-3000:]
    job = slurm_id(trains(project, "relu-k2"))
    os.killpg(run.process.pid, signal.SIGINT)
    run.end(seconds=30, ok=False)
    assert wait(lambda: "CANCELLED" in cluster.run("scontrol", "show", "job", job), seconds=10)
    assert checkpoint(project, "relu-k2").exists()


@pytest.mark.parametrize(
    ("profile", "arguments", "sentence"),
    [
        (
            "slurm",
            ["--default-resources", "runtime=10"],
            "rule train: slurm_partition is not set; give it in the profile",
        ),
        (
            "slurm",
            ["--default-resources", "slurm_partition=cqu"],
            "rule train: unknown slurm_partition 'cqu'; did you mean 'cpu'?",
        ),
        (
            "slurm",
            ["--set-resources", "train:mem_mb=9000"],
            "rule train asks for 9000 MB of memory; no node of partition 'cpu' gives more than 4000",
        ),
        (
            "slurm",
            ["--set-resources", "train:gpu=1"],
            "rule train asks for a GPU; partition 'cpu' has none. Partitions with GPUs: gpu",
        ),
        ("slurm", ["--config", "device=cuda"], "rule train is to run on cuda (`device` in config) but asks for no GPU"),
        ("slurm", ["--set-resources", "train:runtime=2000"], "rule train asks for 2000 minutes; no node"),
    ],
)
def test_what_no_node_can_run_is_refused_before_it_is_submitted(
    cluster, slow_project, smoke, profile, arguments, sentence
):
    run = Submission(slow_project, cluster, profile, weights("relu-k2"), *arguments)
    output = run.end(seconds=120, ok=False)
    assert sentence in output
    assert not SUBMITTED.search(output)


@pytest.fixture(scope="session")
def slow_project(long_jobs):
    return long_jobs()


def test_a_lost_node_costs_nothing_but_time(cluster, lost_node, whole):
    run, job, details = lost_node
    assert "Partition=gpu" in details
    assert "gres:gpu:1" in details
    output = run.end()
    assert [number for _, number in SUBMITTED.findall(output)] == [job]  # SLURM itself has started it again
    assert "Restarts=1" in cluster.run("scontrol", "show", "job", job)
    assert_resumed_to_the_same(run.project, whole, "relu2-k2")


def test_a_cancelled_job_is_submitted_again_and_goes_on(troubled, whole):
    run, cancelled, hanging = troubled
    numbers = [number for _, number in SUBMITTED.findall(run.end())]
    assert {cancelled, hanging} < set(numbers)
    assert len(numbers) == 4
    assert_resumed_to_the_same(run.project, whole, "relu-k2")


def test_a_job_that_hits_its_time_limit_is_given_more(cluster, troubled, whole):
    run, _, hanging = troubled
    run.end()
    assert "JobState=TIMEOUT" in cluster.run("scontrol", "show", "job", hanging)
    assert "runtime=2" in run.log.read_text()
    assert_resumed_to_the_same(run.project, whole, "tanh-k2")


def assert_resumed_to_the_same(project, whole, case: str) -> None:
    assert "resuming at epoch" in (project.folder / f"{RITZ}/{case}/train.log").read_text()
    assert not checkpoint(project, case).exists()
    ours, theirs = project.data(), whole.data()
    names = [name for name in theirs if f"/{case}/" in name]
    assert len(names) == 3
    assert [name for name in names if ours[name] != theirs[name]] == []


def test_the_smoke_tier_gives_the_bytes_of_a_local_run(cluster, smoke, undisturbed):
    output = smoke.end(seconds=480)
    assert len(SUBMITTED.findall(output)) > 50
    ours = smoke.project.checksums()
    assert ours.keys() == undisturbed.keys()
    assert [name for name in ours if ours[name] != undisturbed[name]] == []


def test_a_finished_run_submits_nothing(cluster, smoke):
    smoke.end()
    assert "Nothing to be done" in Submission(smoke.project, cluster, "slurm", "all").end()
