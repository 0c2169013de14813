"""The mismatches that the derivative audit measured, one row per case, with hidden jumps and kinks and the verdict.

Shades go by the mismatch over its threshold, and change hue at 1.
"""

from collections.abc import Iterator
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.tables.audit import HIDDEN, JUDGED, audited_seeds, hidden_in, rows
from reproduction.storage.results import Result

VERDICT_COLOURS = {"consistent": "#0072b2", "inconsistent": "#d55e00", "undetermined": "#777777", "diverged": "#777777"}
SHADES = ScalarMappable(TwoSlopeNorm(0.0, -4.0, 1.0), "RdBu_r")  # of the decadic logarithm of mismatch over threshold
EMPTY, GREY = "#eeeeee", "0.5"
SIZE = 6.0
PAGE_HEIGHT, FOOT, HEAD = 9.0, 0.75, 2.2  # inches without rows; rows that the headings of the columns take
ROW_HEIGHTS = (0.115, 0.16)
TITLES = {
    "first": "$u_x$",
    "second": "$u_{xx}$",
    "off_diagonal": "other points\n(off-diagonal)",
    "parameter": "parameter\ngradient",
    "jumps": "jumps per line\n(largest)",
    "kinks": "kinks per line\n(largest)",
}


class Cell(NamedTuple):
    """What stands in a cell, and whether it counts for the verdict."""

    text: str
    shade: float | None = None
    counts: bool = False


EDGES = dict(zip(TITLES, np.cumsum([1.62, 0.56, 0.56, 0.74, 0.62, 0.76])))  # left edges, in inches
WIDTHS = dict(zip(TITLES, [0.56, 0.56, 0.74, 0.62, 0.76, 0.76]))
VERDICT = EDGES["kinks"] + WIDTHS["kinks"] + 0.06


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """A heading per document, a row per case below it; medians over seeds, verdicts by the worst seed."""
    table = rows(results)
    lines = list(_lines(table))
    height = np.clip((PAGE_HEIGHT - FOOT) / (len(lines) + HEAD), *ROW_HEIGHTS)
    figure, axis = plt.subplots(figsize=(style.PAGE, float(height * (len(lines) + HEAD)) + FOOT))
    axis.set(xlim=(0, style.PAGE), ylim=(len(lines) - 0.4, -HEAD))
    axis.set_axis_off()
    _head(axis)
    for place, line in enumerate(lines):
        if isinstance(line, str):
            axis.text(0, place, line, fontsize=SIZE + 1, fontweight="bold", va="center")
        else:
            _row(axis, place, line)
    _bar(figure, axis)
    _note(data, table, results)
    return figure


def _lines(table: pd.DataFrame) -> Iterator[str | dict]:
    """Names of documents, each before its rows."""
    for document, group in table.groupby("document", sort=False):
        yield document.replace("_", " ")
        yield from group.to_dict("records")


def _head(axis: Axes) -> None:
    for name, text in TITLES.items():
        axis.text(EDGES[name] + WIDTHS[name] / 2, -HEAD / 2, text, fontsize=SIZE + 0.5, ha="center", va="center")
    axis.text(VERDICT, -HEAD / 2, "verdict", fontsize=SIZE + 0.5, va="center")


def _row(axis: Axes, place: int, row: dict) -> None:
    axis.text(0.08, place, row["case"], fontsize=SIZE, va="center_baseline")
    for name in TITLES:
        _draw_cell(axis, place, name, measured(row, name) if name in JUDGED else found(row, name))
    axis.text(VERDICT, place, verdict(row), fontsize=SIZE, va="center_baseline", color=VERDICT_COLOURS[row["verdict"]])


def measured(row: dict, name: str) -> Cell:
    """A mismatch, shaded if it is judged; a question mark if it could not be told, a dash if it does not apply."""
    size = row[name]
    if np.isnan(size):
        unknown = {
            "first": row["order"] >= 1,
            "second": row["order"] >= 2,
            "parameter": not np.isnan(row["parameter_uncertainty"]),
        }
        return Cell("?" if unknown.get(name) else "–")
    if name == "off_diagonal" and row["derivatives"] != "reverse":
        return Cell(number(size))
    return Cell(number(size), np.log10(max(size / row["threshold"], 1e-300)), True)


def found(row: dict, name: str) -> Cell:
    """How many jumps or kinks there are and how large; they count if the derivatives of the case do not see them."""
    count, size = row[name], row[{"jumps": "jump_size", "kinks": "kink_size"}[name]]
    if np.isnan(count):
        return Cell("–" if row["verdict"] == "diverged" else "?")
    return Cell(f"{count:.3g} ({number(size)})" if count else "0", None, name in hidden_in(row))


def number(value: float) -> str:
    """A number of few digits."""
    if value == 0 or np.isinf(value):
        return "∞" if value else "0"
    if 0.01 <= value < 1000:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def verdict(row: dict) -> str:
    """The verdict in words: with how many seeds it is of where they differ, and what a consistent case hides."""
    audited = row["seeds"] - row["diverged"]
    if 0 < row["inconsistent_seeds"] < audited:
        return f"inconsistent ({row['inconsistent_seeds']} of {audited} seeds)"
    hidden = hidden_in(row) if row["verdict"] == "consistent" else []
    return f"{row['verdict']} between {' and '.join(hidden)}" if hidden else row["verdict"]


def _draw_cell(axis: Axes, place: int, name: str, cell: Cell) -> None:
    """Shaded by the mismatch, grey where there is none, plain for what is not judged."""
    blank = cell.text in ("–", "?")
    shade = EMPTY if blank else "none" if cell.shade is None else SHADES.to_rgba(cell.shade)
    box = (EDGES[name] + 0.01, place - 0.46), WIDTHS[name] - 0.02, 0.92
    axis.add_patch(Rectangle(*box, facecolor=shade, edgecolor="none", linewidth=0))
    look = {"color": _ink(shade)} if cell.counts else {"color": GREY, "style": "normal" if blank else "italic"}
    middle = EDGES[name] + WIDTHS[name] / 2
    axis.text(middle, place, cell.text, fontsize=SIZE, ha="center", va="center_baseline", **look)


def _ink(shade: str | tuple) -> str:
    """White on dark shades, black on light ones."""
    light = shade == "none" or np.dot(shade[:3], (0.299, 0.587, 0.114)) > 0.5
    return "black" if light else "white"


def _bar(figure: Figure, axis: Axes) -> None:
    ticks = range(-4, 2)
    place = {"location": "bottom", "shrink": 0.55, "aspect": 45, "pad": 0.01, "extend": "both"}
    bar = figure.colorbar(SHADES, ax=axis, ticks=list(ticks), **place)
    bar.ax.set_xticklabels([{0: "1", 1: "10"}.get(tick, f"$10^{{{tick}}}$") for tick in ticks], fontsize=6)
    bar.set_label("mismatch / threshold of the audit", fontsize=6.5)
    bar.outline.set_linewidth(0.6)


def _note(data: PlottedData, table: pd.DataFrame, results: list[Result]) -> None:
    """What is shown, and what the reader must know of it."""
    shown = ["document", "verdict", "derivatives", "threshold", *JUDGED, *HIDDEN, "jump_size", "kink_size"]
    for row in table.to_dict("records"):
        data.add("audit", row["case"], **{name: [row[name]] for name in shown})
    seeds = sorted(set(audited_seeds(results).groupby("case").size()))
    thresholds = " and ".join(f"{value:g}" for value in sorted(table.threshold.dropna().unique()))
    data.notes += [
        f"medians over the first {'–'.join(map(str, seeds))} seeds",
        f"inconsistent if any seed has a mismatch above {thresholds}",
        "grey italics: not judged, or seen by the derivatives in use",
        "dash: does not apply",
        "question mark: could not be told",
        "jumps in rms of u, kinks in rms of its slope",
    ]
