"""Snakemake's reasons for running jobs, in short form: changed modules and settings by name."""

import ast
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

PARAMETERS = re.compile(r"Params have changed .*?before: (.*) now: (.*)", re.S)


class StaleJob(NamedTuple):
    """A job that would run: its rule, the stem of its benchmark and the reason."""

    rule: str
    stem: str
    reason: str


def first_causes(stale: list[StaleJob]) -> list[StaleJob]:
    """Return the jobs that run for another reason than updated inputs; all jobs if there are none."""
    return [job for job in stale if "updated by another job" not in job.reason] or stale


def short_reason(reason: str) -> str:
    """Return Snakemake's reason for a job in short form; changed modules and settings are listed by name."""
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
    """Return the parameters in Snakemake's output: module → digest, setting → value."""
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
    """Return the values of nested entries by dotted name; ``settings`` adds no prefix."""
    flat: dict[str, object] = {}
    for key, value in entry.items():
        name = f"{above}{key}" if above or key != "settings" else ""
        flat |= _leaves(value, f"{name}." if name else "") if isinstance(value, dict) else {name: value}
    return flat
