"""Fields of Ritz networks on a box beside the exact solution, and their errors; one row per problem and depth."""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from reproduction.exhibits import style
from reproduction.exhibits.box_labels import RULES
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import group_by
from reproduction.exhibits.map_page import draw_map, error_title, map_columns, median_seed
from reproduction.storage.results import Result

DECADES = 4  # of errors shown, down from the largest
HEIGHT = 1.1  # of a row, in inches


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The exact solution, then field and error of a median seed of each case."""
    ordered = sorted(results, key=lambda result: result.job.settings.needs_kinks)
    groups = list(group_by(ordered, "problem", "hidden_layers").values())
    columns = 1 + 2 * max(map(len, groups))
    figure, axes = plt.subplots(
        len(groups), columns, figsize=(style.PAGE, HEIGHT * len(groups) + 0.75), squeeze=False, sharex=True, sharey=True
    )
    fields = [[median_seed(result) for result in group] for group in groups]
    errors = LogNorm(*_error_range([arrays for row in fields for arrays in row]), clip=True)
    for row, group, arrays in zip(axes, groups, fields):
        largest = float(abs(arrays[0].exact).max())
        norm = Normalize(-largest, largest)
        draw_map(row[0], arrays[0].exact, "RdBu_r", norm)
        data.add("exact", group[0].series, **map_columns(arrays[0].exact))
        for index, (result, case) in enumerate(zip(group, arrays)):
            _pair(row[1 + 2 * index : 3 + 2 * index], result, case, norm, errors, data)
        for axis in row[1 + 2 * len(group) :]:
            axis.remove()
        row[0].set_title(_row_title(group[0]), fontsize=7)
    _label(axes)
    bars = (
        (ScalarMappable(Normalize(-1, 1), "RdBu_r"), "$u$ over its largest value", "neither"),
        (ScalarMappable(errors, "magma"), "|error|", "both"),
    )
    for scale, label, extend in bars:
        bar = figure.colorbar(
            scale, ax=axes.ravel().tolist(), pad=0.01, aspect=35, fraction=0.04, label=label, extend=extend
        )
        bar.ax.tick_params(labelsize=6)
        bar.outline.set_linewidth(0.6)
    data.notes += seeds_note(results, "maps: a median seed")
    return figure


def _pair(
    axes: np.ndarray, result: Result, arrays: xr.Dataset, norm: Normalize, errors: LogNorm, data: PlottedData
) -> None:
    """Field and error of a case."""
    error = abs(arrays.field - arrays.exact)
    draw_map(axes[0], arrays.field, "RdBu_r", norm)
    draw_map(axes[1], np.maximum(error, errors.vmin), "magma", errors)
    axes[0].set_title(RULES[result.job.settings.quadrature], fontsize=6.5)
    axes[1].set_title(error_title(arrays), fontsize=7)
    data.add("field", result.series, **map_columns(arrays.field))
    data.add("error", result.series, **map_columns(error))


def _row_title(result: Result) -> str:
    s = result.job.settings
    return "exact" if s.hidden_layers == 1 else f"exact; {s.hidden_layers} hidden layers"


def _error_range(fields: list[xr.Dataset]) -> tuple[float, float]:
    """``DECADES`` decades below the largest error, rounded up."""
    largest = max(float(abs(arrays.field - arrays.exact).max()) for arrays in fields)
    top = 10.0 ** np.ceil(np.log10(largest)) if np.isfinite(largest) and largest > 0 else 1.0
    return top / 10**DECADES, top


def _label(axes: np.ndarray) -> None:
    """Three ticks per axis, names of the inputs at the left and at the bottom, and panel letters."""
    maps: list[Axes] = [axis for axis in axes.flat if axis.figure is not None]
    for axis in maps:
        axis.set_aspect("equal")
        axis.tick_params(labelsize=6)
    for axis in axes[-1]:
        axis.set_xlabel("$x_1$", labelpad=1)
    for axis in axes[:, 0]:
        axis.set_ylabel("$x_2$", labelpad=1)
    style.letters(maps, inside=True)
