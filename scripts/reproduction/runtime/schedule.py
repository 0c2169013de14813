"""How long a tier takes on so many workers: its jobs as Snakemake plans them, and what each costs.

No run is shorter than the longest chain of jobs that wait for each other, the critical path, nor than all work
shared evenly; between the two, jobs are scheduled one by one, the one with the longest chain behind it first.
"""

import heapq
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reproduction.config import loading
from reproduction.config.config import Config
from reproduction.runtime import cost_model
from reproduction.runtime.cost_model import Costs

JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", re.M)
TIERS = {"draft": [], "smoke": ["workflow/tiers/smoke.yaml"], "paper": ["workflow/tiers/paper.yaml"]}
WORKERS = (1, 8, 64)
LAUNCH = 3.0  # seconds of Snakemake's own for each job, about what submission to SLURM takes


@dataclass(frozen=True)
class Job:
    """A job of the plan.

    Attributes:
        rule: its rule.
        stem: of its benchmark, in the folder of results.
        needs: indices of the jobs that it waits for.
    """

    rule: str
    stem: str
    needs: tuple[int, ...]


def dry_run(targets: Sequence[str], tier: str, everything: bool) -> str:
    """What a dry run of Snakemake prints.

    Args:
        everything: whether to list jobs that are up to date as well.

    Raises:
        RuntimeError: with Snakemake's message, if the dry run fails.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--dry-run", "--nolock", "--cores", "1"]
    command += ["--forceall"] if everything else []
    command += ["--configfile", *TIERS[tier]] if TIERS[tier] else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"snakemake: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout + done.stderr


def read_jobs(text: str, results: str) -> list[Job]:
    """The jobs that a dry run lists; rules without a benchmark only collect files and are left out."""
    listed = [(rule, fields) for rule, fields in listed_jobs(text) if "benchmark" in fields]
    maker = {file: index for index, (_, fields) in enumerate(listed) for file in _files(fields, "output")}
    return [
        Job(
            rule=rule,
            stem=fields["benchmark"].removeprefix(f"{results}/").removesuffix(cost_model.SUFFIX),
            needs=tuple(sorted({maker[file] for file in _files(fields, "input") if file in maker})),
        )
        for rule, fields in listed
    ]


def listed_jobs(text: str) -> list[tuple[str, dict[str, str]]]:
    """Rule and fields (input, output, reason …) of every job in what a dry run prints."""
    jobs = JOB.findall(text)
    return [
        (rule, dict(line.strip().split(": ", 1) for line in body.splitlines() if ": " in line)) for rule, body in jobs
    ]


def _files(fields: Mapping[str, str], key: str) -> list[str]:
    return fields.get(key, "").split(", ")


def predict(jobs: list[Job], table: Costs, config: Config) -> list[float]:
    """Seconds that each job takes."""
    return [LAUNCH + table.of(job.stem, config).seconds for job in jobs]


def chains(jobs: list[Job], seconds: list[float]) -> list[float]:
    """For each job, the time from its start to the end of the longest chain of jobs that begins with it."""
    after: list[list[int]] = [[] for _ in jobs]
    for index, job in enumerate(jobs):
        for need in job.needs:
            after[need].append(index)
    longest = [0.0] * len(jobs)
    for index in reversed(_in_order(jobs)):
        longest[index] = seconds[index] + max((longest[follower] for follower in after[index]), default=0.0)
    return longest


def _in_order(jobs: list[Job]) -> list[int]:
    """The jobs, each after all that it needs."""
    placed: dict[int, None] = {}
    for index in range(len(jobs)):
        stack = [index]
        while stack:
            missing = [need for need in jobs[stack[-1]].needs if need not in placed]
            if missing:
                stack.extend(missing)
            else:
                placed[stack.pop()] = None
    return list(placed)


def makespan(jobs: list[Job], seconds: list[float], workers: int) -> float:
    """Time until the last job ends when free workers always take the ready job with the longest chain behind it."""
    priority = chains(jobs, seconds)
    waiting = Counter({index: len(job.needs) for index, job in enumerate(jobs)})
    ready = [(-priority[index], index) for index in range(len(jobs)) if not waiting[index]]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < workers:
            _, index = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[index], index))
        now, ended = heapq.heappop(running)
        for index, job in enumerate(jobs):
            if ended in job.needs:
                waiting[index] -= 1
                if not waiting[index]:
                    heapq.heappush(ready, (-priority[index], index))
    return now


def critical_path(jobs: list[Job], seconds: list[float]) -> list[int]:
    """The longest chain of jobs that wait for each other, first to last."""
    longest = chains(jobs, seconds)
    path = [max(range(len(jobs)), key=longest.__getitem__)]
    while followers := [index for index, job in enumerate(jobs) if path[-1] in job.needs]:
        path.append(max(followers, key=longest.__getitem__))
    return path


def report(tier: str, jobs: list[Job], seconds: list[float]) -> str:
    """What a person wants to know before starting: how long, on how many workers, and why not faster."""
    total, path = sum(seconds), critical_path(jobs, seconds)
    lines = [f"tier {tier}: {len(jobs)} jobs, {total / 3600:.1f} core-hours, from the costs in {cost_model.TABLE}", ""]
    lines += [f"{'workers':>7}  {'hours':>6}"]
    lines += [f"{workers:7d}  {makespan(jobs, seconds, workers) / 3600:6.2f}" for workers in WORKERS]
    lines += ["", f"critical path, {sum(seconds[index] for index in path) / 3600:.2f} hours:"]
    lines += [f"  {seconds[index] / 60:7.1f} min  {jobs[index].rule}  {jobs[index].stem}" for index in path]
    lines += ["", "core-hours by experiment:"]
    lines += [f"  {hours:7.2f}  {name}" for name, hours in _by_experiment(jobs, seconds)]
    return "\n".join(lines)


def _by_experiment(jobs: list[Job], seconds: list[float]) -> list[tuple[str, float]]:
    hours: Counter[str] = Counter()
    for job, each in zip(jobs, seconds):
        hours["/".join(job.stem.split("/")[:2])] += each / 3600
    return hours.most_common(12)


def main() -> None:
    arguments = ArgumentParser(description="Print how long a tier takes on 1, 8 and 64 workers.")
    arguments.add_argument("tier", choices=TIERS, nargs="?", default="paper")
    tier = arguments.parse_args().tier
    config = loading.read(TIERS[tier])
    jobs = read_jobs(dry_run(["all"], tier, everything=True), config.results)
    print(report(tier, jobs, predict(jobs, Costs.read(cost_model.TABLE), config)))


if __name__ == "__main__":
    main()
