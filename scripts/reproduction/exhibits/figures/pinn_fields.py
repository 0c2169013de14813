"""Solutions by physics-informed networks beside the reference, or their errors (fig16, fig17).

Source: Kim and Kang, arXiv:2408.02697, figs. 16 and 17.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from rectified.formulas.activation import label
from rectified.statistics.summaries import median_member, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import group_by
from reproduction.storage.results import Result

ERRORS = LogNorm(1e-5, 1.0)
SHORT = {"adam": "Adam", "levenberg_marquardt": "LM"}
LOOKS = {
    "solution": {"cmap": "RdBu_r", "norm": Normalize(-1, 1), "label": "$u(x, t)$"},
    "error": {"cmap": "magma", "norm": ERRORS, "label": "|error|"},
}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per optimizer, one map per case: the field of a median seed, or its absolute error."""
    quantity, optimizers = entry["quantity"], group_by(results, "optimizer")
    first = int(quantity == "solution")
    columns = first + max(map(len, optimizers.values()))
    size = (style.PAGE, 2.1 * len(optimizers) + 0.3)
    figure, axes = plt.subplots(len(optimizers), columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for row, cases in zip(axes, optimizers.values()):
        for axis, result in zip(row[first:], cases):
            image = _map(axis, result, quantity, data)
        row[first].set_ylabel("$x$")
        row[first].tick_params(labelleft=True)
    if first:
        _reference(axes[0, 0], results[0], data)
    shown = _label_bottom(axes)
    figure.colorbar(image, ax=shown, pad=0.01, aspect=30, label=LOOKS[quantity]["label"]).ax.tick_params(labelsize=6)
    style.letters(shown, inside=True)
    data.notes += seeds_note(results, "maps: a median seed, errors: median")
    return figure


def _label_bottom(axes: np.ndarray) -> list[Axes]:
    """Remove empty axes, label the lowest map of each column, and return the maps row by row."""
    shown = [axis for axis in axes.flat if axis.collections]
    for axis in axes.flat:
        if axis not in shown:
            axis.remove()
    for column in axes.T:
        for axis in [axis for axis in column if axis in shown][-1:]:
            axis.set_xlabel("$t$")
            axis.tick_params(labelbottom=True)
    return shown


def _reference(axis: Axes, result: Result, data: PlottedData) -> None:
    arrays = result.arrays("fields")
    _pcolormesh(axis, arrays, arrays.exact, "solution")
    axis.set_title("reference", fontsize=7)
    axis.set_ylabel("$x$")
    x, t = np.meshgrid(arrays.x, arrays.t)
    data.add("solution", "reference", x=x, t=t, value=arrays.exact)


def _map(axis: Axes, result: Result, quantity: str, data: PlottedData) -> QuadMesh:
    s, arrays = result.job.settings, result.arrays("fields")
    values = arrays.field[median_member(arrays.relative_l2)]
    if quantity == "error":
        values = np.maximum(abs(values - arrays.exact), ERRORS.vmin)
    error = float(summarize(arrays.relative_l2).median)
    outcome = "diverged" if np.isnan(error) else f"rel. $L^2$ {error:.1e}"
    axis.set_title(f"{label(s.activation)}, {SHORT[s.optimizer]}\n{outcome}", fontsize=7)
    x, t = np.meshgrid(arrays.x, arrays.t)
    data.add(quantity, result.series, x=x, t=t, value=values)
    return _pcolormesh(axis, arrays, values, quantity)


def _pcolormesh(axis: Axes, arrays, values, quantity: str) -> QuadMesh:
    look = {name: LOOKS[quantity][name] for name in ("cmap", "norm")}
    return axis.pcolormesh(arrays.t, arrays.x, values.T, rasterized=True, shading="nearest", **look)
