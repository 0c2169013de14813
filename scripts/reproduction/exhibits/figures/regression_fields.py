"""Trained functions of one variable and their derivatives, beside the exact ones (fig10, fig13).

Source: Kim and Kang, arXiv:2408.02697, figs. 10 and 13.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.formulas.activation import label
from rectified.statistics.summaries import median_member
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import group_by, sorted_by
from reproduction.storage.results import Result

QUANTITIES = {"field": ("exact", "$f$"), "slope": ("exact_slope", "$f'$")}
SLOPE_ERROR = "$|\\hat f' - f'|$"
MARGIN = 0.15  # above and below the exact function, over its range


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One column per target: the function, its derivative, and the error of the derivative, of a median seed."""
    targets = group_by(sorted_by(results, "target"), "target")
    figure, axes = plt.subplots(3, len(targets), figsize=(style.PAGE, 5.6), sharex="col", squeeze=False)
    lines: dict[str, Line2D] = {}
    for column, (target, cases) in zip(axes.T, targets.items()):
        for axis, (quantity, (exact, _)) in zip(column, QUANTITIES.items()):
            lines |= _functions(axis, cases, quantity, exact, data, target)
        _slope_errors(column[2], cases, data, target)
        column[0].set_title(f"target {target}", fontsize=8)
        column[2].set_xlabel("$x$")
    for axis, text in zip(axes[:, 0], [*(name for _, name in QUANTITIES.values()), SLOPE_ERROR]):
        axis.set_ylabel(text)
    style.letters(list(axes.flat))
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=len(lines))
    data.notes += seeds_note(results, "lines: a median seed")
    return figure


def _functions(axis: Axes, cases: list[Result], quantity: str, exact: str, data: PlottedData, target: str) -> dict:
    lines = {}
    for result in cases:
        arrays, activation = result.arrays("fields"), result.job.settings.activation
        values = arrays[quantity][median_member(arrays.gradient_error)]
        (lines[label(activation)],) = axis.plot(arrays.x, values, color=style.colour(activation), linewidth=1.0)
        data.add(f"{target} {quantity}", result.series, x=arrays.x, y=values)
    (lines["exact"],) = axis.plot(arrays.x, arrays[exact], color="black", linewidth=0.7, linestyle="--")
    data.add(f"{target} {quantity}", "exact", x=arrays.x, y=arrays[exact])
    low, high = float(arrays[exact].min()), float(arrays[exact].max())
    axis.set_ylim(low - MARGIN * (high - low), high + MARGIN * (high - low))
    return lines


def _slope_errors(axis: Axes, cases: list[Result], data: PlottedData, target: str) -> None:
    for result in cases:
        arrays, activation = result.arrays("fields"), result.job.settings.activation
        error = abs(arrays.slope[median_member(arrays.gradient_error)] - arrays.exact_slope)
        axis.plot(arrays.x, error, color=style.colour(activation), linewidth=0.8)
        data.add(f"{target} slope error", result.series, x=arrays.x, y=error)
    axis.set_yscale("log")
