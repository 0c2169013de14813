"""Limits of the partitions of a SLURM cluster, checked before submission.

SLURM leaves a job that no node can run pending for an unbounded time, without an error; these checks raise one.
"""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rectified.errors import nearest
from reproduction.config.errors import ConfigError

FORMAT = "%R|%m|%c|%G|%l"
WHERE_TO_SET = "set it in the profile (default-resources or set-resources) or with --set-resources"


@dataclass(frozen=True)
class Partition:
    """Limits of one partition.

    Attributes:
        name: of the partition.
        megabytes: memory of the largest node.
        cpus: of the largest node.
        gpu: whether any node has a GPU.
        minutes: time limit of a job; None if there is none.
    """

    name: str
    megabytes: int
    cpus: int
    gpu: bool
    minutes: int | None


def partitions() -> dict[str, Partition]:
    """Return the partitions of this cluster, as listed by ``sinfo``.

    Raises:
        ConfigError: if this machine has no SLURM, or its controller does not answer.
    """
    if shutil.which("sinfo") is None:
        raise ConfigError("this profile submits to SLURM, but `sinfo` was not found; run Snakemake on a login node")
    done = subprocess.run(["sinfo", "--noheader", "--format", FORMAT], capture_output=True, encoding="utf-8")
    if done.returncode:
        *_, last = done.stderr.strip().splitlines() or ["no answer"]
        raise ConfigError(f"this profile submits to SLURM, but `sinfo` failed: {last}")
    return read_partitions(done.stdout)


def read_partitions(text: str) -> dict[str, Partition]:
    """Parse the output of ``sinfo``, which has one line per kind of node in each partition."""
    found: dict[str, Partition] = {}
    for line in filter(None, text.splitlines()):
        name, memory, cpus, gres, limit = line.split("|")
        old = found.get(name, Partition(name, 0, 0, False, None))
        found[name] = Partition(
            name=name,
            megabytes=max(old.megabytes, int(memory.rstrip("+"))),
            cpus=max(old.cpus, int(cpus.rstrip("+"))),
            gpu=old.gpu or gres.startswith("gpu") or ",gpu" in gres,
            minutes=_minutes(limit),
        )
    return found


def _minutes(limit: str) -> int | None:
    """Return the minutes of a time limit such as 1-12:00:00 or 30:00; None if it is infinite."""
    if not limit[0].isdigit():
        return None
    days, _, clock = limit.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    hours, minutes = parts[:2] if len(parts) == 3 else (0, parts[0])
    return (int(days or 0) * 24 + hours) * 60 + minutes


def check(jobs: Iterable[tuple[str, int, Mapping[str, Any]]], known: Mapping[str, Partition]) -> None:
    """Check that the cluster can run every job.

    Args:
        jobs: rule, threads and resources of each.
        known: the partitions, by name.

    Raises:
        ConfigError: for the first job that exceeds a limit; names the rule, the request and the limit.
    """
    for rule, threads, resources in jobs:
        partition = _partition(rule, str(resources.get("slurm_partition") or ""), known)
        _check_gpu(rule, resources, partition, known)
        for unit, requested, limit in (
            ("MB of memory", resources.get("mem_mb"), partition.megabytes),
            ("CPUs", threads, partition.cpus),
            ("minutes", resources.get("runtime"), partition.minutes),
        ):
            if limit is not None and isinstance(requested, int) and requested > limit:
                raise ConfigError(
                    f"rule {rule} requests {requested} {unit}; partition {partition.name!r} allows at most {limit}: "
                    "choose a larger partition or a smaller job"
                )


def _partition(rule: str, name: str, known: Mapping[str, Partition]) -> Partition:
    names = [one.strip() for one in name.split(",")]  # SLURM uses the one where the job starts first
    if all(one in known for one in names):
        return max((known[one] for one in names), key=lambda each: each.megabytes)
    if not name or name.startswith("CHANGE_ME"):
        raise ConfigError(
            f"rule {rule}: slurm_partition is not set; {WHERE_TO_SET}. Partitions of this cluster: {', '.join(known)}"
        )
    raise ConfigError(f"rule {rule}: unknown slurm_partition {name!r}; {nearest(name, known)}")


def _check_gpu(rule: str, resources: Mapping[str, Any], partition: Partition, known: Mapping[str, Partition]) -> None:
    requested = bool(resources.get("gpu")) or any(
        "gpu" in str(resources.get(key, "")) for key in ("gres", "slurm_extra")
    )
    if requested and not partition.gpu:
        having = ", ".join(name for name, each in known.items() if each.gpu) or "none"
        raise ConfigError(
            f"rule {rule} requests a GPU; partition {partition.name!r} has none. Partitions with GPUs: {having}"
        )
    if resources.get("device") == "cuda" and not requested:
        raise ConfigError(
            f"rule {rule} runs on cuda (`device` in config) but requests no GPU; add `gpu: 1` to its set-resources, "
            "as in the profile slurm-gpu"
        )
