"""The trained fields of variants of physics-informed networks beside the exact solution, and their errors."""

import re

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from rectified import style
from rectified.figures.page import PlottedData, seeds_note
from rectified.figures.variant_labels import variant_label
from rectified.posed import posed
from rectified.results import Result
from rectified.statistics import median_member

DECADES = 4  # of errors that are told apart
SMALL = 0.02  # share of the errors that may lie below the scale
COLOURS = {"field": "RdBu_r", "error": "magma"}
LABELS = {"field": "$u$", "error": "|error|"}
MARGIN = 1.15  # inches of a page for ticks, labels and bars
LETTER = 0.052  # width of a letter of a title, in inches


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The exact solution, then one column per case: the field of a median seed, and below how far it is from exact."""
    drawn = [median_seed(result) for result in results]
    width = (style.PAGE - MARGIN) / (1 + len(results))
    size = style.PAGE, 2 * min(width, 1.7) + 1.3
    figure, axes = plt.subplots(2, 1 + len(results), figsize=size, sharex=True, sharey=True)
    norms = {"field": _field_norm(drawn), "error": _error_norm(drawn)}
    finest = max(drawn, key=lambda arrays: arrays.exact.size)
    _map(axes[0, 0], finest.exact, "field", norms)
    axes[0, 0].set_title("exact", fontsize=7)
    _note("field", "exact", finest.exact, data)
    for column, result, arrays in zip(axes.T[1:], results, drawn):
        for axis, (quantity, values) in zip(column, _quantities(arrays).items()):
            _map(axis, values, quantity, norms)
            _note(quantity, result.series, values, data)
        column[0].set_title(f"{wrapped(variant_label(result.job), width)}\n{outcome(arrays)}", fontsize=7)
    _label_axes(axes, results[0])
    for quantity, row in zip(LABELS, (axes[0], axes[1, 1:])):
        _bar(figure, row, quantity, norms[quantity])
    style.letters([*axes[0], *axes[1, 1:]], inside=True)
    data.notes += seeds_note(results, "maps: a median seed")
    return figure


def median_seed(result: Result) -> xr.Dataset:
    """The fields of a case for the seed of median relative error; a case whose every seed diverged gives NaN."""
    arrays = result.arrays("fields")
    return arrays.isel(seed=median_member(arrays.relative_l2))


def outcome(arrays: xr.Dataset) -> str:
    """The relative error of one seed, as titles say it."""
    error = float(arrays.relative_l2)
    return f"rel. $L^2$ {error:.2g}" if np.isfinite(error) else "diverged"


def wrapped(text: str, inches: float) -> str:
    """Text in lines that fit a width; formulas are kept in one piece."""
    lines = [""]
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", text):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer.replace("$", "")) * LETTER > inches:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _quantities(arrays: xr.Dataset) -> dict[str, xr.DataArray]:
    return {"field": arrays.field, "error": abs(arrays.field - arrays.exact)}


def _field_norm(drawn: list[xr.Dataset]) -> Normalize:
    """Symmetric limits, those of the exact solution."""
    largest = max(float(abs(arrays.exact).max()) for arrays in drawn)
    return Normalize(-largest, largest)


def _error_norm(drawn: list[xr.Dataset]) -> LogNorm:
    """Whole decades that hold the errors, up to the largest, no more than can be told apart."""
    errors = np.concatenate([np.ravel(_quantities(arrays)["error"]) for arrays in drawn])
    errors = errors[np.isfinite(errors) & (errors > 0)]
    if not len(errors):
        return LogNorm(10.0**-DECADES, 1.0)
    top = int(np.ceil(np.log10(errors.max())))
    bottom = int(np.floor(np.log10(np.quantile(errors, SMALL))))
    return LogNorm(10.0 ** min(max(bottom, top - DECADES), top - 1), 10.0**top)


def _map(axis: Axes, values: xr.DataArray, quantity: str, norms: dict[str, Normalize]) -> None:
    """The first variable along the horizontal axis, the second along the vertical one."""
    first, second = values.dims
    shown = values.to_numpy().T
    if quantity == "error":
        shown = np.maximum(shown, norms[quantity].vmin)
    look = {"rasterized": True, "shading": "nearest", "cmap": COLOURS[quantity], "norm": norms[quantity]}
    axis.pcolormesh(values[first], values[second], shown, **look)
    axis.set_box_aspect(1)


def _note(panel: str, series: str, values: xr.DataArray, data: PlottedData) -> None:
    names = [str(name) for name in values.dims]
    grids = np.meshgrid(*[values[name].to_numpy() for name in names], indexing="ij")
    data.add(panel, series, **dict(zip(names, grids)), value=values.to_numpy())


def _label_axes(axes: np.ndarray, result: Result) -> None:
    """Names and limits of the axes; the lower left place stays empty."""
    problem = posed(result.job.problem)
    horizontal, vertical = problem.axes
    axes[1, 0].remove()
    axes[0, 0].set(xlim=problem.box[0], ylim=problem.box[1])
    for axis in (axes[0, 0], *axes[1, 1:]):
        axis.set_xlabel(f"${horizontal}$")
        axis.tick_params(labelbottom=True)
    for axis in (axes[0, 0], axes[1, 1]):
        axis.set_ylabel(f"${vertical}$", labelpad=1)
        axis.tick_params(labelleft=True)


def _bar(figure: Figure, row: np.ndarray, quantity: str, norm: Normalize) -> None:
    extend = {"field": "both", "error": "min"}[quantity]
    scale = ScalarMappable(norm, COLOURS[quantity])
    bar = figure.colorbar(scale, ax=list(row), pad=0.01, aspect=16, extend=extend, label=LABELS[quantity])
    bar.ax.tick_params(labelsize=6)
    bar.outline.set_linewidth(0.6)
