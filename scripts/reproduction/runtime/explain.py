"""Trace a figure or table to its data, experiments, tasks and equations; list what is stale, and the cost.

make explain FIGURE=deep_ritz/fig3
"""

import ast
import json
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
from reproduction.runtime.schedule import TIERS, PlannedJob, dry_run, listed_jobs, predict, read_jobs
from reproduction.storage import store

KINDS = {"figure": "plot", "table": "table"}
SHOWN_CASES = 6
SHOWN_JOBS = 8
LABEL = 12
PARAMETERS = re.compile(r"Params have changed .*?before: (.*) now: (.*)", re.S)


class Wanted(NamedTuple):
    """An exhibit of config: its kind, ``figure`` or ``table``, its document, name and entry."""

    kind: str
    document: str
    name: str
    entry: Exhibit

    def stem(self, results: str) -> str:
        """The path of its files without the suffix."""
        return f"{results}/{self.kind}s/{self.document}/{self.name}"


class Stale(NamedTuple):
    """A job that would run: its rule, the stem of its benchmark, and the reason."""

    rule: str
    stem: str
    reason: str


def find(config: Config, name: str) -> Wanted:
    """Return the figure or table of that name, ``document/name``.

    Raises:
        ConfigError: if there is none.
    """
    groups = {"figure": config.figures, "table": config.tables}
    known = {
        f"{document}/{entry}": Wanted(kind, document, entry, entries[entry])
        for kind, documents in groups.items()
        for document, entries in documents.items()
        for entry in entries
    }
    if name not in known:
        raise ConfigError(f"unknown figure or table {name!r}; {nearest(name, known)}")
    return known[name]


def chain(config: Config, wanted: Wanted) -> list[str]:
    """Return the lines of figure ← data ← experiment ← task ← equation."""
    family = wanted.entry.family
    module = f"scripts/reproduction/exhibits/{wanted.kind}s/{family}.py"
    lines = [f"{wanted.document}/{wanted.name}, {config.tier} tier: {type(wanted.entry).__doc__.splitlines()[0]}", ""]
    lines += _labelled(wanted.kind, [f"{wanted.stem(config.results)}.{'pdf' if wanted.kind == 'figure' else 'csv'}"])
    lines += _labelled("", [f"made by scripts/{KINDS[wanted.kind]}.py: {module}", *_source(module)])
    for task, cases in _by_task(config, upstream(config, config.select(wanted.entry.data))).items():
        lines += ["", *_of_task(config, task, cases)]
    return lines


def upstream(config: Config, cases: Iterable[Case]) -> list[Case]:
    """Return the cases, and those whose results they read, directly or not."""
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


def _of_task(config: Config, task: str, cases: list[Case]) -> list[str]:
    """Data, experiments and equation of the cases of one task."""
    equation = tasks.model(task).equation
    folders = _few([f"{config.results}/{case.folder}/" for case in cases])
    experiments = dict.fromkeys((case.document, case.experiment) for case in cases)
    named = [f"{name}, config.yaml:{line_of(name)}" for _, name in experiments]
    modules = ", ".join(f"scripts/rectified/{module}.py" for module in equation.modules)
    return [
        *_labelled("data", folders),
        *_labelled("experiment", named),
        *_labelled(
            "task", [f"{task}: scripts/reproduction/config/tasks/{task}.py, scripts/reproduction/jobs/{task}.py"]
        ),
        *_labelled("equation", [equation.text, f"{equation.source}; in {modules}"]),
    ]


def claims(config: Config, wanted: Wanted, decided: Mapping[tuple[str, str], str]) -> list[str]:
    """The claims that an exhibit shows, with their verdicts.

    Args:
        decided: group and name of a claim → verdict.
    """
    shown = [
        f"{group} {name}, {decided.get((group, name), 'not decided yet')}: {claim.statement}"
        for group, entries in config.decided_claims.items()
        for name, claim in entries.items()
        if claim.figure == f"{wanted.document}/{wanted.name}"
    ]
    return ["", *_labelled("claims", shown)] if shown else []


def verdicts(path: Path) -> dict[tuple[str, str], str]:
    """Group and name of each claim → verdict, of a table of decided claims; nothing if it is not there."""
    if not path.exists():
        return {}
    rows = store.read_table(path)
    return dict(zip(zip(rows.document, rows.claim), rows.verdict))


def line_of(experiment: str, path: str | Path = "config.yaml") -> int:
    """The line of the config file where an experiment begins."""
    lines = Path(path).read_text().splitlines()
    first = lines.index("experiments:")
    return next(n for n, line in enumerate(lines, 1) if n > first and re.match(rf"  {experiment}:", line))


def _source(module: str) -> list[str]:
    """The line of a module's docstring that names its source, if it has one."""
    text = ast.get_docstring(ast.parse(Path(module).read_text())) or ""
    found = re.search(r"Source[^:]*: (.+)", text)
    return [f"after {found[1].rstrip('.')}"] if found else []


def _labelled(label: str, lines: Iterable[str]) -> list[str]:
    return [f"{label if n == 0 else '':{LABEL}}{line}" for n, line in enumerate(lines)]


def _few(names: list[str], shown: int = SHOWN_CASES) -> list[str]:
    return names if len(names) <= shown else [*names[: shown - 1], f"and {len(names) - shown + 1} more"]


def state(stale: list[Stale]) -> list[str]:
    """Whether the exhibit is up to date; if not, which jobs would run, and why."""
    if not stale:
        return _labelled("state", ["up to date"])
    lines = [f"{job.rule} {job.stem}: {job.reason}" for job in first_causes(stale)]
    return _labelled("state", [f"stale: {_counted(len(stale), 'job')} would run, because of", *_few(lines, SHOWN_JOBS)])


def first_causes(stale: list[Stale]) -> list[Stale]:
    """The jobs that do not run merely because their inputs are made anew; all, if there is none."""
    return [job for job in stale if "updated by another job" not in job.reason] or stale


def cost(stale: list[float], whole: list[float]) -> list[str]:
    """Predicted time of the jobs that would run, and of all from nothing, in seconds."""
    parts = [f"{_minutes(stale)} for what is stale"] if stale else []
    return _labelled(
        "time", ["; ".join([*parts, f"{_minutes(whole)} from nothing"]) + f" (one core, {cost_model.TABLE})"]
    )


def _minutes(seconds: list[float]) -> str:
    return f"{sum(seconds) / 60:.1f} min in {_counted(len(seconds), 'job')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def planned(wanted: Wanted, tier: str, results: str, everything: bool = False) -> tuple[list[PlannedJob], list[Stale]]:
    """The jobs that would run for an exhibit, as a dry run of Snakemake lists them, and why.

    Args:
        everything: whether to list those that are up to date as well.

    Raises:
        RuntimeError: with Snakemake's message, if the dry run fails.
    """
    suffix = "pdf" if wanted.kind == "figure" else "csv"
    text = dry_run([f"{wanted.stem(results)}.{suffix}"], tier, everything)
    fields = [job for _, job in listed_jobs(text) if "benchmark" in job]
    jobs = read_jobs(text, results)
    return jobs, [Stale(job.rule, job.stem, plain(each.get("reason", ""))) for job, each in zip(jobs, fields)]


def plain(reason: str) -> str:
    """Snakemake's reason for a job in few words: of parameters, those that differ, modules and settings by name."""
    if reason.startswith("Missing output files"):
        return "not computed yet"
    found = PARAMETERS.search(reason)
    if found is None:
        return reason.strip() or "no reason given"
    before, now = (_flat(side) for side in found.groups())
    keys = [key for key in dict.fromkeys([*before, *now]) if before.get(key) != now.get(key)]
    return "changed: " + ", ".join(_difference(key, before.get(key), now.get(key)) for key in keys)


def _difference(key: str, before: object, now: object) -> str:
    if key.endswith(".py"):
        return key
    return f"{key} from {before if before is not None else 'nothing'} to {now if now is not None else 'nothing'}"


def _flat(side: str) -> dict[str, object]:
    """Parameters as Snakemake prints them, by name: a module has its digest, a setting its value."""
    values = () if side.startswith("<") else ast.literal_eval(f"({side},)")
    flat: dict[str, object] = {}
    for value in values:
        if isinstance(value, list):
            flat |= {module: imported for module, _, imported in (line.partition(" ") for line in value)}
        elif isinstance(value, str) and value.startswith("{"):
            flat |= _leaves(json.loads(value))
        else:
            flat["parameter"] = value
    return flat


def _leaves(entry: Mapping, above: str = "") -> dict[str, object]:
    """The values of nested settings, by name: those of the settings themselves without a prefix."""
    flat: dict[str, object] = {}
    for key, value in entry.items():
        name = f"{above}{key}" if above or key != "settings" else ""
        flat |= _leaves(value, f"{name}." if name else "") if isinstance(value, dict) else {name: value}
    return flat


def main() -> None:
    arguments = ArgumentParser(description="Trace a figure or table back to its equations.")
    arguments.add_argument("exhibit", help="document/name, as deep_ritz/fig3")
    arguments.add_argument("tier", choices=TIERS, nargs="?", default="draft")
    given = arguments.parse_args()
    try:
        config = loading.read(TIERS[given.tier])
        wanted = find(config, given.exhibit)
        jobs, stale = planned(wanted, given.tier, config.results)
        everything, _ = planned(wanted, given.tier, config.results, everything=True)
    except (ConfigError, RuntimeError) as error:
        sys.exit(str(error))
    table = Costs.read(cost_model.TABLE)
    costed = cost(predict(jobs, table, config), predict(everything, table, config))
    shown = claims(config, wanted, verdicts(Path(config.results, "claims.parquet")))
    print("\n".join([*chain(config, wanted), *shown, "", *state(stale), *costed]))


if __name__ == "__main__":
    main()
