"""The benchmarks that Snakemake leaves beside the results: what a job took."""

import csv
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".benchmark.tsv"
SHARED = ("figures", "tables", "claims", "references")  # folders of jobs that are of no case


class Benchmark(NamedTuple):
    """What one job took.

    Attributes:
        cpu: seconds of the processor, which other work does not change, when last sampled: up to half a minute before
            the end.
        wall: seconds of the clock.
        megabytes: of memory, at most at a time.
    """

    cpu: float
    wall: float
    megabytes: float


def read(path: Path) -> Benchmark | None:
    """What a benchmark says; nothing if its job was killed."""
    with path.open() as file:
        row = next(csv.DictReader(file, dialect="excel-tab"), None)
    if row is None:
        return None
    cpu, wall, megabytes = (float(row[key].replace("-", "0")) for key in ("cpu_time", "s", "max_rss"))
    return Benchmark(cpu or wall, wall, megabytes)  # too short to be sampled
