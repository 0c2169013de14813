"""Cells of a vector quantization in the plane of the inputs, and the error of the network.

A cell is the set of points to which the network assigns one code. An orphan is a cell that contains no point of the
initial and boundary conditions, so that the equation alone determines the value there.
"""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rectified.statistics.summaries import summarize
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.map_page import (
    draw_bar,
    draw_map,
    error_title,
    label_maps,
    map_columns,
    map_page,
    median_seed,
)
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

CODE_COLOURS = ("#a6cee3", "#fdbf6f", "#b2df8a", "#fb9a99", "#cab2d6", "#ffff99", "#d9b38c", "#c7e9e5")
HATCH = "//////"
FRONT = {"color": "black", "linewidth": 1.1}
FRONT_ON_ERROR = {"color": "white", "linewidth": 0.9, "linestyle": (0, (4, 2))}
LEGEND_HEIGHT = 0.35  # inches
QUANTILE = 0.995  # of the errors, at the end of the colour scale


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One column per case: cells of a median seed, orphans hatched, above its errors, both with the exact front."""
    plt.rcParams["hatch.linewidth"] = 0.5
    fields = [median_seed(result) for result in results]
    labels = variant_labels([result.job for result in results])
    titles = [f"{label}\n{_orphans(result)}" for label, result in zip(labels, results)]
    page = map_page(titles, exact=False, extra_height=LEGEND_HEIGHT)
    norm = Normalize(0, _largest_error(fields))
    for column, result, arrays in zip(page.columns, results, fields):
        _cells(column[0], result, arrays, data)
        error = abs(arrays.field - arrays.exact)
        draw_map(column[1], error, "magma", norm)
        data.add("error", result.series, **map_columns(error))
        _front(column, result)
        column[1].set_title(error_title(arrays), fontsize=7)
    label_maps(page, results[0])
    page.bars[0].remove()
    draw_bar(page.bars[1], ScalarMappable(norm, "magma"), "|error|", "max")
    page.figure.legend(handles=_handles(results), loc="outside upper center", ncols=2)
    data.notes += seeds_note(results, "maps: a median seed, titles: median [range]")
    return page.figure


def _cells(axis: Axes, result: Result, arrays: xr.Dataset, data: PlottedData) -> None:
    """Draw the code at each point in a colour that only separates neighbours; nothing if the seed diverged."""
    if arrays.diverged_at >= 0:
        return
    cells, (first, second) = arrays.cell, arrays.cell.dims
    codes = result.job.settings.codes
    colours = ListedColormap([CODE_COLOURS[code % len(CODE_COLOURS)] for code in range(codes)])
    draw_map(axis, cells, colours, BoundaryNorm(np.arange(codes + 1) - 0.5, codes))
    orphaned = np.isin(cells, np.flatnonzero(arrays.orphaned))
    if orphaned.any():
        axis.contourf(cells[first], cells[second], orphaned.T, [0.5, 1.5], colors="none", hatches=[HATCH])
    columns = {name.removeprefix("cell_"): values for name, values in map_columns(cells).items()}
    data.add("cells", result.series, **columns, orphan=orphaned)


def _largest_error(fields: list[xr.Dataset]) -> float:
    """The end of the colour scale: a tenth that few errors exceed."""
    errors = [abs(arrays.field - arrays.exact).to_numpy().ravel() for arrays in fields]
    errors = np.concatenate(errors)
    errors = errors[np.isfinite(errors)]
    return float(np.ceil(10 * np.quantile(errors, QUANTILE)) / 10) if len(errors) else 1.0


def _front(column: np.ndarray, result: Result) -> None:
    """Draw the exact front of a Buckley–Leverett problem."""
    if result.job.problem.equation != "buckley_leverett":
        return
    problem = result.job.problem.build()
    times = problem.box[1]
    for axis, look in zip(column, (FRONT, FRONT_ON_ERROR)):
        axis.plot(problem.front(times), times, **look)


def _orphans(result: Result) -> str:
    """Number of orphans and their share of the domain, median and range over seeds."""
    if not result.healthy.any():
        return "all seeds diverged"
    arrays = result.arrays("fields").isel(seed=result.healthy)
    count, area = (summarize(arrays[name]) for name in ("orphan_cells", "orphan_area"))
    return (
        f"orphans {count.median:g} [{count.low:g}–{count.high:g}]\n"
        f"area {area.median:.2f} [{area.low:.2f}–{area.high:.2f}]"
    )


def _handles(results: list[Result]) -> list:
    text = "orphan cell: contains no point of an initial or boundary condition"
    handles = [Patch(facecolor="none", edgecolor="black", hatch=HATCH, label=text)]
    if any(result.job.problem.equation == "buckley_leverett" for result in results):
        handles.append(Line2D([], [], label="exact front (white in the lower row)", **FRONT))
    return handles
