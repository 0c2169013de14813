"""Errors and losses of the variants of physics-informed networks, median and range over seeds."""

import pandas as pd

from rectified.statistics.summaries import summarize
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

HEADINGS = {
    "problem": "problem",
    "variant": "variant",
    "derivatives": "derivatives",
    "parameters": "parameters",
    "seeds": "seeds",
    "diverged": "diverged",
    "relative_l2": r"rel.\ $L^2$",
    "loss": "loss",
}
RANKED, RANKED_WITHIN = ("relative_l2",), ("problem",)
NOTE = "loss at the last epoch; median [smallest, largest] over seeds that did not diverge"


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case, in the given order."""
    names = variant_labels([result.job for result in results])
    return pd.DataFrame([_row(result, name) for result, name in zip(results, names)])


def _row(result: Result, variant: str) -> dict:
    s, fields = result.job.settings, result.arrays("fields")
    history = result.table("history").pivot(index="epoch", columns="seed", values="objective").to_numpy()
    return {
        "case": result.series,
        "problem": result.job.problem.label,
        "variant": variant,
        "derivatives": s.derivatives,
        "parameters": int(fields.parameters),
        "seeds": s.seeds,
        "diverged": result.diverged,
        **columns_of("relative_l2", summarize(fields.relative_l2)),
        **columns_of("loss", summarize(history[-1][result.healthy])),
    }
