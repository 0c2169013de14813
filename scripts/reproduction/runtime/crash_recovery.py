"""What a killed run leaves behind, and how the same command goes on from it.

A run that is killed leaves Snakemake's locks, jobs that nobody waits for, and the marks of unfinished outputs. So each
run notes under ``.snakemake/runs`` where it runs, as what process and since when, and takes the note away at its end.
The next run that finds a note of a process of this machine that lives no more removes the locks that are younger than
the note, ends jobs of this folder that no Snakemake waits for, here and in the queue of a cluster, and removes the
outputs that Snakemake has marked as unfinished, so that their jobs run again. It leaves everything as it is while
another run may be alive: one that is, or one of another machine, of which it cannot tell.
"""

import atexit
import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from reproduction.storage import atomic_write

FOLDER = Path(".snakemake")
NOTES = FOLDER / "runs"
PATIENCE = 5.0
CLOCK = 600.0  # seconds that clocks may be set by; process numbers do not come back so soon

# Options under which Snakemake runs nothing, so that nothing is noted and nothing is removed.
IDLE = re.compile(
    r"--(dry|lint|summ|detailed|report|list|dag|d3dag|rulegraph|filegraph|archive|print-c|containerize|cleanup|delete|help|vers)"
    r"|-[npkqFfiSDlhv]*[nSDlhv]"
)


@dataclass(frozen=True)
class Run:
    """A run of the workflow as it is noted.

    Attributes:
        machine: name, and namespace of process numbers, of where it runs.
        pid: number of its process.
        started: when the process started, in seconds since 1970; process numbers come back.
    """

    machine: str
    pid: int
    started: float

    @property
    def lives(self) -> bool:
        """Whether its process is there; only to be asked on its own machine."""
        try:
            process = psutil.Process(self.pid)
            zombie = process.status() == psutil.STATUS_ZOMBIE
            return not zombie and abs(process.create_time() - self.started) < CLOCK
        except psutil.Error:  # there is none, or processes of other users are hidden
            return atomic_write.lives(self.pid)


def go_on(arguments: list[str]) -> str:
    """Prepare a run that has these command-line arguments; what the user should know of it, or nothing.

    Called in the main process of Snakemake, in the folder of the run.
    """
    if any(IDLE.match(argument) for argument in arguments):
        return ""
    left = ""
    with suppress(OSError), _alone():
        with suppress(OSError):
            dead = _dead("--unlock" in arguments)
            left = _clean(dead) if dead else ""
        _note()
    return left


def machine() -> str:
    """Name of this machine, with the namespace that its process numbers are from, where there are several."""
    with suppress(OSError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


@contextmanager
def _alone() -> Iterator[None]:
    """Keep out other runs that are just starting."""
    NOTES.mkdir(parents=True, exist_ok=True)
    with (NOTES / "guard").open("w") as guard:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _note() -> None:
    """Note this run until its end."""
    process = psutil.Process()
    run = Run(machine(), process.pid, process.create_time())
    note = (NOTES / f"{platform.node()}-{run.pid}.json").absolute()
    temporary = note.with_suffix(".new")
    with temporary.open("w") as file:
        json.dump(asdict(run), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, note)
    atexit.register(note.unlink, missing_ok=True)


def _noted(note: Path) -> Run | None:
    """The run that a note is of; None if it cannot be read."""
    try:
        return Run(**json.loads(note.read_text()))
    except (TypeError, ValueError):
        return None


def _dead(unlocking: bool) -> list[Path]:
    """Notes of runs that were killed; none while another run may be alive.

    Of runs of other machines only the user can tell, with ``--unlock``, that they are no more.
    """
    runs = {note: _noted(note) for note in NOTES.glob("*.json")}
    here = {note: run for note, run in runs.items() if run and run.machine == machine()}
    if any(run.lives for run in here.values()) or (len(here) < len(runs) and not unlocking):
        return []
    return list(runs)


def _clean(dead: list[Path]) -> str:
    """Remove what killed runs have left; say what that was."""
    since = min(note.stat().st_mtime_ns for note in dead)
    locks = [lock for lock in FOLDER.glob("locks/*.lock") if lock.stat().st_mtime_ns >= since]
    marks = _marks(since)
    orphans, queued = _orphans(), _queued(marks)
    end(orphans)
    if queued:
        subprocess.run(["scancel", *queued], capture_output=True)
    unfinished = [marks[mark] for mark in marks if marks[mark].is_file()]
    for file in [*unfinished, *marks, *locks, *dead]:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    if not (locks or orphans or queued):
        return ""
    jobs = len(orphans) + len(queued)
    left = f"; {jobs} of its jobs still ran and are ended" if jobs else ""
    return f"A run in this folder was killed{left}. This one goes on from what it has left."


def _marks(since: int) -> dict[Path, Path]:
    """The marks that Snakemake has set since then for outputs of running jobs, and these outputs.

    A mark is named after its output in base 64, long names spread over folders.
    """
    folder, marks = FOLDER / "incomplete", {}
    for mark in folder.rglob("*"):
        if mark.is_file() and mark.stat().st_mtime_ns >= since:
            name = "".join(part.removeprefix("@") for part in mark.relative_to(folder).parts)
            with suppress(ValueError):
                output = Path(os.path.normpath(urlsafe_b64decode(name).decode()))
                if not output.is_absolute() and ".." not in output.parts:
                    marks[mark] = output
    return marks


def _queued(marks: Iterable[Path]) -> list[str]:
    """Numbers of the jobs behind these marks in the queue of a cluster, where there is one."""
    if shutil.which("scancel") is None:
        return []
    numbers = {}
    for mark in marks:
        with suppress(OSError, ValueError):
            number = json.loads(mark.read_text()).get("external_jobid")
            numbers |= {str(number): None} if str(number).isdigit() else {}
    return list(numbers)


def _orphans() -> list[psutil.Process]:
    """Processes of this user that run jobs of this folder with no Snakemake above them."""
    scripts = f"{FOLDER.absolute()}/scripts/"
    return [process for process in _own() if _runs(process, scripts) and not any(map(is_snakemake, _above(process)))]


def _own() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == os.getuid():
                yield process


def _above(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.parents()
    return []


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _runs(process: psutil.Process, scripts: str) -> bool:
    words = _words(process)
    return len(words) > 1 and "python" in Path(words[0]).name and words[1].startswith(scripts)


def is_snakemake(process: psutil.Process) -> bool:
    """Whether a process is Snakemake, by its command line."""
    return any(Path(word).name == "snakemake" for word in _words(process)[:3])


def end(processes: list[psutil.Process]) -> None:
    """End processes, by force those that do not end by themselves."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=PATIENCE)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
