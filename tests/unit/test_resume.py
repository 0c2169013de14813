"""Recovery from killed runs, and storage errors: damaged files, full disks, results of another job."""

import json
import os
import platform
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from snakemake.persistence.file import FilePersistence

from reproduction.runtime import crash_recovery
from reproduction.runtime.crash_recovery import RunRecord
from reproduction.storage import atomic_write, input_checks, store
from reproduction.storage.errors import DamagedFile, DiskFull, SetAside

DEAD = 2**22 - 5  # above the largest process number
COMMAND = ["--cores", "2", "all"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of a run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(crash_recovery.atexit, "register", lambda *arguments, **keywords: None)
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/runs").mkdir()
    return tmp_path


def record(folder, name: str, run: RunRecord | str, time: int = 1000) -> None:
    path = folder / f".snakemake/runs/{name}.json"
    path.write_text(run if isinstance(run, str) else json.dumps(asdict(run)))
    os.utime(path, (time, time))


def lock(folder, name: str = "0.input", time: int = 1001):
    path = folder / f".snakemake/locks/{name}.lock"
    path.write_text("results/x\n")
    os.utime(path, (time, time))
    return path


def this_run(**changes) -> RunRecord:
    process = psutil.Process()
    return RunRecord(
        **{"machine": crash_recovery.machine_id(), "pid": process.pid, "started": process.create_time(), **changes}
    )


def test_locks_of_a_killed_run_are_removed(folder):
    record(folder, "gone", this_run(pid=DEAD))
    held = lock(folder)
    assert crash_recovery.recover(COMMAND) == "A run in this folder was killed. Resuming it; finished work is skipped."
    assert not held.exists()
    assert [path.name for path in (folder / ".snakemake/runs").glob("*.json")] == [
        f"{platform.node()}-{os.getpid()}.json"
    ]


def mark_incomplete(folder, output: str):
    """Mark an output as incomplete, as Snakemake does; long names are split into folders."""
    marks = folder / ".snakemake/incomplete"
    path = FilePersistence._record_path(SimpleNamespace(_fetch_max_len=lambda subject: 60), str(marks), output)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("{}", encoding="utf-8")
    return Path(path)


def test_only_incomplete_outputs_of_a_killed_run_are_removed(folder):
    record(folder, "gone", this_run(pid=DEAD))
    lock(folder)
    scratch = folder.parent / f"{folder.name}-scratch"
    scratch.mkdir()
    (folder / "results").symlink_to(scratch)
    outside = folder.parent / f"{folder.name}-outside"
    names = ["results/half", f"results/{'long/' * 30}half", "results/missing", f"../{outside.name}"]
    files = [folder / name for name in [*names, "results/whole"]]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.name != "missing":
            file.write_text("x")
    marks = [mark_incomplete(folder, name) for name in names]
    crash_recovery.recover(COMMAND)
    assert [file.exists() for file in files] == [False, False, False, True, True]
    assert [mark.exists() for mark in marks] == [False, False, False, True]
    outside.unlink()


def test_queued_jobs_of_a_killed_run_are_cancelled(folder, monkeypatch):
    record(folder, "gone", this_run(pid=DEAD))
    for output, number in (("results/a", '"57"'), ("results/b", '"57"'), ("results/c", "58"), ("results/d", "null")):
        mark_incomplete(folder, output).write_text(f'{{"external_jobid": {number}}}')
    mark_incomplete(folder, "results/e").write_text("half a ma")
    (folder / "scancel").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" > taken\n")
    (folder / "scancel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert "terminated 2 of its jobs that were still running" in crash_recovery.recover(COMMAND)
    assert sorted((folder / "taken").read_text().split()) == ["57", "58"]


def test_a_process_hidden_from_this_user_counts_as_alive(monkeypatch):
    def hidden(pid):
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(crash_recovery.psutil, "Process", hidden)
    run = RunRecord(crash_recovery.machine_id(), 1, 0.0)
    assert run.alive
    assert not RunRecord(crash_recovery.machine_id(), DEAD, 0.0).alive


def test_an_adjusted_clock_does_not_make_a_run_dead():
    process = psutil.Process()
    assert this_run(started=process.create_time() + 100).alive


def test_a_reused_process_number_is_not_the_killed_run(folder):
    record(folder, "gone", this_run(started=1.0))
    held = lock(folder)
    assert "was killed" in crash_recovery.recover(COMMAND)
    assert not held.exists()


def test_a_zombie_process_is_not_alive(folder):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = this_run(pid=child.pid, started=psutil.Process(child.pid).create_time())
    assert run.alive
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not run.alive
    child.communicate()


@pytest.mark.parametrize(
    "other",
    [
        this_run(),
        this_run(machine="elsewhere", pid=DEAD),
        this_run(machine=f"{platform.node()} pid:[1]", pid=DEAD),
        "{",
        "[]",
        '{"machine": "m"}',
    ],
    ids=["alive", "on another machine", "in another container", "truncated", "not a record", "incomplete"],
)
def test_nothing_is_changed_while_another_run_may_be_alive(folder, other):
    record(folder, "gone", this_run(pid=DEAD))
    record(folder, "other", other)
    held = lock(folder)
    assert crash_recovery.recover(COMMAND) == ""
    assert held.exists()
    assert (folder / ".snakemake/runs/gone.json").exists()
    assert (folder / ".snakemake/runs/other.json").exists()


def test_a_lock_older_than_the_killed_run_is_kept(folder):
    record(folder, "gone", this_run(pid=DEAD))
    older, younger = lock(folder, "0.input", 999), lock(folder, "1.input", 1001)
    crash_recovery.recover(COMMAND)
    assert older.exists()
    assert not younger.exists()


def test_a_lock_without_a_record_is_kept(folder):
    held = lock(folder)
    assert crash_recovery.recover(COMMAND) == ""
    assert held.exists()


def test_unlocking_removes_records_of_other_machines(folder):
    record(folder, "other", this_run(machine="elsewhere"))
    mark = mark_incomplete(folder, "results/half")
    crash_recovery.recover(["--unlock", *COMMAND])
    assert not (folder / ".snakemake/runs/other.json").exists()
    assert not mark.exists()


def test_unlocking_does_not_affect_a_live_run_of_this_machine(folder):
    record(folder, "other", this_run(machine="elsewhere"))
    record(folder, "alive", this_run())
    assert crash_recovery.recover(["--unlock", *COMMAND]) == ""
    assert (folder / ".snakemake/runs/other.json").exists()


@pytest.mark.parametrize(
    "option",
    ["-n", "-np", "--dry-run", "--dryrun", "--lint", "--summary", "-S", "-D", "--report", "--dag", "--list", "-l"],
)
def test_options_that_run_no_job_write_nothing(folder, option):
    record(folder, "gone", this_run(pid=DEAD))
    held = lock(folder)
    before = sorted(folder.rglob("*"))
    assert crash_recovery.recover([*COMMAND, option]) == ""
    assert sorted(folder.rglob("*")) == before
    assert held.exists()


@pytest.mark.parametrize(
    "option", ["--nolock", "--keep-going", "-k", "--configfile", "-c2", "-call", "-jall", "--no-hooks"]
)
def test_other_options_write_a_record(folder, option):
    crash_recovery.recover([*COMMAND, option])
    assert list((folder / ".snakemake/runs").glob("*.json"))


# --- files -------------------------------------------------------------------------------------------

WRITERS = {
    "a.nc": lambda path: store.write_arrays(path, store.xr.Dataset({"a": ("x", [1.0, 2.0])}), {"spec": "{}"}),
    "a.parquet": lambda path: store.write_table(path, store.pd.DataFrame({"a": [1.0, 2.0]}), {"spec": "{}"}),
    "a.safetensors": lambda path: store.write_tensors(path, {"a": store.np.ones(2)}, {"spec": "{}"}),
}
READERS = {"a.nc": store.read_arrays, "a.parquet": store.read_table, "a.safetensors": store.read_tensors}
DAMAGES = {
    "half": lambda data: data[: len(data) // 2],
    "short": lambda data: data[:-1],
    "empty": lambda data: b"",
    "text": lambda data: b"dear diary, " * 100,
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_in_the_error(name, damage, tmp_path):
    path = tmp_path / name
    WRITERS[name](path)
    assert store.read_attributes(path)["spec"] == "{}"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    for read in (READERS[name], store.read_attributes):
        with pytest.raises(DamagedFile, match=rf"{name} is damaged: not a complete \w+ file$"):
            read(path)


@pytest.mark.parametrize("name", WRITERS)
def test_a_missing_file_is_not_a_damaged_one(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        READERS[name](tmp_path / name)


def damaged(path) -> DamagedFile:
    return DamagedFile(path, "is damaged", atomic_write.stamp(path))


def test_concurrent_jobs_set_a_damaged_file_aside_once(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("first")
    found = [damaged(path) for _ in range(8)]
    messages = []
    threads = [
        threading.Thread(target=lambda damage=damage: messages.append(input_checks.set_aside(damage)))
        for damage in found
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages) == 8
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.nc.damaged"]
    path.write_text("second")
    assert "a.nc.damaged2" in input_checks.set_aside(damaged(path))
    assert [(tmp_path / f"a.nc.damaged{n}").read_text() for n in ("", "2")] == ["first", "second"]


def test_a_file_replaced_in_the_meantime_stays(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("bad")
    damage = damaged(path)
    atomic_write.write_atomically(path, lambda file: file.write_text("good"))
    input_checks.set_aside(damage)
    assert [file.name for file in tmp_path.iterdir()] == ["a.nc"]


def test_a_symbolic_link_is_moved_and_its_target_stays(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a.nc").symlink_to("mine")
    input_checks.set_aside(damaged(tmp_path / "a.nc"))
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "a.nc.damaged").is_symlink()


def test_leftovers_of_a_killed_writer_are_removed_by_the_next_write(tmp_path):
    path = tmp_path / "a.nc"
    ours = tmp_path / f".a.{atomic_write.NODE}.{DEAD}.nc"
    elsewhere, old = tmp_path / ".a.elsewhere.12.nc", tmp_path / ".a.elsewhere.13.nc"
    alive = tmp_path / f".a.{atomic_write.NODE}.{os.getppid()}.nc"
    others = [
        tmp_path / name for name in (".a.nc", f".b.{atomic_write.NODE}.{DEAD}.nc", f".a.{atomic_write.NODE}.{DEAD}.txt")
    ]
    for file in (ours, elsewhere, old, alive, *others):
        file.write_text("")
    os.utime(old, (1000, 1000))
    atomic_write.write_atomically(path, lambda file: file.write_text("whole"))
    assert not ours.exists()
    assert not old.exists()
    assert all(file.exists() for file in (path, elsewhere, alive, *others))


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(122, "Disk quota exceeded"),
        store.SafetensorError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_raises_and_keeps_the_old_file(error, tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("old")

    def write(file):
        file.write_text("half")
        raise error

    with pytest.raises(DiskFull, match=r"^the disk of .* is full: a\.nc could not be written; [\d.]+ \w+ free"):
        atomic_write.write_atomically(path, write)
    assert [file.name for file in tmp_path.iterdir()] == ["a.nc"]
    assert path.read_text() == "old"


def test_other_errors_of_a_writer_are_raised_unchanged(tmp_path):
    def write(file):
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output") as error:
        atomic_write.write_atomically(tmp_path / "a.nc", write)
    assert not isinstance(error.value, DiskFull)


class Job:
    """The part of the object ``snakemake`` that the input checks read."""

    def __init__(self, *paths, tier: str = "smoke", problem: dict | None = None):
        self.input = [str(path) for path in paths]
        self.params = self
        self.tier = tier
        self.job = json.dumps({"problem": problem, "tier": tier})


def spec(case: str = "c", tier: str = "smoke") -> str:
    return json.dumps({"settings": {"document": "d"}, "experiment": "e", "case": case, "tier": tier})


def test_an_input_from_another_job_is_set_aside(tmp_path):
    right, wrong, stray, paper = (tmp_path / f"d/e/{case}/a.parquet" for case in ("c", "b", "s", "p"))
    for path, text in ((right, spec()), (wrong, spec()), (paper, spec("p", "paper"))):
        store.write_table(path, store.pd.DataFrame({"a": [1]}), {"spec": text})
    store.write_table(stray, store.pd.DataFrame({"a": [1]}), {})
    input_checks.check(Job(right))
    with pytest.raises(SetAside) as error:
        input_checks.check(Job(right, wrong, stray, paper))
    lines = str(error.value).splitlines()
    assert (
        "b/a.parquet is a result of another job, d/e/c of tier smoke; it was renamed to a.parquet.damaged." in lines[0]
    )
    assert "s/a.parquet is not a result of this project" in lines[1]
    assert "p/a.parquet is a result of another job, d/e/p of tier paper" in lines[2]
    assert right.exists()
    assert not any(path.exists() for path in (wrong, stray, paper))


def test_a_reference_of_another_problem_is_set_aside(tmp_path):
    path = tmp_path / "references/burgers.nc"
    store.write_arrays(path, store.xr.Dataset({"a": ("x", [1.0])}), {"spec": json.dumps({"viscosity": 0.1})})
    input_checks.check(Job(path, problem={"viscosity": 0.1}))
    with pytest.raises(SetAside, match="is the reference solution of another problem"):
        input_checks.check(Job(path, problem={"viscosity": 0.2}))
