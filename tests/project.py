"""Copies of the project for running the workflow."""

import ctypes
import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reproduction.runtime.schedule import listed_jobs

ROOT = Path(__file__).parent.parent
PR_SET_PDEATHSIG = 1  # of Linux
ALL = ("all", "report", "scorecards")
SMOKE = ("--configfile", "workflow/tiers/smoke.yaml")
REMEMBERED = ROOT / ".smoke-checksums.json"
CODE = ("Snakefile", "config.yaml", "requirements.txt", "scripts/", "envs/", "workflow/rules/", "workflow/tiers/")


def supervised() -> None:
    """Let a child process die with the tests, and receive SIGINT even if they run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def guarded(leader: int) -> Iterator[None]:
    """Kill a process group, including suspended processes, if the tests are killed."""
    command = ["sh", "-c", f"read line || kill -s KILL -- -{leader}"]  # reads the end of the file when the tests die
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        guard.communicate(b"\n")


class Project:
    """A copy of the project in which Snakemake runs."""

    def __init__(self, folder: Path):
        self.folder = folder
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)

    def command(self, *arguments: str, cores: int = 2) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]

    def run(
        self,
        *arguments: str,
        cores: int = 2,
        ok: bool = True,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        held: Sequence[int] = (),
    ) -> str:
        """Run Snakemake and return its output.

        Args:
            arguments: of the command line.
            cores: number of jobs at once.
            ok: whether the run must succeed, otherwise fail.
            cwd: folder in which it runs, instead of that of the project.
            env: its environment.
            held: open files that it keeps open, such as a lock.
        """
        done = subprocess.run(
            self.command(*arguments, cores=cores),
            cwd=cwd or self.folder,
            env=env,
            pass_fds=held,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, output[-5000:]
        return output

    def planned(self, *arguments: str) -> dict[tuple[str, str], str]:
        """Return the planned jobs of a run: (rule, output stem) → reason."""
        plan = {}
        for rule, fields in listed_jobs(self.run("-n", *arguments)):
            names = [item.split("=", 1)[1] for item in fields.get("wildcards", "").split(", ") if "=" in item]
            plan[rule, "/".join(names[1:])] = fields.get("reason", "")
        return plan

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that occurs once in a file."""
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(text)

    def data(self) -> dict[str, bytes]:
        """Return all results by path, except logs, timings, and the report, which states timings."""
        return data_in(self.folder / "results/smoke")

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of all results by path, except logs and timings."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.data().items()}

    def key(self) -> str:
        """Return a checksum of code and configuration."""
        tracked = [file for file in sorted(self.folder.rglob("*")) if file.is_file() and self._is_code(file)]
        return hashlib.sha256(b"".join(file.read_bytes() for file in tracked)).hexdigest()

    def _is_code(self, file: Path) -> bool:
        path = str(file.relative_to(self.folder))
        return path.startswith(CODE)


def data_in(results: Path) -> dict[str, bytes]:
    """Return the results in a folder by path, as ``Project.data``."""
    kept = {".nc", ".parquet", ".safetensors", ".csv", ".tex", ".html", ".pdf", ".png"}
    files = [file for file in sorted(results.rglob("*")) if file.suffix in kept and file.stem != "report"]
    return {str(file.relative_to(results)): file.read_bytes() for file in files}


def remember_smoke(key: str, project: Project) -> None:
    """Store the results of a finished smoke tier of a project for later comparisons."""
    REMEMBERED.write_text(json.dumps({"key": key, "checksums": project.checksums()}))


def remembered_smoke(project: Project) -> dict[str, str] | None:
    """Return the results of an undisturbed smoke tier of the same project, or None if unknown."""
    if not REMEMBERED.exists():
        return None
    noted = json.loads(REMEMBERED.read_text())
    return noted["checksums"] if noted["key"] == project.key() else None
