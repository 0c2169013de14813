"""Trace a figure or table to its data, experiments, tasks and equations; list what is stale, and the cost.

make explain FIGURE=deep_ritz/fig3
"""

import ast
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from rectified.errors import nearest
from reproduction.config import loading, tasks
from reproduction.config.config import Config
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.entry import Exhibit
from reproduction.config.experiments import Case
from reproduction.runtime import cost_model
from reproduction.runtime.cost_model import Costs
from reproduction.runtime.rerun_reasons import StaleJob, first_causes, short_reason
from reproduction.runtime.schedule import TIERS, PlannedJob, dry_run, listed_jobs, predict, read_jobs
from reproduction.storage import store

KINDS = {"figure": "plot", "table": "table"}
SHOWN_CASES = 6
SHOWN_JOBS = 8
LABEL = 12


class NamedExhibit(NamedTuple):
    """A figure or table of config.

    Attributes:
        kind: ``figure`` or ``table``.
        document, name: of the exhibit.
        entry: its entry in config.
    """

    kind: str
    document: str
    name: str
    entry: Exhibit

    def stem(self, results: str) -> str:
        """Return the path of its files without the suffix."""
        return f"{results}/{self.kind}s/{self.document}/{self.name}"


def find(config: Config, name: str) -> NamedExhibit:
    """Return a figure or table.

    Args:
        config: that defines it.
        name: ``document/name``.

    Raises:
        ConfigError: if the name is unknown.
    """
    groups = {"figure": config.figures, "table": config.tables}
    known = {
        f"{document}/{entry}": NamedExhibit(kind, document, entry, entries[entry])
        for kind, documents in groups.items()
        for document, entries in documents.items()
        for entry in entries
    }
    if name not in known:
        raise ConfigError(f"unknown figure or table {name!r}; {nearest(name, known)}")
    return known[name]


def trace(config: Config, exhibit: NamedExhibit) -> list[str]:
    """Return the path figure ← data ← experiment ← task ← equation as lines of text."""
    family = exhibit.entry.family
    module = f"scripts/reproduction/exhibits/{exhibit.kind}s/{family}.py"
    lines = [
        f"{exhibit.document}/{exhibit.name}, {config.tier} tier: {type(exhibit.entry).__doc__.splitlines()[0]}",
        "",
    ]
    lines += _labelled(exhibit.kind, [f"{exhibit.stem(config.results)}.{'pdf' if exhibit.kind == 'figure' else 'csv'}"])
    lines += _labelled("", [f"made by scripts/{KINDS[exhibit.kind]}.py: {module}", *_source(module)])
    for task, cases in _by_task(config, upstream(config, config.select(exhibit.entry.data))).items():
        lines += ["", *_task_lines(config, task, cases)]
    return lines


def upstream(config: Config, cases: Iterable[Case]) -> list[Case]:
    """Return cases and all cases whose results they read, directly or indirectly."""
    found: dict[Case, None] = {}
    waiting = list(cases)
    while waiting:
        case = waiting.pop(0)
        if case not in found:
            found[case] = None
            waiting += config.read_cases(config.settings_of(case))
    return list(found)


def _by_task(config: Config, cases: Iterable[Case]) -> dict[str, list[Case]]:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(config.settings_of(case).task, []).append(case)
    return groups


def _task_lines(config: Config, task: str, cases: list[Case]) -> list[str]:
    """Return data, experiments and equation of the cases of one task as lines of text."""
    equation = tasks.model(task).equation
    folders = _abbreviated([f"{config.results}/{case.folder}/" for case in cases])
    experiments = dict.fromkeys((case.document, case.experiment) for case in cases)
    places = [f"{name}, config.yaml:{line_of(name)}" for _, name in experiments]
    modules = ", ".join(f"scripts/rectified/{module}.py" for module in equation.modules)
    return [
        *_labelled("data", folders),
        *_labelled("experiment", places),
        *_labelled(
            "task", [f"{task}: scripts/reproduction/config/tasks/{task}.py, scripts/reproduction/jobs/{task}.py"]
        ),
        *_labelled("equation", [equation.text, f"{equation.source}; in {modules}"]),
    ]


def claims(config: Config, exhibit: NamedExhibit, decided: Mapping[tuple[str, str], str]) -> list[str]:
    """Return the claims that an exhibit shows, with verdicts, as lines of text.

    Args:
        config: with the claims.
        exhibit: the exhibit.
        decided: group and name of a claim → verdict.
    """
    shown = [
        f"{group} {name}, {decided.get((group, name), 'not decided yet')}: {claim.statement}"
        for group, entries in config.claims.items()
        for name, claim in entries.items()
        if claim.figure == f"{exhibit.document}/{exhibit.name}"
    ]
    return ["", *_labelled("claims", shown)] if shown else []


def verdicts(path: Path) -> dict[tuple[str, str], str]:
    """Return group and name → verdict of a table of decided claims; empty if there is no file."""
    if not path.exists():
        return {}
    rows = store.read_table(path)
    return dict(zip(zip(rows.document, rows.claim), rows.verdict))


def line_of(experiment: str, path: str | Path = "config.yaml") -> int:
    """Return the line of the config file where an experiment begins."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    first = lines.index("experiments:")
    return next(n for n, line in enumerate(lines, 1) if n > first and re.match(rf"  {experiment}:", line))


def _source(module: str) -> list[str]:
    """Return the source in the docstring of a module as a line of text, if there is one."""
    text = ast.get_docstring(ast.parse(Path(module).read_text(encoding="utf-8"))) or ""
    found = re.search(r"Source[^:]*: (.+)", text)
    return [f"after {found[1].rstrip('.')}"] if found else []


def _labelled(label: str, lines: Iterable[str]) -> list[str]:
    return [f"{label if n == 0 else '':{LABEL}}{line}" for n, line in enumerate(lines)]


def _abbreviated(names: list[str], shown: int = SHOWN_CASES) -> list[str]:
    return names if len(names) <= shown else [*names[: shown - 1], f"and {len(names) - shown + 1} more"]


def state(stale: list[StaleJob]) -> list[str]:
    """Return the state of an exhibit as lines of text: up to date, or the jobs that would run, with reasons."""
    if not stale:
        return _labelled("state", ["up to date"])
    lines = [f"{job.rule} {job.stem}: {job.reason}" for job in first_causes(stale)]
    return _labelled(
        "state", [f"stale: {_counted(len(stale), 'job')} would run because of", *_abbreviated(lines, SHOWN_JOBS)]
    )


def cost(stale: list[float], whole: list[float]) -> list[str]:
    """Return predicted times as a line of text.

    Args:
        stale: seconds of each job that would run.
        whole: seconds of each job of a run without results.
    """
    parts = [f"{_minutes(stale)} for what is stale"] if stale else []
    return _labelled(
        "time", ["; ".join([*parts, f"{_minutes(whole)} from nothing"]) + f" (one core, {cost_model.TABLE})"]
    )


def _minutes(seconds: list[float]) -> str:
    return f"{sum(seconds) / 60:.1f} min in {_counted(len(seconds), 'job')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def planned_jobs(
    exhibit: NamedExhibit, tier: str, results: str, everything: bool = False
) -> tuple[list[PlannedJob], list[StaleJob]]:
    """Return the jobs that a dry run of Snakemake lists for an exhibit, and their reasons.

    Args:
        exhibit: the exhibit.
        tier: of the run.
        results: folder of the results.
        everything: include jobs that are up to date.

    Raises:
        RuntimeError: with Snakemake's message, if the dry run fails.
    """
    suffix = "pdf" if exhibit.kind == "figure" else "csv"
    text = dry_run([f"{exhibit.stem(results)}.{suffix}"], tier, everything)
    fields = [job for _, job in listed_jobs(text) if "benchmark" in job]
    jobs = read_jobs(text, results)
    return jobs, [StaleJob(job.rule, job.stem, short_reason(each.get("reason", ""))) for job, each in zip(jobs, fields)]


def main() -> None:
    """Print the trace, the claims, the state and the predicted time of a figure or table."""
    arguments = ArgumentParser(description="Trace a figure or table back to its equations.")
    arguments.add_argument("exhibit", help="document/name, such as deep_ritz/fig3")
    arguments.add_argument("tier", choices=TIERS, nargs="?", default="draft")
    options = arguments.parse_args()
    try:
        config = loading.read(TIERS[options.tier])
        exhibit = find(config, options.exhibit)
        jobs, stale = planned_jobs(exhibit, options.tier, config.results)
        everything, _ = planned_jobs(exhibit, options.tier, config.results, everything=True)
    except (ConfigError, RuntimeError) as error:
        sys.exit(str(error))
    table = Costs.read(cost_model.TABLE)
    costed = cost(predict(jobs, table, config), predict(everything, table, config))
    shown = claims(config, exhibit, verdicts(Path(config.results, "claims.parquet")))
    print("\n".join([*trace(config, exhibit), *shown, "", *state(stale), *costed]))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # of a locale without Greek letters
    sys.stdout.reconfigure(errors="replace")  # of a locale without Greek letters
    main()
