"""Energies and errors of trained networks, median and range over seeds (table1)."""

import numpy as np
import pandas as pd

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits.labels import GRADIENTS
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.storage.results import Result

HEADINGS = {
    "problem": "problem",
    "name": r"$\sigma$",
    "hidden_layers": "hidden",
    "width": "$N$",
    "gradient_name": "gradient",
    "points": "$M$",
    "initialization": "initialization",
    "epochs": "epochs",
    "seeds": "seeds",
    "diverged": "diverged",
    "energy": r"$\Pi[\hat u]$",
    "gap": r"$\Pi[\hat u]-\Pi^*$",
    "relative_l2": r"rel.\ $L^2$",
}
RANKED, RANKED_WITHIN = ("gap", "relative_l2"), ("problem", "epochs")
SETTINGS = (
    "problem",
    "activation",
    "hidden_layers",
    "width",
    "points",
    "objective",
    "gradient",
    "initialization",
    "optimizer",
)


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case: settings, diverged seeds, exact energy, energy gap and L² error."""
    return pd.DataFrame([_row(result) for result in results])


def _row(result: Result) -> dict:
    fields, settings = result.arrays("fields"), result.job.settings
    return {
        "case": result.series,
        **{name: getattr(settings, name) for name in SETTINGS},
        "name": label(settings.activation),
        "gradient_name": GRADIENTS[settings.gradient],
        "points": np.nan if settings.gradient == "kink_aware" else settings.points,
        "epochs": settings.epochs,
        "seeds": settings.seeds,
        "diverged": int((fields.diverged_at >= 0).sum()),
        **columns_of("energy", summarize(fields.energy)),
        **columns_of("gap", summarize(fields.energy - fields.minimum_energy)),
        **columns_of("relative_l2", summarize(fields.relative_l2)),
    }
