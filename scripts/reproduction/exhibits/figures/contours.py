"""Contours of trained functions of two variables, and of their derivatives (fig11, fig14).

Source: Kim and Kang, arXiv:2408.02697, figs. 11 and 14.
"""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from rectified.formulas.activation import label
from rectified.statistics.summaries import median_member
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.storage.results import Result

LEVELS = 13
ROWS = (("field", "exact", "$f$"), ("slope", "exact_slope", "$\\partial f/\\partial x$"))


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Columns: the exact function and a median seed of each case; rows: the function and its derivative in x."""
    arrays = [result.arrays("fields") for result in results]
    columns = 1 + len(results)
    figure, axes = plt.subplots(
        2, columns, figsize=(style.PAGE, 1.0 + 5.4 / columns * 2), sharex=True, sharey=True, squeeze=False
    )
    places = np.meshgrid(arrays[0].x, arrays[0].y, indexing="ij")
    for row, (quantity, exact, name) in zip(axes, ROWS):
        reference = arrays[0][exact]
        low, high = float(reference.min()), float(reference.max())
        levels = np.linspace(low, high, LEVELS) if low < high else np.linspace(low - 1, high + 1, LEVELS)
        image = _contour(row[0], reference, levels)
        data.add(name, "exact", x=places[0], y=places[1], value=reference)
        for axis, result, case in zip(row[1:], results, arrays):
            values = case[quantity][median_member(case.gradient_error)]
            _contour(axis, values, levels)
            data.add(name, result.series, x=places[0], y=places[1], value=values)
        row[0].set_ylabel("$y$")
        figure.colorbar(image, ax=list(row), pad=0.01, aspect=18, label=name).ax.tick_params(labelsize=6)
    axes[0, 0].set_title("exact", fontsize=8)
    for index, (result, case) in enumerate(zip(results, arrays), start=1):
        for row, error in zip(axes[:, index], (case.value_error, case.gradient_error)):
            row.set_title(f"error {np.nanmedian(error):.1e}" if (error == error).any() else "diverged", fontsize=7)
        axes[0, index].set_title(f"{label(result.job.settings.activation)}\n" + axes[0, index].get_title(), fontsize=8)
    for axis in axes[1]:
        axis.set_xlabel("$x$")
    style.letters(list(axes.flat), inside=True)
    plane = " at z = 0" if any(len(result.job.target.domain) > 2 for result in results) else ""
    text = f"maps{plane}: a median seed; relative errors of $f$ and of its gradient off the grid: median"
    data.notes += seeds_note(results, text)
    return figure


def _contour(axis: Axes, values: xr.DataArray, levels: np.ndarray) -> QuadContourSet:
    image = axis.contourf(values.x, values.y, values.T, levels=levels, cmap="viridis", extend="both")
    axis.contour(values.x, values.y, values.T, levels=levels, colors="white", linewidths=0.35)
    axis.set_aspect("equal")
    return image
