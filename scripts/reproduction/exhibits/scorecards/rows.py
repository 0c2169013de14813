"""What is known of one activation as one tidy table: a row for each number, verdict, or refusal.

Columns: section (formula, criticality, start, audit, ritz, regression, collocation, landscape, refused), experiment,
variant (the name of the case without the activation), quantity, median, low and high over seeds, seeds, diverged,
place, place_low, place_high and of (the rank among the references, smallest first), text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from rectified.formulas.activation import Activation
from rectified.statistics.summaries import Rank, rank, summarize
from reproduction.exhibits.tables import audit
from reproduction.storage.results import Result

COLUMNS = ["section", "experiment", "variant", "quantity", "median", "low", "high", "seeds", "diverged"]
COLUMNS += ["place", "place_low", "place_high", "of", "text"]
# Errors that are compared, by task: the quantity → how it is called.
ERRORS = {
    "ritz": {"relative_l2": "relative L²", "gap": "energy gap"},
    "regression": {"value_error": "off the grid", "gradient_error": "its gradient"},
    "collocation": {"relative_l2": "relative L²"},
}
CRITICAL = ("critical_weight_variance", "critical_bias_variance", "critical_kernel")
CRITICAL += ("largest_safe_weight_variance", "largest_first_kernel")
MEASURED = ("first", "second", "parameter", "jumps", "kinks")
PREFIX = "scorecard_"


def table(results: list[Result], activation: Activation, refused: Mapping[str, str]) -> pd.DataFrame:
    """The table of an activation.

    Args:
        results: of all its cases, and of the references where errors are compared.
        refused: ``experiment/case`` → why it could not be.
    """
    rows = [*_formula(activation)]
    makers = {"theory": _criticality, "audit": _audit, "landscape": _landscape} | dict.fromkeys(ERRORS, _errors)
    for result in own(results, activation.name):
        rows += makers[result.job.settings.task](result, results)
    for case, reason in refused.items():
        experiment, _, name = case.partition("/")
        rows.append(_row("refused", experiment, _without(name, activation.name), "reason", text=reason))
    found = pd.DataFrame(rows).reindex(columns=COLUMNS)
    return found.assign(text=found.text.fillna("")).assign(activation=activation.name)[["activation", *COLUMNS]]


def own(results: list[Result], activation: str) -> list[Result]:
    """The results that are of the activation itself."""
    return [result for result in results if result.job.settings.activation == activation]


def variant(result: Result) -> str:
    """The name of a case without its activation."""
    return _without(result.job.case, result.job.settings.activation)


def _without(case: str, activation: str) -> str:
    return "-".join(part for part in case.split("-") if part != activation)


def short(experiment: str) -> str:
    """The name of an experiment as a page has it."""
    return experiment.removeprefix(PREFIX)


def peers(result: Result, results: list[Result]) -> dict[str, Result]:
    """Activation → its result in the experiment and variant of a result, that of the result itself included."""
    place = result.job.experiment, variant(result)
    return {
        other.job.settings.activation: other for other in results if (other.job.experiment, variant(other)) == place
    }


def per_seed(result: Result, quantity: str) -> np.ndarray:
    """An error of each seed, NaN where it diverged."""
    fields = result.arrays("fields")
    values = fields.energy - fields.minimum_energy if quantity == "gap" else fields[quantity]
    return np.where(result.healthy, values, np.nan)


def _row(section: str, experiment: str, variant: str, quantity: str, **columns: Any) -> dict:
    return {"section": section, "experiment": experiment, "variant": variant, "quantity": quantity, **columns}


def _formula(activation: Activation) -> Iterator[dict]:
    yield _row("formula", "", "", "formula", text=activation.formula)
    yield _row("formula", "", "", "smoothness", text=activation.smoothness)
    yield _row("formula", "", "", "kinks", median=len(activation.kinks))
    for kink in activation.kinks:
        yield _row("formula", "", f"x = {kink.point:.6g}", f"jump{kink.order}", median=kink.jumps[kink.order])


def _criticality(result: Result, results: list[Result]) -> Iterator[dict]:
    arrays, place = result.arrays("theory"), ("criticality", result.job.experiment, variant(result))
    for name in ("universality_class", "stability", "reason"):
        yield _row(*place, name, text=arrays.attrs[name])
    for name in CRITICAL:
        yield _row(*place, name, median=float(arrays[name]))


def _audit(result: Result, results: list[Result]) -> Iterator[dict]:
    for found in audit.rows([result]).to_dict("records"):
        experiment, _, case = found["case"].partition("/")
        place = "audit", experiment, _without(case, result.job.settings.activation)
        seeds = {"seeds": found["seeds"], "diverged": found["diverged"]}
        words = " and ".join(filter(None, [found["reasons"], found["hides"] and f"hides {found['hides']}"]))
        words = words or (found["notes"] if found["verdict"] == "undetermined" else "")
        yield _row(*place, "verdict", text=found["verdict"], **seeds)
        yield _row(*place, "order", median=found["order"])
        yield _row(*place, "because", text=words)
        for name in MEASURED:
            yield _row(*place, name, median=found[name], **seeds)


def _errors(result: Result, results: list[Result]) -> Iterator[dict]:
    task, place = result.job.settings.task, (result.job.experiment, variant(result))
    for quantity in ERRORS[task]:
        values = {name: per_seed(peer, quantity) for name, peer in peers(result, results).items()}
        mine = values.pop(result.job.settings.activation)
        yield _row(task, *place, quantity, **summary_of(mine), **_place(rank(mine, values) if values else None))
    if task == "regression":
        fields = result.arrays("fields")
        for name in ("weight_variance", "first_weight_variance", "bias_variance"):
            reason = fields[name].attrs.get("reason", "")
            yield _row("start", *place, name, median=float(fields[name]), text=reason)


def _landscape(result: Result, results: list[Result]) -> Iterator[dict]:
    planes = result.arrays("landscape").roughness.median("plane").to_numpy()
    yield _row("landscape", result.job.experiment, variant(result), "roughness", **summary_of(planes))


def summary_of(values: np.ndarray) -> dict:
    """Median, smallest and largest over seeds, how many there were, and how many diverged (NaN)."""
    found = summarize(values)
    numbers = {name: float(getattr(found, name)) for name in ("median", "low", "high")}
    return numbers | {"seeds": len(values), "diverged": int(np.isnan(values).sum())}


def _place(found: Rank | None) -> dict:
    return dict(zip(("place", "place_low", "place_high", "of"), found)) if found else {}
