"""Errors before and after a remedy, one group of rows per idea, beside a plain network of equal cost."""

from fnmatch import fnmatchcase
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.quantities.collocation import segment_error
from reproduction.exhibits.variant_labels import remedy_labels
from reproduction.storage.results import Result

ROLES = {"failed": ("X", "#d55e00"), "remedies": ("o", "#0072b2"), "plain": ("s", "#777777")}
NAMES = {"failed": "as it failed", "remedies": "with a remedy", "plain": "plain network of equal cost"}
ROW_HEIGHT, FRAME = 0.21, 1.6  # inches: height of a row, and of everything around the rows
JITTER = 0.22  # of the seeds across a row, in rows
TIME = 0.25  # at which the front is shown
MEASURES = {
    "error": "relative $L^2$ error",
    "front": "distance of front",
    "sides": "error on both sides",
}


class Row(NamedTuple):
    """A case, its role in an idea, and its label."""

    result: Result
    role: str
    label: str


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The error of every seed, and for problems with a front also its position and the errors on both sides."""
    ideas = {idea["title"]: _rows(results, idea) for idea in entry["ideas"]}
    ideas = {title: rows for title, rows in ideas.items() if rows}
    heights = [len(rows) + 1 for rows in ideas.values()]
    figure = plt.figure(figsize=(style.PAGE, ROW_HEIGHT * sum(heights) + FRAME))
    grid = figure.add_gridspec(len(ideas), 3, height_ratios=heights, width_ratios=(1.2, 1, 1))
    axes = []
    for place, (title, rows) in enumerate(ideas.items()):
        fronts = all("front" in row.result.arrays("fields") for row in rows)
        columns = [grid[place, column] for column in range(3)] if fronts else [grid[place, :]]
        for measure, column in zip(MEASURES, columns):
            axes.append(figure.add_subplot(column))
            _panel(axes[-1], title, rows, measure, data)
            axes[-1].tick_params(labelleft=measure == "error")
        axes[-len(columns)].set_title(title, loc="left", fontweight="bold")
    looks = [Line2D([], [], color=ROLES[role][1], marker=ROLES[role][0], linestyle="none") for role in NAMES]
    figure.legend(looks, NAMES.values(), loc="outside upper right", ncols=3)
    data.notes += seeds_note(results, "points: single seeds, bars: median")
    data.notes.append(f"front at t = {TIME:g}")
    return figure


def _rows(results: list[Result], idea: dict) -> list[Row]:
    """Return the rows of an idea, in the order of the entry: what failed, remedies, plain networks."""
    chosen = [
        (result, role)
        for role in ROLES
        for pattern in idea[role]
        for result in results
        if fnmatchcase(result.series, pattern)
    ]
    labels = remedy_labels([result.job for result, _ in chosen])
    return [Row(result, role, label) for (result, role), label in zip(chosen, labels)]


def _panel(axis: Axes, title: str, rows: list[Row], measure: str, data: PlottedData) -> None:
    """The seeds of every row, and their median."""
    jitter = np.random.default_rng(0)
    for place, row in enumerate(rows):
        values = _values(row.result, measure).to_numpy()
        shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)
        marker, colour = ROLES[row.role]
        across = place + JITTER * jitter.uniform(-1, 1, len(values))
        axis.scatter(shown, across, s=11, marker=marker, color=colour, alpha=0.6, linewidth=0)
        median = np.nanmedian(shown) if np.isfinite(shown).any() else np.nan
        axis.plot([median] * 2, [place - 0.36, place + 0.36], color="black", linewidth=1.6)
        names = {"idea": [title] * len(values), "role": [row.role] * len(values), "variant": [row.label] * len(values)}
        data.add(measure, row.result.series, seed=np.arange(len(values)), value=values, **names)
    axis.set(xscale="log", ylim=(len(rows) - 0.5, -0.5))
    axis.set_yticks(range(len(rows)), [row.label for row in rows])
    axis.tick_params("y", length=0)
    axis.set_xlabel(MEASURES[measure], labelpad=1)
    low, high = axis.get_xlim()
    margin = max(1.0, (4 * low / high) ** 0.5)
    axis.set_xlim(low / margin, high * margin)
    axis.xaxis.set_major_locator(LogLocator(subs=_ticks(low / margin, high * margin, measure)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)


def _ticks(low: float, high: float, measure: str) -> tuple[int, ...]:
    """Return the leading digits of ticks that fit: those of a panel of the front have a third of the width."""
    decades = np.log10(high / low)
    if measure != "error":
        return (1, 3) if decades < 1.7 else (1,)
    return (1, 2, 5) if decades < 2.5 else (1,)


def _values(result: Result, measure: str) -> xr.DataArray:
    """Return a measure of every seed; errors of the front below half the spacing of the profile are drawn there."""
    fields = result.arrays("fields")
    if measure == "error":
        return fields.relative_l2
    if measure == "sides":
        return segment_error(result)
    resolution = float(fields.place[1] - fields.place[0]) / 2
    return np.maximum(fields.front_error.sel(time=TIME, method="nearest"), resolution)
