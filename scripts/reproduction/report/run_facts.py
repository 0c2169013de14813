"""What a run was made with, and what it took: versions, code, config, machine, and the time of its jobs.

Times are read from the benchmarks beside the results. They are those of the last run of each job, on whatever machine
and beside whatever other work, and nothing that the results depend on.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from reproduction.config.config import SCORECARDS, Case, Config
from reproduction.runtime import benchmark_files
from reproduction.runtime.benchmark_files import SHARED, SUFFIX
from reproduction.storage import store
from reproduction.storage.errors import DamagedFile

DATA = (".safetensors", ".parquet", ".nc")  # in the order in which they are quick to read
CPU_INFO = Path("/proc/cpuinfo")


def times(config: Config, results: str | Path) -> pd.DataFrame:
    """One row per experiment, and per kind of other jobs: jobs, seconds of the processor and of the clock, and MB.

    Only jobs that have left a benchmark count, and only those of documents: scorecards are made beside the report.
    """
    folders: dict[tuple[str, str], list[Path]] = {}
    for case in _cases_of_documents(config):
        folders.setdefault((case.document, case.experiment), []).append(Path(results, case.folder))
    folders |= {("", kind): [Path(results, kind)] for kind in SHARED}
    found = []
    for (document, name), places in folders.items():
        files = sorted(file for place in places for file in place.rglob(f"*{SUFFIX}"))
        jobs = [job for file in files if (job := benchmark_files.read(file))]
        if jobs:
            cpu, wall, memory = zip(*jobs)
            columns = {"jobs": len(jobs), "cpu": sum(cpu), "wall": sum(wall), "megabytes": max(memory)}
            found.append({"document": document, "experiment": name, **columns})
    return pd.DataFrame(found, columns=["document", "experiment", "jobs", "cpu", "wall", "megabytes"])


def versions(config: Config, results: str | Path, files: Iterable[str | Path]) -> dict[str, str]:
    """Versions of Python and of packages that results note: those of a file of every case of a document, and of files
    given.

    Results of different versions have all of them named.
    """
    paths = [path for case in _cases_of_documents(config) if (path := _data_of(case, results))]
    found: dict[str, set[str]] = {}
    for path in [*paths, *map(Path, files)]:
        try:
            noted = json.loads(store.read_attributes(path).get("versions", "{}"))
        except DamagedFile:  # told by the jobs that read it
            continue
        for package, version in noted.items():
            found.setdefault(package, set()).add(version)
    return {package: ", ".join(sorted(found[package])) for package in sorted(found)}


def _cases_of_documents(config: Config) -> list[Case]:
    return [case for case in config.all_cases if case.document != SCORECARDS]


def _data_of(case: Case, results: str | Path) -> Path | None:
    """The file of a case whose attributes are the quickest to read."""
    folder = Path(results, case.folder)
    files = [file for suffix in DATA for file in sorted(folder.glob(f"[!.]*{suffix}"))]
    return files[0] if files else None


def config_digest(config: Config) -> str:
    """SHA-256 of all that results depend on: every job in full, the exhibits and the claims."""
    jobs = [config.job(case.experiment, case.case).model_dump_json() for case in config.all_cases]
    exhibits = config.model_dump_json(include={"figures", "tables", "claims"})
    return hashlib.sha256("\n".join([*jobs, exhibits]).encode()).hexdigest()


def machine() -> dict[str, str]:
    """The machine that this runs on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    """The model of the processor, as far as the system tells."""
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
