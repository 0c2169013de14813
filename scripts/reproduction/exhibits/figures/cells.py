"""The cells of a vector quantization in the plane of its inputs, and where the error is.

A cell is the set of points for which one code is chosen; an orphan is a cell that no point of the initial and boundary
conditions lies in, so that nothing but the equation tells the network which value to take there.
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
from reproduction.exhibits.figures.collocation_fields import draw_bar, frame, maps, median_seed, outcome
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

CODE_COLOURS = ("#a6cee3", "#fdbf6f", "#b2df8a", "#fb9a99", "#cab2d6", "#ffff99", "#d9b38c", "#c7e9e5")
HATCH = "//////"
FRONT = {"color": "black", "linewidth": 1.1}
FRONT_ON_ERROR = {"color": "white", "linewidth": 0.9, "linestyle": (0, (4, 2))}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One column per case: above the cells of a median seed, orphans hatched, below its errors; the exact front."""
    plt.rcParams["hatch.linewidth"] = 0.5
    drawn = [median_seed(result) for result in results]
    labels = variant_labels([result.job for result in results])
    page = maps([f"{label}\n{_orphans(result)}" for label, result in zip(labels, results)], exact=False, more=0.35)
    norm = Normalize(0, _largest_error(drawn))
    for column, result, arrays in zip(page.columns, results, drawn):
        _cells(column[0], result, arrays, data)
        _error(column[1], result, arrays, norm, data)
        _front(column, result)
        column[1].set_title(outcome(arrays), fontsize=7)
    frame(page, results[0])
    page.bars[0].remove()
    draw_bar(page.bars[1], ScalarMappable(norm, "magma"), "|error|", "max")
    page.figure.legend(handles=_handles(results), loc="outside upper center", ncols=2)
    data.notes += seeds_note(results, "maps: a median seed, titles: median [range]")
    return page.figure


def _cells(axis: Axes, result: Result, arrays: xr.Dataset, data: PlottedData) -> None:
    """Which code is chosen, in a colour that means no more than that neighbours differ; nothing if diverged."""
    if arrays.diverged_at >= 0:
        return
    cells, (first, second) = arrays.cell, arrays.cell.dims
    codes = result.job.settings.codes
    colours = ListedColormap([CODE_COLOURS[code % len(CODE_COLOURS)] for code in range(codes)])
    look = {"cmap": colours, "norm": BoundaryNorm(np.arange(codes + 1) - 0.5, codes)}
    axis.pcolormesh(cells[first], cells[second], cells.T, rasterized=True, shading="nearest", **look)
    orphaned = np.isin(cells, np.flatnonzero(arrays.orphaned))
    if orphaned.any():
        axis.contourf(cells[first], cells[second], orphaned.T, [0.5, 1.5], colors="none", hatches=[HATCH])
    x, t = np.meshgrid(cells[first], cells[second], indexing="ij")
    places = {str(first).removeprefix("cell_"): x, str(second).removeprefix("cell_"): t}
    data.add("cells", result.series, **places, value=cells.to_numpy(), orphan=orphaned)


def _error(axis: Axes, result: Result, arrays: xr.Dataset, norm: Normalize, data: PlottedData) -> None:
    error = abs(arrays.field - arrays.exact)
    names = [str(name) for name in error.dims]
    axes = [error[name].to_numpy() for name in names]
    axis.pcolormesh(*axes, error.T, rasterized=True, shading="nearest", cmap="magma", norm=norm)
    grids = np.meshgrid(*axes, indexing="ij")
    data.add("error", result.series, **dict(zip(names, grids)), value=error.to_numpy())


def _largest_error(drawn: list[xr.Dataset]) -> float:
    """The end of the colour scale: few errors are larger."""
    errors = [abs(arrays.field - arrays.exact).to_numpy().ravel() for arrays in drawn]
    errors = np.concatenate(errors)
    errors = errors[np.isfinite(errors)]
    return float(np.ceil(10 * np.quantile(errors, 0.995)) / 10) if len(errors) else 1.0


def _front(column: np.ndarray, result: Result) -> None:
    """The exact front, where there is one."""
    if result.job.problem.equation != "buckley_leverett":
        return
    problem = result.job.problem.build()
    times = problem.box[1]
    for axis, look in zip(column, (FRONT, FRONT_ON_ERROR)):
        axis.plot(problem.front(times), times, **look)


def _orphans(result: Result) -> str:
    """How many orphans there are, and their share of the domain, over seeds."""
    if not result.healthy.any():
        return "every seed diverged"
    arrays = result.arrays("fields").isel(seed=result.healthy)
    count, area = (summarize(arrays[name]) for name in ("orphan_cells", "orphan_area"))
    return (
        f"orphans {count.median:g} [{count.low:g}–{count.high:g}]\n"
        f"area {area.median:.2f} [{area.low:.2f}–{area.high:.2f}]"
    )


def _handles(results: list[Result]) -> list:
    handles = [
        Patch(
            facecolor="none",
            edgecolor="black",
            hatch=HATCH,
            label="orphan cell: no point of a condition lies in it",
        )
    ]
    if any(result.job.problem.equation == "buckley_leverett" for result in results):
        handles.append(Line2D([], [], label="exact front (below in white)", **FRONT))
    return handles
