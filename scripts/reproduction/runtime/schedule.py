"""Predicted run time of a tier on a number of workers, from Snakemake's plan and the cost of each job.

The run time is at least that of the critical path, the longest chain of dependent jobs, and at least the total work
divided by the workers. The estimate is that of list scheduling: of the ready jobs, the one that starts the longest
chain goes first.
"""

import heapq
import os
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
LAUNCH = 0.1  # seconds of overhead per job of a local run; submission to SLURM takes about three more


@dataclass(frozen=True)
class PlannedJob:
    """A job of Snakemake's plan.

    Attributes:
        rule: name of the rule.
        stem: path of its benchmark in the folder of results, without suffix.
        needs: indices of the jobs it depends on.
    """

    rule: str
    stem: str
    needs: tuple[int, ...]


def dry_run(targets: Sequence[str], tier: str, everything: bool) -> str:
    """Return the output of a dry run of Snakemake.

    Args:
        targets: files or rules.
        tier: of the config.
        everything: whether to list jobs that are up to date as well.

    Raises:
        RuntimeError: if the dry run fails, with Snakemake's message.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--dry-run", "--nolock", "--cores", "1"]
    command += ["--forceall"] if everything else []
    command += ["--configfile", *TIERS[tier]] if TIERS[tier] else []
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"snakemake: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout + done.stderr


def read_jobs(text: str, results: str) -> list[PlannedJob]:
    """Return the jobs that a dry run lists, without rules that have no benchmark and only collect files."""
    listed = [(rule, fields) for rule, fields in listed_jobs(text) if "benchmark" in fields]
    maker = {file: index for index, (_, fields) in enumerate(listed) for file in _files(fields, "output")}
    return [
        PlannedJob(
            rule=rule,
            stem=fields["benchmark"].removeprefix(f"{results}/").removesuffix(cost_model.SUFFIX),
            needs=tuple(sorted({maker[file] for file in _files(fields, "input") if file in maker})),
        )
        for rule, fields in listed
    ]


def listed_jobs(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return the rule and fields (input, output, reason …) of every job in the output of a dry run."""
    jobs = JOB.findall(text)
    return [
        (rule, dict(line.strip().split(": ", 1) for line in body.splitlines() if ": " in line)) for rule, body in jobs
    ]


def _files(fields: Mapping[str, str], key: str) -> list[str]:
    return fields.get(key, "").split(", ")


def predict(jobs: list[PlannedJob], table: Costs, config: Config) -> list[float]:
    """Return the predicted seconds of each job."""
    return [LAUNCH + table.of(job.stem, config).seconds for job in jobs]


def chains(jobs: list[PlannedJob], seconds: list[float]) -> list[float]:
    """Return for each job the duration of the longest chain of dependent jobs that starts with it."""
    after: list[list[int]] = [[] for _ in jobs]
    for index, job in enumerate(jobs):
        for need in job.needs:
            after[need].append(index)
    longest = [0.0] * len(jobs)
    for index in reversed(_in_order(jobs)):
        longest[index] = seconds[index] + max((longest[follower] for follower in after[index]), default=0.0)
    return longest


def _in_order(jobs: list[PlannedJob]) -> list[int]:
    """Return the indices of the jobs in topological order."""
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


def makespan(jobs: list[PlannedJob], seconds: list[float], workers: int) -> float:
    """Return the time until the last job ends; a free worker takes the ready job with the longest chain."""
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


def critical_path(jobs: list[PlannedJob], seconds: list[float]) -> list[int]:
    """Return the longest chain of dependent jobs, from first to last."""
    longest = chains(jobs, seconds)
    path = [max(range(len(jobs)), key=longest.__getitem__)]
    while followers := [index for index, job in enumerate(jobs) if path[-1] in job.needs]:
        path.append(max(followers, key=longest.__getitem__))
    return path


def report(tier: str, jobs: list[PlannedJob], seconds: list[float]) -> str:
    """Format the plan: run time by number of workers, critical path, core-hours by experiment."""
    total, path = sum(seconds), critical_path(jobs, seconds)
    lines = [f"tier {tier}: {len(jobs)} jobs, {total / 3600:.1f} core-hours, from the costs in {cost_model.TABLE}", ""]
    lines += [f"{'workers':>7}  {'hours':>6}"]
    lines += [f"{workers:7d}  {makespan(jobs, seconds, workers) / 3600:6.2f}" for workers in WORKERS]
    lines += ["", f"critical path, {sum(seconds[index] for index in path) / 3600:.2f} hours:"]
    lines += [f"  {seconds[index] / 60:7.1f} min  {jobs[index].rule}  {jobs[index].stem}" for index in path]
    lines += ["", "core-hours by experiment:"]
    lines += [f"  {hours:7.2f}  {name}" for name, hours in _by_experiment(jobs, seconds)]
    return "\n".join(lines)


def _by_experiment(jobs: list[PlannedJob], seconds: list[float]) -> list[tuple[str, float]]:
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
