"""Mismatches measured by the derivative audit: one row per case, with hidden jumps and kinks and the verdict.

Colours show the mismatch over the threshold of the audit, and change hue at 1.
"""

from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from reproduction.exhibits import style
from reproduction.exhibits.audit_summary import (
    JUDGED,
    SINGULARITIES,
    UNDETERMINED,
    audited_seeds,
    hidden_singularities,
    summarize_audits,
)
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.number_text import short_number
from reproduction.storage.results import Result

VERDICT_COLOURS = {"consistent": "#0072b2", "inconsistent": "#d55e00", UNDETERMINED: "#777777", "diverged": "#777777"}
NAMES = {UNDETERMINED: "undetermined"}
SIZE = 6.0  # of texts, in points
PAGE_HEIGHT, FOOT, HEAD = 9.0, 0.75, 2.2  # inches; inches of the colour bar; height of the column headings, in rows
ROW_HEIGHTS = (0.115, 0.16)  # inches, smallest and largest
CASE_SPACE, VERDICT_SPACE = 2.3, 1.9  # to the left and to the right of the cells, in columns
TITLES = {
    "first": "$u_x$",
    "second": "$u_{xx}$",
    "off_diagonal": "other points\n(off-diagonal)",
    "parameter": "parameter\ngradient",
    "jumps": "jumps per line\n(largest)",
    "kinks": "kinks per line\n(largest)",
}
DECADES = range(-4, 2)  # ticks of the colour scale, decadic logarithms of mismatch over threshold
BAR = {"location": "bottom", "shrink": 0.65, "aspect": 45, "pad": 0.015, "extend": "both", "ticks": list(DECADES)}
FRAME = {"linewidths": 1.0, "linecolor": "white", "xticklabels": False, "yticklabels": False}
# Colours and texts by kind of cell; those of judged mismatches follow the colour scale.
KINDS: dict[str, dict[str, Any]] = {
    "judged": {"cmap": "RdBu_r", "norm": TwoSlopeNorm(0.0, DECADES[0], DECADES[-1]), "cbar_kws": BAR},
    "hidden": {"cmap": ["white"], "annot_kws": {"color": "black"}},
    "not judged": {"cmap": ["white"], "annot_kws": {"color": "0.5", "style": "italic"}},
    "empty": {"cmap": ["#eeeeee"], "annot_kws": {"color": "0.5"}},
}


class Cell(NamedTuple):
    """Text of a cell, its kind, and for judged mismatches the decadic logarithm of mismatch over threshold."""

    text: str
    kind: str
    level: float = 0.0


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """A heading per document and a row per case below it; medians over seeds, verdicts by the worst seed."""
    table = summarize_audits(results)
    groups = table.groupby("document", sort=False)
    rows = [row for document, group in groups for row in (document.replace("_", " "), *group.to_dict("records"))]
    height = float(np.clip((PAGE_HEIGHT - FOOT) / (len(rows) + HEAD), *ROW_HEIGHTS))
    figure, axis = plt.subplots(figsize=(style.PAGE, height * (len(rows) + HEAD) + FOOT))
    _heat_map(axis, [[] if isinstance(row, str) else [cell(row, name) for name in TITLES] for row in rows])
    _label(axis, rows)
    _record(data, table, results)
    return figure


def cell(row: dict, name: str) -> Cell:
    """The cell of a measure in the row of a case."""
    return _mismatch(row, name) if name in JUDGED else _singularities(row, name)


def _mismatch(row: dict, name: str) -> Cell:
    """A mismatch; a question mark if it is undetermined, a dash if it does not apply."""
    size = row[name]
    verdict = row[f"{name}_verdict"]
    if np.isnan(size) or verdict == UNDETERMINED:
        return Cell("?" if verdict else "–", "empty")
    if name == "off_diagonal" and row["derivatives"] != "reverse":
        return Cell(short_number(size, 0), "not judged")
    return Cell(short_number(size, 0), "judged", np.log10(max(size / row["threshold"], 1e-300)))


def _singularities(row: dict, name: str) -> Cell:
    """Number of jumps or kinks and their largest size; hidden if the derivatives of the case miss them."""
    count, size = row[name], row[{"jumps": "jump_size", "kinks": "kink_size"}[name]]
    if np.isnan(count):
        return Cell("–" if row["verdict"] == "diverged" else "?", "empty")
    text = f"{count:.3g} ({short_number(size, 0)})" if count else "0"
    return Cell(text, "hidden" if name in hidden_singularities(row) else "not judged")


def verdict_text(row: dict) -> str:
    """The verdict, with the number of inconsistent seeds where seeds differ, and what a consistent case hides."""
    audited = row["seeds"] - row["diverged"]
    if 0 < row["inconsistent_seeds"] < audited:
        return f"inconsistent ({row['inconsistent_seeds']} of {audited} seeds)"
    hidden = hidden_singularities(row) if row["verdict"] == "consistent" else []
    verdict = NAMES.get(row["verdict"], row["verdict"])
    return f"{verdict} between {' and '.join(hidden)}" if hidden else verdict


def _heat_map(axis: Axes, cells: list[list[Cell]]) -> None:
    """Draw the cells of each kind as a heat map of their own.

    Args:
        cells: by row; none in rows of headings.
    """
    padded = [row or [Cell("", "")] * len(TITLES) for row in cells]
    texts, kinds, levels = (np.array(part) for part in zip(*(zip(*row) for row in padded)))
    for kind, look in KINDS.items():
        if (kinds == kind).any():
            look = {"cbar": kind == "judged", **FRAME, **look}
            look["annot_kws"] = {"fontsize": SIZE, "va": "center_baseline", **look.get("annot_kws", {})}
            sns.heatmap(levels, mask=kinds != kind, annot=texts, fmt="", ax=axis, **look)
            if kind == "judged":
                _label_bar(axis.collections[-1].colorbar)


def _label_bar(bar: Colorbar) -> None:
    names = {0: "1", 1: "10"}
    bar.ax.set_xticklabels([names.get(tick, f"$10^{{{tick}}}$") for tick in DECADES], fontsize=6)
    bar.set_label("mismatch / threshold of the audit", fontsize=6.5)
    bar.outline.set(visible=True, linewidth=0.6)


def _label(axis: Axes, rows: list[str | dict]) -> None:
    """Headings above, documents and cases at the left, verdicts at the right."""
    axis.set_xlim(-CASE_SPACE, len(TITLES) + VERDICT_SPACE)
    axis.set_xticks(np.arange(len(TITLES)) + 0.5, TITLES.values(), fontsize=SIZE, va="center")
    axis.tick_params("x", length=0, top=True, labeltop=True, bottom=False, labelbottom=False, pad=9)
    verdicts = len(TITLES) + 0.1
    axis.annotate("verdict", (verdicts, 0), (0, 9), "data", "offset points", fontsize=SIZE, va="center")
    for place, row in enumerate(rows):
        look = {"fontsize": SIZE, "va": "center_baseline"}
        if isinstance(row, str):
            axis.text(-CASE_SPACE, place + 0.5, row, **look | {"fontsize": SIZE + 1, "fontweight": "bold"})
        else:
            axis.text(0.1 - CASE_SPACE, place + 0.5, row["case"], **look)
            axis.text(verdicts, place + 0.5, verdict_text(row), color=VERDICT_COLOURS[row["verdict"]], **look)


def _record(data: PlottedData, table: pd.DataFrame, results: list[Result]) -> None:
    """Add the table to the plotted data, and the notes."""
    shown = ["document", "verdict", "derivatives", "threshold", *JUDGED, *SINGULARITIES, "jump_size", "kink_size"]
    for row in table.to_dict("records"):
        data.add("audit", row["case"], **{name: [row[name]] for name in shown})
    seeds = sorted(set(audited_seeds(results).groupby("case").size()))
    thresholds = " and ".join(f"{value:g}" for value in sorted(table.threshold.dropna().unique()))
    number = "–".join(map(str, seeds))
    data.notes += [
        f"medians over the first {f'{number} seeds' if number != '1' else 'seed'}",
        f"inconsistent if the mismatch of any seed exceeds {thresholds} and three times its uncertainty",
        "grey italics: not judged, or not missed by the derivatives used",
        "dash: does not apply",
        "question mark: undetermined",
        "size of jumps over the rms of u, of kinks over that of its slope",
    ]
