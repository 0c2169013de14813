"""Recovery from a killed run, so that the same command resumes it.

A killed run leaves Snakemake's locks, orphaned jobs, and markers of incomplete outputs. Each run therefore writes a
record to ``.snakemake/runs`` with its machine, process number and start time, and deletes it when it ends. If the next
run finds a record of a process of this machine that no longer exists, it removes the locks that are newer than the
record, terminates orphaned jobs of this folder, local or in the queue of a cluster, and removes the outputs that
Snakemake has marked as incomplete, so that their jobs run again. Nothing is changed while another run may be alive:
one of this machine that is, or one of another machine, whose state is unknown.
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

SNAKEMAKE_FOLDER = Path(".snakemake")
RUN_RECORDS = SNAKEMAKE_FOLDER / "runs"
GRACE_SECONDS = 5.0  # between SIGTERM and SIGKILL
CLOCK_TOLERANCE = 600.0  # seconds by which a clock may be adjusted; process numbers are not reused so soon

# Options with which Snakemake runs no job; no record is written and nothing is removed.
NO_JOBS = re.compile(
    r"--(dry|lint|summ|detailed|report|list|dag|d3dag|rulegraph|filegraph|archive|print-c|containerize|cleanup|delete|help|vers)"
    r"|-[npkqFfiSDlhv]*[nSDlhv]"
)


@dataclass(frozen=True)
class RunRecord:
    """Record of a run of the workflow.

    Attributes:
        machine: as ``machine_id``.
        pid: process number.
        started: start time of the process in seconds since 1970, because process numbers are reused.
    """

    machine: str
    pid: int
    started: float

    @property
    def alive(self) -> bool:
        """True if the process exists; valid only on the machine of the run."""
        try:
            process = psutil.Process(self.pid)
            zombie = process.status() == psutil.STATUS_ZOMBIE
            return not zombie and abs(process.create_time() - self.started) < CLOCK_TOLERANCE
        except psutil.Error:  # no such process, or processes of other users are hidden
            return atomic_write.lives(self.pid)


def recover(arguments: list[str]) -> str:
    """Clean up after a killed run and record this run; return a message for the user, or an empty string.

    Must be called in the main process of Snakemake, in the folder of the run.

    Args:
        arguments: of the command line.
    """
    if any(NO_JOBS.match(argument) for argument in arguments):
        return ""
    message = ""
    with suppress(OSError), _exclusive():
        with suppress(OSError):
            killed = _killed_runs("--unlock" in arguments)
            message = _clean_up(killed) if killed else ""
        _record_run()
    return message


def machine_id() -> str:
    """Return the name of this machine, and the namespace of its process numbers if available."""
    with suppress(OSError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


@contextmanager
def _exclusive() -> Iterator[None]:
    """Block other runs that are starting."""
    RUN_RECORDS.mkdir(parents=True, exist_ok=True)
    with (RUN_RECORDS / "guard").open("w", encoding="utf-8") as guard:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _record_run() -> None:
    """Write the record of this run; it is deleted when the process exits."""
    process = psutil.Process()
    run = RunRecord(machine_id(), process.pid, process.create_time())
    record = (RUN_RECORDS / f"{platform.node()}-{run.pid}.json").absolute()
    temporary = record.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(run), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, record)
    atexit.register(record.unlink, missing_ok=True)


def _read_record(path: Path) -> RunRecord | None:
    """Read the record of a run; return None if it is invalid."""
    try:
        return RunRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError):
        return None


def _killed_runs(unlocking: bool) -> list[Path]:
    """List the records of killed runs; empty while another run may be alive.

    Runs of other machines count as alive unless the user states with ``--unlock`` that they are not.
    """
    runs = {path: _read_record(path) for path in RUN_RECORDS.glob("*.json")}
    here = {path: run for path, run in runs.items() if run and run.machine == machine_id()}
    if any(run.alive for run in here.values()) or (len(here) < len(runs) and not unlocking):
        return []
    return list(runs)


def _clean_up(records: list[Path]) -> str:
    """Remove the locks, jobs and incomplete outputs of killed runs; return a message, or an empty string."""
    since = min(record.stat().st_mtime_ns for record in records)
    locks = [lock for lock in SNAKEMAKE_FOLDER.glob("locks/*.lock") if lock.stat().st_mtime_ns >= since]
    markers = _incomplete_outputs(since)
    orphans, queued = _orphans(), _queued_jobs(markers)
    _terminate(orphans)
    if queued:
        subprocess.run(["scancel", *queued], capture_output=True)
    incomplete = [output for output in markers.values() if output.is_file()]
    for file in [*incomplete, *markers, *locks, *records]:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    if not (locks or orphans or queued):
        return ""
    jobs = len(orphans) + len(queued)
    terminated = f"; terminated {jobs} of its jobs that were still running" if jobs else ""
    return f"A run in this folder was killed{terminated}. Resuming it; finished work is skipped."


def _incomplete_outputs(since: int) -> dict[Path, Path]:
    """Map Snakemake's markers of incomplete outputs to these outputs.

    The name of a marker is that of its output in base 64; long names are split into folders.

    Args:
        since: time in nanoseconds; older markers are ignored.
    """
    folder, markers = SNAKEMAKE_FOLDER / "incomplete", {}
    for marker in folder.rglob("*"):
        if marker.is_file() and marker.stat().st_mtime_ns >= since:
            name = "".join(part.removeprefix("@") for part in marker.relative_to(folder).parts)
            with suppress(ValueError):
                output = Path(os.path.normpath(urlsafe_b64decode(name).decode()))
                if not output.is_absolute() and ".." not in output.parts:
                    markers[marker] = output
    return markers


def _queued_jobs(markers: Iterable[Path]) -> list[str]:
    """Return the SLURM job numbers in these markers; empty if there is no SLURM."""
    if shutil.which("scancel") is None:
        return []
    numbers = {}
    for marker in markers:
        with suppress(OSError, ValueError):
            number = json.loads(marker.read_text(encoding="utf-8")).get("external_jobid")
            numbers |= {str(number): None} if str(number).isdigit() else {}
    return list(numbers)


def _orphans() -> list[psutil.Process]:
    """List the processes of this user that run jobs of this folder without a parent Snakemake."""
    scripts = f"{SNAKEMAKE_FOLDER.absolute()}/scripts/"
    jobs = [process for process in _own_processes() if _runs_script(process, scripts)]
    return [process for process in jobs if not any(map(_is_snakemake, _ancestors(process)))]


def _own_processes() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == os.getuid():
                yield process


def _ancestors(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.parents()
    return []


def _command_line(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _runs_script(process: psutil.Process, scripts: str) -> bool:
    words = _command_line(process)
    return len(words) > 1 and "python" in Path(words[0]).name and words[1].startswith(scripts)


def _is_snakemake(process: psutil.Process) -> bool:
    return any(Path(word).name == "snakemake" for word in _command_line(process)[:3])


def _terminate(processes: list[psutil.Process]) -> None:
    """Terminate processes; kill those that do not exit in time."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=GRACE_SECONDS)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
