"""What the archived code makes of the archived config: every job resolved anew, and one figure made from nothing.

Archived code runs only if it is the code of this project, or if one asks for it, and finds in its folder nothing but
code and config.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reproduction.archive.description import RESOLVED, Description, Finding
from reproduction.storage import store

HERE = Path(__file__).resolve().parents[3]
DATA_ONLY = (".yaml", ".yml", ".json", ".md", ".tsv")  # in those folders; nothing in them is ever run
RUN = ("Snakefile", "scripts/", "workflow/", "envs/")  # what a run reads besides config files
ROUNDING = 1e-9  # of the largest number of an array
SECONDS = 600


def recompute(folder: Path, description: Description, run: bool) -> Iterator[str]:
    """Resolve the config of an unpacked archive anew, and make its figure that takes seconds.

    Args:
        run: whether its code may run although it is not that of this project.
    """
    code = [name for name in _files(folder) if name.startswith(RUN)]
    others = [name for name in code if not name.endswith(DATA_ONLY) and not _is_here(folder, name)]
    if others and not run:
        yield Finding(f"the archived code is not that of this project, and did not run: {_some(others)}; RUN=1 runs it")
        return
    with tempfile.TemporaryDirectory() as empty:
        bare = Path(empty)
        for name in {*code, "config.yaml", *description.configfiles}:
            (bare / name).parent.mkdir(parents=True, exist_ok=True)
            (bare / name).write_bytes((folder / name).read_bytes())
        yield _resolved(folder, bare, description)
        yield from _figure(folder, bare, description)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _is_here(folder: Path, name: str) -> bool:
    return (HERE / name).is_file() and (HERE / name).read_bytes() == (folder / name).read_bytes()


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _resolved(folder: Path, bare: Path, description: Description) -> str:
    """Whether the config files, and the digests of the code, give what the archive says."""
    if description.python.split(".")[:2] != platform.python_version().split(".")[:2]:
        return f"{RESOLVED} was not compared: made with Python {description.python}, which digests code in another way"
    done = _run(["reproduction.archive.build", "resolve", *_layers(description)], bare)
    if done.returncode:
        return Finding(f"the archived config is not usable: {_last_line(done)}")
    if done.stdout != (folder / RESOLVED).read_text():
        return Finding(f"{RESOLVED} is not what the archived config files and code say")
    return f"{RESOLVED} is what the archived config files and code say"


def _figure(folder: Path, bare: Path, description: Description) -> Iterator[str]:
    if not description.recomputable:
        yield "config has no figure that takes seconds; none was recomputed"
        return
    done = _run(["snakemake", "--cores", "1", description.recomputable[0], *_layers(description)], bare)
    if done.returncode:
        yield Finding(f"{description.recomputable[0]} could not be recomputed: {_last_line(done)}")
        return
    for name in description.recomputable:
        yield _compared(name, folder / name, bare / name)


def _layers(description: Description) -> list[str]:
    return ["--configfile", *description.configfiles] if description.configfiles else []


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "no reason given"


def _run(module: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a folder, with the code of this project before that of the folder."""
    command = [sys.executable, "-P", "-m", *module]
    environment = {**os.environ, "PYTHONPATH": str(HERE / "scripts")}
    try:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"it takes more than {SECONDS} s")


def _compared(name: str, archived: Path, anew: Path) -> str:
    if not anew.is_file():
        return Finding(f"{name} was not made again")
    if archived.read_bytes() == anew.read_bytes():
        return f"{name} recomputed: the same bytes"
    difference = _difference(archived, anew)
    if difference <= ROUNDING:
        return f"{name} recomputed: the same numbers within {ROUNDING:g}, other bytes"
    return Finding(f"{name} recomputed: other numbers, by {difference:.1e} of the largest")


def _difference(first: Path, second: Path) -> float:
    """The greatest difference of two results, relative to the largest number of an array; infinite for other names."""
    one, two = (_arrays(path) for path in (first, second))
    if one.keys() != two.keys():
        return np.inf
    return max((_apart(one[name], two[name]) for name in one), default=0.0)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if path.suffix == ".parquet":
        table = store.read_table(path)
        return {name: table[name].to_numpy() for name in table}
    arrays = store.read_arrays(path)
    return {str(name): arrays[name].to_numpy() for name in arrays.variables}


def _apart(one: np.ndarray, two: np.ndarray) -> float:
    if one.shape != two.shape or one.dtype.kind != two.dtype.kind:
        return np.inf
    if one.dtype.kind not in "fiu":
        return 0.0 if (one == two).all() else np.inf
    if not (np.isfinite(one) == np.isfinite(two)).all() or not np.array_equal(
        one[~np.isfinite(one)], two[~np.isfinite(two)], equal_nan=True
    ):
        return np.inf
    finite = np.isfinite(one)
    largest = np.abs(one[finite]).max(initial=0.0)
    apart = np.abs(one[finite].astype(float) - two[finite].astype(float)).max(initial=0.0)
    return float(apart / largest) if largest else float(apart and np.inf)
