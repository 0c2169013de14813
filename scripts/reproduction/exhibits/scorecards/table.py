"""The results of one activation as a tidy table: one row per number, verdict, or refused case.

Columns: section (formula, criticality, start, audit, ritz, ritz_box, regression, collocation, landscape, refused),
experiment, variant (the name of the case without the activation), quantity, median, low and high over seeds, seeds,
diverged, place, place_low, place_high and of (the rank among the references, smallest first), text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from rectified.formulas.activation import Activation
from rectified.statistics.summaries import Rank, rank, summarize
from reproduction.exhibits.audit_summary import UNDETERMINED, summarize_audits
from reproduction.exhibits.scorecards.peers import (
    ERRORS,
    errors_by_seed,
    own_results,
    peers,
    variant,
    without_activation,
)
from reproduction.storage.results import Result

COLUMNS = ["section", "experiment", "variant", "quantity", "median", "low", "high", "seeds", "diverged"]
COLUMNS += ["place", "place_low", "place_high", "of", "text"]
CRITICAL = ("critical_weight_variance", "critical_bias_variance", "critical_kernel")
CRITICAL += ("largest_safe_weight_variance", "largest_first_kernel")
MEASURES = ("first", "second", "parameter", "jumps", "kinks")


def scorecard_table(results: list[Result], activation: Activation, refused: Mapping[str, str]) -> pd.DataFrame:
    """Return the table of an activation.

    Args:
        results: of all its cases, and of the references in experiments that compare errors.
        refused: reasons by ``experiment/case``.
    """
    rows = [*_formula(activation)]
    sections = {"theory": _criticality, "audit": _audit, "landscape": _landscape} | dict.fromkeys(ERRORS, _errors)
    for result in own_results(results, activation.name):
        rows += sections[result.job.settings.task](result, results)
    for case, reason in refused.items():
        experiment, _, name = case.partition("/")
        rows.append(_row("refused", experiment, without_activation(name, activation.name), "reason", text=reason))
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    return table.assign(text=table.text.fillna(""), activation=activation.name)[["activation", *COLUMNS]]


def summary_columns(values: np.ndarray) -> dict:
    """Median, smallest and largest over seeds, and the numbers of seeds and of diverged ones (NaN)."""
    summary = summarize(values)
    numbers = {name: float(getattr(summary, name)) for name in ("median", "low", "high")}
    return numbers | {"seeds": len(values), "diverged": int(np.isnan(values).sum())}


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
    for audit in summarize_audits([result]).to_dict("records"):
        experiment, _, case = audit["case"].partition("/")
        place = "audit", experiment, without_activation(case, result.job.settings.activation)
        seeds = {"seeds": audit["seeds"], "diverged": audit["diverged"]}
        reasons = " and ".join(filter(None, [audit["reasons"], audit["hides"] and f"hides {audit['hides']}"]))
        reasons = reasons or (audit["notes"] if audit["verdict"] == UNDETERMINED else "")
        yield _row(*place, "verdict", text=audit["verdict"], **seeds)
        yield _row(*place, "order", median=audit["order"])
        yield _row(*place, "because", text=reasons)
        for name in MEASURES:
            yield _row(*place, name, median=audit[name], **seeds)


def _errors(result: Result, results: list[Result]) -> Iterator[dict]:
    task, place = result.job.settings.task, (result.job.experiment, variant(result))
    for quantity in ERRORS[task]:
        values = {name: errors_by_seed(peer, quantity) for name, peer in peers(result, results).items()}
        own = values.pop(result.job.settings.activation)
        yield _row(
            task, *place, quantity, **summary_columns(own), **_rank_columns(rank(own, values) if values else None)
        )
    if task == "regression":
        fields = result.arrays("fields")
        for name in ("weight_variance", "first_weight_variance", "bias_variance"):
            reason = fields[name].attrs.get("reason", "")
            yield _row("start", *place, name, median=float(fields[name]), text=reason)


def _landscape(result: Result, results: list[Result]) -> Iterator[dict]:
    roughness = result.arrays("landscape").roughness.median("plane").to_numpy()
    yield _row("landscape", result.job.experiment, variant(result), "roughness", **summary_columns(roughness))


def _rank_columns(rank: Rank | None) -> dict:
    return dict(zip(("place", "place_low", "place_high", "of"), rank)) if rank else {}
