"""Recomputation from an archive: every job resolved again, and one figure computed from scratch.

Archived code runs only if it is identical to the code of this project or the user requests it, in a folder that
contains only code and config.
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
CODE = ("Snakefile", "scripts/", "workflow/", "envs/")  # read by a run, besides config files
DATA_ONLY = (".yaml", ".yml", ".json", ".md", ".tsv")  # never executed
TOLERANCE = 1e-9  # relative to the largest absolute value of an array
TIMEOUT = 600  # seconds


def recompute(folder: Path, description: Description, run: bool) -> Iterator[str]:
    """Resolve the jobs of an unpacked archive again and recompute its fastest figure; yield one sentence per check.

    Args:
        folder: of the unpacked archive.
        description: of the archive.
        run: whether its code may run even if it differs from this project's code.
    """
    code = [name for name in _files(folder) if name.startswith(CODE)]
    foreign = [name for name in code if not name.endswith(DATA_ONLY) and not _is_same_here(folder, name)]
    if foreign and not run:
        names = _abbreviated(foreign)
        yield Finding(f"the archived code differs from this project's code and was not run: {names}; RUN=1 runs it")
        return
    with tempfile.TemporaryDirectory() as empty:
        bare = Path(empty)
        for name in {*code, "config.yaml", *description.configfiles}:
            (bare / name).parent.mkdir(parents=True, exist_ok=True)
            (bare / name).write_bytes((folder / name).read_bytes())
        yield _check_resolved(folder, bare, description)
        yield from _check_figure(folder, bare, description)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _is_same_here(folder: Path, name: str) -> bool:
    return (HERE / name).is_file() and (HERE / name).read_bytes() == (folder / name).read_bytes()


def _abbreviated(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check_resolved(folder: Path, bare: Path, description: Description) -> str:
    """Compare the jobs resolved from the archived config and the digests of the archived code with resolved.json."""
    if description.python.split(".")[:2] != platform.python_version().split(".")[:2]:
        return (
            f"{RESOLVED} was not compared: code digests of Python {description.python} differ from those of this Python"
        )
    done = _run(["reproduction.archive", "resolve", *_layers(description)], bare)
    if done.returncode:
        return Finding(f"the archived config is invalid: {_last_line(done)}")
    if done.stdout != (folder / RESOLVED).read_text(encoding="utf-8"):
        return Finding(f"{RESOLVED} does not match the archived config files and code")
    return f"{RESOLVED} matches the archived config files and code"


def _check_figure(folder: Path, bare: Path, description: Description) -> Iterator[str]:
    if not description.recomputable:
        yield "no figure was recomputed: the config has none that takes only seconds"
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
    """Run a Python module in a folder; the code of this project takes precedence over that of the folder."""
    command = [sys.executable, "-P", "-m", *module]
    environment = {**os.environ, "PYTHONPATH": str(HERE / "scripts"), "PYTHONUTF8": "1"}
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"it took more than {TIMEOUT} s")


def _compared(name: str, archived: Path, recomputed: Path) -> str:
    """Compare a recomputed file with the archived one: bytes, then numbers."""
    if not recomputed.is_file():
        return Finding(f"{name} was not recomputed")
    if archived.read_bytes() == recomputed.read_bytes():
        return f"{name} recomputed: identical bytes"
    difference = _relative_difference(archived, recomputed)
    if difference <= TOLERANCE:
        return f"{name} recomputed: equal within {TOLERANCE:g}, bytes differ"
    return Finding(f"{name} recomputed: numbers differ by {difference:.1e} of the largest")


def _relative_difference(first: Path, second: Path) -> float:
    """Largest difference of two files, relative to the largest value of an array; infinite if array names differ."""
    one, two = (_arrays(path) for path in (first, second))
    if one.keys() != two.keys():
        return np.inf
    return max((_array_difference(one[name], two[name]) for name in one), default=0.0)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if path.suffix == ".parquet":
        table = store.read_table(path)
        return {name: table[name].to_numpy() for name in table}
    arrays = store.read_arrays(path)
    return {str(name): arrays[name].to_numpy() for name in arrays.variables}


def _array_difference(one: np.ndarray, two: np.ndarray) -> float:
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
    largest_difference = np.abs(one[finite].astype(float) - two[finite].astype(float)).max(initial=0.0)
    return float(largest_difference / largest) if largest else float(largest_difference and np.inf)
