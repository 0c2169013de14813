"""Facts about a run for the report: package versions, config digest, machine, and job times.

Job times come from the benchmark files beside the results: those of the last execution of each job, on whatever machine
and under whatever other load. No result depends on them.
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

FASTEST_FIRST = (".safetensors", ".parquet", ".nc")  # data formats in the order in which attributes are read fastest
CPU_INFO = Path("/proc/cpuinfo")


def times(config: Config, results: str | Path) -> pd.DataFrame:
    """Return one row per experiment and per kind of other jobs: number of jobs, CPU and elapsed seconds, peak MB.

    Only jobs with a benchmark are counted; scorecards belong to no document and are excluded.
    """
    folders: dict[tuple[str, str], list[Path]] = {}
    for case in _cases_of_documents(config):
        folders.setdefault((case.document, case.experiment), []).append(Path(results, case.folder))
    folders |= {("", kind): [Path(results, kind)] for kind in SHARED}
    found = []
    for (document, name), paths in folders.items():
        files = sorted(file for path in paths for file in path.rglob(f"*{SUFFIX}"))
        jobs = [job for file in files if (job := benchmark_files.read(file))]
        if jobs:
            cpu, wall, memory = zip(*jobs)
            columns = {"jobs": len(jobs), "cpu": sum(cpu), "wall": sum(wall), "megabytes": max(memory)}
            found.append({"document": document, "experiment": name, **columns})
    return pd.DataFrame(found, columns=["document", "experiment", "jobs", "cpu", "wall", "megabytes"])


def recorded_versions(config: Config, results: str | Path, files: Iterable[str | Path]) -> dict[str, str]:
    """Return the versions of Python and packages recorded in one file of every case of the documents and in ``files``.

    If results differ in a version, all versions are listed.
    """
    paths = [path for case in _cases_of_documents(config) if (path := _data_of(case, results))]
    found: dict[str, set[str]] = {}
    for path in [*paths, *map(Path, files)]:
        try:
            recorded = json.loads(store.read_attributes(path).get("versions", "{}"))
        except DamagedFile:  # reported by the jobs that read it
            continue
        for package, version in recorded.items():
            found.setdefault(package, set()).add(version)
    return {package: ", ".join(sorted(found[package])) for package in sorted(found)}


def _cases_of_documents(config: Config) -> list[Case]:
    return [case for case in config.all_cases if case.document != SCORECARDS]


def _data_of(case: Case, results: str | Path) -> Path | None:
    """Return the file of a case whose attributes are read fastest, or None."""
    folder = Path(results, case.folder)
    files = [file for suffix in FASTEST_FIRST for file in sorted(folder.glob(f"[!.]*{suffix}"))]
    return files[0] if files else None


def config_digest(config: Config) -> str:
    """Return the SHA-256 of the config that results depend on: every job in full, the exhibits and the claims."""
    jobs = [config.job(case.experiment, case.case).model_dump_json() for case in config.all_cases]
    exhibits = config.model_dump_json(include={"figures", "tables", "claims"})
    return hashlib.sha256("\n".join([*jobs, exhibits]).encode()).hexdigest()


def machine() -> dict[str, str]:
    """Describe this machine: processor, cores, system."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    """Return the model of the processor, or its architecture if the model is unknown."""
    lines = CPU_INFO.read_text(encoding="utf-8").splitlines() if CPU_INFO.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
