"""Errors of physics-informed networks by optimizer and activation, with their ranks (table6).

Source: Kim and Kang, arXiv:2408.02697, sec. 5.2, which gives the ranking without numbers.
"""

import pandas as pd

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits.labels import OPTIMIZERS
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.storage.results import Result

HEADINGS = {
    "optimizer_name": "optimizer",
    "name": r"$\sigma$",
    "width": "width",
    "hidden_layers": "hidden",
    "weight_variance": "$C_W$",
    "epochs": "epochs",
    "seeds": "seeds",
    "diverged": "diverged",
    "relative_l2": r"rel.\ $L^2$",
    "loss": "loss",
    "rank": "rank",
}
RANKED, RANKED_WITHIN = ("relative_l2",), ("optimizer_name",)
NOTE = "loss on the points of the last step; median [smallest, largest] over seeds; ranks within each optimizer"


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case; ranks are by median error within an optimizer, diverged cases last."""
    table = pd.DataFrame([_row(result) for result in results])
    errors = table.relative_l2_median.fillna(float("inf"))
    return table.assign(rank=errors.groupby(table.optimizer).rank(method="min").astype(int))


def _row(result: Result) -> dict:
    s, fields = result.job.settings, result.arrays("fields")
    history = result.table("history").pivot(index="epoch", columns="seed", values="objective").to_numpy()
    return {
        "case": result.series,
        "optimizer": s.optimizer,
        "optimizer_name": OPTIMIZERS[s.optimizer],
        "activation": s.activation,
        "name": label(s.activation),
        "width": s.width,
        "hidden_layers": s.hidden_layers,
        "weight_variance": s.weight_variance,
        "epochs": s.epochs,
        "seeds": s.seeds,
        "diverged": result.diverged,
        **columns_of("relative_l2", summarize(fields.relative_l2)),
        **columns_of("loss", summarize(history[-1])),
    }
