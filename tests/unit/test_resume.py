"""What a run takes over from one that was killed, and what it leaves alone."""

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
from reproduction.runtime.crash_recovery import Run
from reproduction.storage import atomic_write, input_checks, store
from reproduction.storage.errors import DamagedFile, DiskFull, SetAside

DEAD = 2**22 - 5  # beyond the largest number of a process
COMMAND = ["--cores", "2", "all"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of a run, with locks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(crash_recovery.atexit, "register", lambda *arguments, **keywords: None)
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/runs").mkdir()
    return tmp_path


def noted(folder, name: str, run: Run | str, time: int = 1000) -> None:
    note = folder / f".snakemake/runs/{name}.json"
    note.write_text(run if isinstance(run, str) else json.dumps(asdict(run)))
    os.utime(note, (time, time))


def lock(folder, name: str = "0.input", time: int = 1001):
    path = folder / f".snakemake/locks/{name}.lock"
    path.write_text("results/x\n")
    os.utime(path, (time, time))
    return path


def me(**changes) -> Run:
    process = psutil.Process()
    return Run(**{"machine": crash_recovery.machine(), "pid": process.pid, "started": process.create_time(), **changes})


def test_locks_of_a_run_that_is_no_more_are_removed(folder):
    noted(folder, "gone", me(pid=DEAD))
    held = lock(folder)
    assert crash_recovery.go_on(COMMAND) == "A run in this folder was killed. This one goes on from what it has left."
    assert not held.exists()
    assert [note.name for note in (folder / ".snakemake/runs").glob("*.json")] == [
        f"{platform.node()}-{os.getpid()}.json"
    ]


def marked(folder, output: str):
    """Mark an output as unfinished, as Snakemake does; long names are spread over folders."""
    marks = folder / ".snakemake/incomplete"
    path = FilePersistence._record_path(SimpleNamespace(_fetch_max_len=lambda subject: 60), str(marks), output)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("{}")
    return Path(path)


def test_outputs_that_a_dead_run_had_not_finished_are_removed_and_no_others(folder):
    noted(folder, "gone", me(pid=DEAD))
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
    marks = [marked(folder, name) for name in names]
    crash_recovery.go_on(COMMAND)
    assert [file.exists() for file in files] == [False, False, False, True, True]
    assert [mark.exists() for mark in marks] == [False, False, False, True]
    outside.unlink()


def test_jobs_of_a_dead_run_that_are_in_a_queue_are_taken_back(folder, monkeypatch):
    noted(folder, "gone", me(pid=DEAD))
    for output, number in (("results/a", '"57"'), ("results/b", '"57"'), ("results/c", "58"), ("results/d", "null")):
        marked(folder, output).write_text(f'{{"external_jobid": {number}}}')
    marked(folder, "results/e").write_text("half a ma")
    (folder / "scancel").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" > taken\n")
    (folder / "scancel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert "2 of its jobs still ran" in crash_recovery.go_on(COMMAND)
    assert sorted((folder / "taken").read_text().split()) == ["57", "58"]


def test_a_process_that_is_hidden_from_this_user_lives(monkeypatch):
    def hidden(pid):
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(crash_recovery.psutil, "Process", hidden)
    run = Run(crash_recovery.machine(), 1, 0.0)
    assert run.lives
    assert not Run(crash_recovery.machine(), DEAD, 0.0).lives


def test_a_step_of_the_clock_kills_nobody():
    process = psutil.Process()
    assert me(started=process.create_time() + 100).lives


def test_a_process_that_has_the_number_of_a_dead_one_is_another(folder):
    noted(folder, "gone", me(started=1.0))
    held = lock(folder)
    assert "was killed" in crash_recovery.go_on(COMMAND)
    assert not held.exists()


def test_a_dead_process_that_nobody_has_waited_for_does_not_live(folder):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = me(pid=child.pid, started=psutil.Process(child.pid).create_time())
    assert run.lives
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not run.lives
    child.communicate()


@pytest.mark.parametrize(
    "other",
    [
        me(),
        me(machine="elsewhere", pid=DEAD),
        me(machine=f"{platform.node()} pid:[1]", pid=DEAD),
        "{",
        "[]",
        '{"machine": "m"}',
    ],
    ids=["alive", "of another machine", "of another container", "half", "no run", "half a run"],
)
def test_nothing_is_touched_while_another_run_may_live(folder, other):
    noted(folder, "gone", me(pid=DEAD))
    noted(folder, "other", other)
    held = lock(folder)
    assert crash_recovery.go_on(COMMAND) == ""
    assert held.exists()
    assert (folder / ".snakemake/runs/gone.json").exists()
    assert (folder / ".snakemake/runs/other.json").exists()


def test_a_lock_that_is_older_than_the_dead_run_is_of_somebody_else(folder):
    noted(folder, "gone", me(pid=DEAD))
    older, younger = lock(folder, "0.input", 999), lock(folder, "1.input", 1001)
    crash_recovery.go_on(COMMAND)
    assert older.exists()
    assert not younger.exists()


def test_a_lock_without_any_note_is_left_to_its_owner(folder):
    held = lock(folder)
    assert crash_recovery.go_on(COMMAND) == ""
    assert held.exists()


def test_unlocking_forgets_runs_of_other_machines(folder):
    noted(folder, "other", me(machine="elsewhere"))
    mark = marked(folder, "results/half")
    crash_recovery.go_on(["--unlock", *COMMAND])
    assert not (folder / ".snakemake/runs/other.json").exists()
    assert not mark.exists()


def test_unlocking_does_not_end_a_run_that_lives_here(folder):
    noted(folder, "other", me(machine="elsewhere"))
    noted(folder, "alive", me())
    assert crash_recovery.go_on(["--unlock", *COMMAND]) == ""
    assert (folder / ".snakemake/runs/other.json").exists()


@pytest.mark.parametrize(
    "option",
    ["-n", "-np", "--dry-run", "--dryrun", "--lint", "--summary", "-S", "-D", "--report", "--dag", "--list", "-l"],
)
def test_a_run_that_runs_nothing_writes_nothing(folder, option):
    noted(folder, "gone", me(pid=DEAD))
    held = lock(folder)
    before = sorted(folder.rglob("*"))
    assert crash_recovery.go_on([*COMMAND, option]) == ""
    assert sorted(folder.rglob("*")) == before
    assert held.exists()


@pytest.mark.parametrize(
    "option", ["--nolock", "--keep-going", "-k", "--configfile", "-c2", "-call", "-jall", "--no-hooks"]
)
def test_other_options_are_none_of_these(folder, option):
    crash_recovery.go_on([*COMMAND, option])
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
def test_a_damaged_file_is_named_in_one_sentence(name, damage, tmp_path):
    path = tmp_path / name
    WRITERS[name](path)
    assert store.read_attributes(path)["spec"] == "{}"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    for read in (READERS[name], store.read_attributes):
        with pytest.raises(DamagedFile, match=rf"{name} is damaged: it is not a whole \w+ file$"):
            read(path)


@pytest.mark.parametrize("name", WRITERS)
def test_a_missing_file_is_no_damaged_one(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        READERS[name](tmp_path / name)


def damaged(path) -> DamagedFile:
    return DamagedFile(path, "is damaged", atomic_write.stamp(path))


def test_jobs_that_find_the_same_damage_set_it_aside_once(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("first")
    found = [damaged(path) for _ in range(8)]
    said = []
    threads = [
        threading.Thread(target=lambda damage=damage: said.append(input_checks.set_aside(damage))) for damage in found
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 8
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.nc.damaged"]
    path.write_text("second")
    assert "a.nc.damaged2" in input_checks.set_aside(damaged(path))
    assert [(tmp_path / f"a.nc.damaged{n}").read_text() for n in ("", "2")] == ["first", "second"]


def test_what_was_made_anew_meanwhile_stays(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("bad")
    damage = damaged(path)
    atomic_write.write_atomically(path, lambda file: file.write_text("good"))
    input_checks.set_aside(damage)
    assert [file.name for file in tmp_path.iterdir()] == ["a.nc"]


def test_a_link_of_the_user_is_moved_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a.nc").symlink_to("mine")
    input_checks.set_aside(damaged(tmp_path / "a.nc"))
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "a.nc.damaged").is_symlink()


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path):
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
def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(error, tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("old")

    def write(file):
        file.write_text("half")
        raise error

    with pytest.raises(
        DiskFull, match=r"^the disk that holds .* is full: a\.nc could not be written, [\d.]+ \w+ are fre"
    ):
        atomic_write.write_atomically(path, write)
    assert [file.name for file in tmp_path.iterdir()] == ["a.nc"]
    assert path.read_text() == "old"


def test_other_errors_of_a_writer_stay_what_they_are(tmp_path):
    def write(file):
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output") as error:
        atomic_write.write_atomically(tmp_path / "a.nc", write)
    assert not isinstance(error.value, DiskFull)


class Job:
    """What Snakemake tells a job, as far as its inputs are looked at."""

    def __init__(self, *paths, tier: str = "smoke", problem: dict | None = None):
        self.input = [str(path) for path in paths]
        self.params = self
        self.tier = tier
        self.job = json.dumps({"problem": problem, "tier": tier})


def spec(case: str = "c", tier: str = "smoke") -> str:
    return json.dumps({"settings": {"document": "d"}, "experiment": "e", "case": case, "tier": tier})


def test_an_input_of_another_job_is_set_aside(tmp_path):
    right, wrong, stray, paper = (tmp_path / f"d/e/{case}/a.parquet" for case in ("c", "b", "s", "p"))
    for path, text in ((right, spec()), (wrong, spec()), (paper, spec("p", "paper"))):
        store.write_table(path, store.pd.DataFrame({"a": [1]}), {"spec": text})
    store.write_table(stray, store.pd.DataFrame({"a": [1]}), {})
    input_checks.check(Job(right))
    with pytest.raises(SetAside) as error:
        input_checks.check(Job(right, wrong, stray, paper))
    lines = str(error.value).splitlines()
    assert "b/a.parquet is a result of another job, d/e/c of tier smoke; it is kept as a.parquet.damaged." in lines[0]
    assert "s/a.parquet is no result of a job of this project" in lines[1]
    assert "p/a.parquet is a result of another job, d/e/p of tier paper" in lines[2]
    assert right.exists()
    assert not any(path.exists() for path in (wrong, stray, paper))


def test_a_reference_of_another_problem_is_set_aside(tmp_path):
    path = tmp_path / "references/burgers.nc"
    store.write_arrays(path, store.xr.Dataset({"a": ("x", [1.0])}), {"spec": json.dumps({"viscosity": 0.1})})
    input_checks.check(Job(path, problem={"viscosity": 0.1}))
    with pytest.raises(SetAside, match="is the reference of another problem"):
        input_checks.check(Job(path, problem={"viscosity": 0.2}))
