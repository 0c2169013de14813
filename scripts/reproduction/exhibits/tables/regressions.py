"""Final and smallest training errors, and errors off the grid, by target and activation (table4, table5).

Source: Kim and Kang, arXiv:2408.02697, tables 4 and 5; smallest losses and errors of derivatives are additions.
"""

import numpy as np
import pandas as pd

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits.grouping import sorted_by
from reproduction.exhibits.quantities.regression import settled_mse
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.storage.results import Result

HEADINGS = {
    "target": "target",
    "name": r"$\sigma$",
    "weight_variance": "$C_W$",
    "first_weight_variance": "first $C_W$",
    "learning_rate": "rate",
    "seeds": "seeds",
    "diverged": "diverged",
    "final": "final error",
    "smallest": "smallest error",
    "value_error": "error off the grid",
    "gradient_error": "error of the gradient",
}
RANKED, RANKED_WITHIN = ("final", "smallest", "value_error", "gradient_error"), ("target",)
DEFINITIONS = ("target", "function")
NOTE = (
    "mean square errors on the training grid; final: median over the last tenth of the epochs, smallest: over all; "
    "relative errors off the grid; median [smallest, largest] over seeds"
)


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case: diverged seeds, mean square errors on the training grid, relative errors off it."""
    return pd.DataFrame([_row(result) for result in sorted_by(results, "target")])


def _row(result: Result) -> dict:
    s, fields = result.job.settings, result.arrays("fields")
    history = result.table("history").pivot(index="epoch", columns="seed", values="train_mse").to_numpy()
    healthy = np.where(result.healthy, history, np.nan)
    final = np.where(result.healthy, settled_mse(result), np.nan)
    smallest = np.where(result.healthy, np.where(np.isnan(healthy), np.inf, healthy).min(0), np.nan)
    return {
        "case": result.series,
        "target": s.target,
        "function": result.job.target.function,
        "activation": s.activation,
        "name": label(s.activation),
        "weight_variance": float(fields.weight_variance),
        "first_weight_variance": float(fields.first_weight_variance),
        "learning_rate": s.learning_rate,
        "epochs": s.epochs,
        "seeds": s.seeds,
        "diverged": result.diverged,
        "mean_final": float(np.nanmean(final)) if result.healthy.any() else np.nan,
        **columns_of("final", summarize(final)),
        **columns_of("smallest", summarize(smallest)),
        **columns_of("value_error", summarize(fields.value_error)),
        **columns_of("gradient_error", summarize(fields.gradient_error)),
    }
