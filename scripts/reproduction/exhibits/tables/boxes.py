"""Energies and errors of Ritz networks on boxes and of finite elements, median and range over seeds."""

import numpy as np
import pandas as pd

from rectified.statistics.summaries import Summary, summarize
from reproduction.exhibits.box_labels import box_label
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.storage.results import Result

HEADINGS = {
    "problem": "problem",
    "method": "method",
    "parameters": "parameters",
    "seeds": "seeds",
    "diverged": "diverged",
    "training_gap": r"training energy $-\Pi^*$",
    "gap": r"$\Pi[\hat u]-\Pi^*$",
    "relative_l2": r"rel.\ $L^2$",
}
RANKED, RANKED_WITHIN = ("gap", "relative_l2"), ("problem",)
NOTE = "Π by a fine rule; median [smallest, largest] over seeds that did not diverge"


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case."""
    return pd.DataFrame([_row(result) for result in results])


def _row(result: Result) -> dict:
    s = result.job.settings
    trained = s.task != "finite_elements"
    arrays = result.arrays("fields" if trained else "finite_elements")
    row = {"case": result.series, "problem": s.problem, "method": _method(result), "parameters": int(arrays.parameters)}
    row |= {"seeds": s.seeds, "diverged": result.diverged} if trained else {"seeds": np.nan, "diverged": np.nan}
    row |= columns_of("training_gap", _training_gap(result) if trained else Summary(*[np.nan] * 4))
    for name in ("gap", "relative_l2"):
        row |= columns_of(name, summarize(np.atleast_1d(arrays[name])))
    return row


def _method(result: Result) -> str:
    s = result.job.settings
    lines = f", {s.lines} lines" if getattr(s, "along_lines", False) else ""
    return box_label(result.job) + lines


def _training_gap(result: Result) -> Summary:
    history = result.table("history").pivot(index="epoch", columns="seed", values="objective").to_numpy()
    return summarize(history[-1][result.healthy] - float(result.arrays("fields").minimum_energy))
