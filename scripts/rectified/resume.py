"""What a killed run leaves behind, and how the same command goes on from it.

A run that is killed leaves Snakemake's locks, jobs that nobody waits for, and the marks of unfinished outputs. So each
run notes under ``.snakemake/runs`` where it runs, as what process and since when, and takes the note away at its end.
The next run that finds a note of a process of this machine that lives no more removes the locks that are younger than
the note, ends what that process had started, and removes the outputs that Snakemake has marked as unfinished, so that
their jobs run again. It leaves everything as it is while another run may be alive: one that is, or one of another
machine, of which it cannot tell.
"""

import atexit
import fcntl
import json
import os
import platform
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

FOLDER = Path(".snakemake")
NOTES = FOLDER / "runs"
PATIENCE = 5.0
CLOCK = 2.0

# Options under which Snakemake runs nothing, so that nothing is noted and nothing is removed.
IDLE = re.compile(r"--dry|--lint|-(?!-)[a-zA-Z]*n")


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
        except psutil.NoSuchProcess:
            return False


def go_on(arguments: list[str]) -> str:
    """Prepare a run that has these command-line arguments; what the user should know of it, or nothing.

    Called in the main process of Snakemake, in the folder of the run.
    """
    if any(IDLE.match(argument) for argument in arguments):
        return ""
    with suppress(OSError), _alone():
        dead = _dead("--unlock" in arguments)
        left = _clean(dead) if dead else ""
        _note()
        return left
    return ""


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
    """Notes of runs of this machine that were killed; none while another run may be alive.

    With ``--unlock`` the user says that none is: then the notes of other machines go too.
    """
    dead = []
    for note in NOTES.glob("*.json"):
        run = _noted(note)
        here = run is not None and run.machine == machine()
        if here and not run.lives:
            dead.append(note)
        elif not here and unlocking:
            note.unlink()
        else:
            return []
    return dead


def _clean(dead: list[Path]) -> str:
    """Remove what killed runs have left; say what that was."""
    since = min(note.stat().st_mtime_ns for note in dead)
    locks = [lock for lock in FOLDER.glob("locks/*.lock") if lock.stat().st_mtime_ns >= since]
    orphans = _orphans()
    end(orphans)
    for file in [*_unfinished(), *locks, *dead]:
        file.unlink(missing_ok=True)
    if not (locks or orphans):
        return ""
    left = f"; {len(orphans)} of its jobs still ran and are ended" if orphans else ""
    return f"A run in this folder was killed{left}. This one goes on from what it has left."


def _unfinished() -> list[Path]:
    """Outputs of jobs that were running, and the marks that Snakemake has set for them: their names in base 64."""
    folder = FOLDER / "incomplete"
    marks = [mark for mark in folder.rglob("*") if mark.is_file()]
    names = ["".join(part.removeprefix("@") for part in mark.relative_to(folder).parts) for mark in marks]
    with suppress(ValueError):
        outputs = [Path(urlsafe_b64decode(name).decode()).resolve() for name in names]
        return [output for output in outputs if output.is_file() and output.is_relative_to(Path.cwd())] + marks
    return []


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
