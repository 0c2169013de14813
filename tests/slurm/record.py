"""Record of the cluster of a test run on this machine, by which the next run finds what a killed one has left.

Processes are recorded with their start times, because process numbers are reused.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

RECORD = Path("/etc/slurm/rectified-tests.json")
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Record:
    """A test run and its cluster.

    Attributes:
        folder: of the cluster.
        owner: process number of the test run, and its start time.
        daemons: the same of the daemons.
    """

    folder: str
    owner: tuple[int, str]
    daemons: list[tuple[int, str]]

    def write(self) -> None:
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        temporary = RECORD.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        os.replace(temporary, RECORD)


def read() -> Record | None:
    """Return the record on this machine, or None if there is none."""
    with suppress(FileNotFoundError):
        return Record(**json.loads(RECORD.read_text(encoding="utf-8")))
    return None


def remove(folder: Path) -> None:
    """Remove the record of the cluster in a folder; keep that of another cluster."""
    known = read()
    if known and known.folder == str(folder):
        RECORD.unlink()


def identity(pid: int) -> tuple[int, str]:
    """Return a process number and its start: the boot of the machine, and clock ticks since then."""
    ticks = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return pid, f"{BOOT.read_text(encoding='utf-8').strip()} {ticks}"


def living(recorded: tuple[int, str]) -> psutil.Process | None:
    """Return a recorded process, or None if it has ended."""
    with suppress(OSError, psutil.Error):
        process = psutil.Process(recorded[0])
        if tuple(recorded) == identity(process.pid) and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
