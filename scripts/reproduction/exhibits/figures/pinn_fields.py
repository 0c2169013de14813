"""Solutions by physics-informed networks beside the reference, or their errors (fig16, fig17).

Source: Kim and Kang, arXiv:2408.02697, figs. 16 and 17.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from rectified.formulas.activation import label
from rectified.statistics.summaries import median_member, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.figures.pinn_history import by_optimizer
from reproduction.storage.results import Result

ERRORS = (1e-5, 1.0)
SHORT = {"adam": "Adam", "levenberg_marquardt": "LM"}
SOLUTION = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per optimizer, one map per case: the field of a median seed, or its distance from the reference."""
    groups = by_optimizer(results)
    first = int(entry["quantity"] == "solution")
    columns = first + max(map(len, groups.values()))
    figure, axes = plt.subplots(
        len(groups), columns, figsize=(style.PAGE, 2.1 * len(groups) + 0.3), sharex=True, sharey=True, squeeze=False
    )
    for row, cases in zip(axes, groups.values()):
        for axis, result in zip(row[first:], cases):
            image = _map(axis, result, entry["quantity"], data)
        row[first].set_ylabel("$x$")
        row[first].tick_params(labelleft=True)
    if first:
        _reference(axes[0, 0], results[0], data)
    shown = [axis for axis in axes.flat if axis.collections]
    for axis in axes.flat:
        if axis not in shown:
            axis.remove()
    for column in axes.T:
        lowest = [axis for axis in column if axis in shown][-1:]
        for axis in lowest:
            axis.set_xlabel("$t$")
            axis.tick_params(labelbottom=True)
    text = "$u(x, t)$" if first else "|error|"
    figure.colorbar(image, ax=shown, pad=0.01, aspect=30, label=text).ax.tick_params(labelsize=6)
    style.letters(shown, inside=True)
    data.notes += seeds_note(results, "maps: a median seed, errors: median")
    return figure


def _reference(axis: Axes, result: Result, data: PlottedData) -> None:
    arrays = result.arrays("fields")
    axis.pcolormesh(arrays.t, arrays.x, arrays.exact.T, rasterized=True, shading="nearest", **SOLUTION)
    axis.set_title("reference", fontsize=7)
    axis.set_ylabel("$x$")
    x, t = np.meshgrid(arrays.x, arrays.t)
    data.add("solution", "reference", x=x, t=t, value=arrays.exact)


def _map(axis, result: Result, quantity: str, data: PlottedData):
    s, arrays = result.job.settings, result.arrays("fields")
    field = arrays.field[median_member(arrays.relative_l2)]
    if quantity == "solution":
        values, look = field, SOLUTION
    else:
        values = np.maximum(abs(field - arrays.exact), ERRORS[0])
        look = {"cmap": "magma", "norm": LogNorm(*ERRORS)}
    image = axis.pcolormesh(arrays.t, arrays.x, values.T, rasterized=True, shading="nearest", **look)
    error = float(summarize(arrays.relative_l2).median)
    outcome = "diverged" if np.isnan(error) else f"rel. $L^2$ {error:.1e}"
    axis.set_title(f"{label(s.activation)}, {SHORT[s.optimizer]}\n{outcome}", fontsize=7)
    x, t = np.meshgrid(arrays.x, arrays.t)
    data.add(quantity, result.series, x=x, t=t, value=values)
    return image
