"""The trained fields of variants of physics-informed networks beside the exact solution, and their errors."""

import re
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from rectified.statistics.summaries import median_member
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

DECADES = 4  # of errors that are told apart
SMALL = 0.02  # share of the errors that may lie below the scale
COLOURS = {"field": "RdBu_r", "error": "magma"}
LABELS = {"field": "$u$", "error": "|error|"}
MOST = 6  # cases side by side
MARGIN, GAP = 1.15, 0.14  # inches of a page for labels and the bar, and of a panel for the space beside it
TALLEST = 1.75  # inches of a panel
FOOT, LINE = 0.8, 0.13  # inches for what is below two rows of maps and between them, and of a line of titles
BAR = 0.08  # width of a bar, of that of a panel
LETTER = 0.052  # width of a letter of a title, in inches


class Maps(NamedTuple):
    """A page of maps, two per case, one above the other.

    Attributes:
        exact: the place of the exact solution, if there is one.
        columns: of the cases, [cases, 2].
        bars: places of the colour bars, one per row.
        left: the maps that are first in their row.
    """

    figure: Figure
    exact: list[Axes]
    columns: np.ndarray
    bars: list[Axes]
    left: list[Axes]

    @property
    def shown(self) -> list[Axes]:
        """All maps, row by row."""
        return sorted([*self.exact, *self.columns.flat], key=_place)


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The exact solution, then one column per case: the field of a median seed, and below how far it is from exact."""
    drawn = [median_seed(result) for result in results]
    finest = max(drawn, key=lambda arrays: arrays.exact.size)
    norms = {"field": _field_norm(drawn), "error": _error_norm(drawn)}
    labels = variant_labels([result.job for result in results])
    page = maps([f"{label}\n{outcome(arrays)}" for label, arrays in zip(labels, drawn)], exact=True)
    _map(page.exact[0], finest.exact, "field", norms)
    page.exact[0].set_title("exact", fontsize=7)
    _note("field", "exact", finest.exact, data)
    for column, result, arrays in zip(page.columns, results, drawn):
        for axis, (quantity, values) in zip(column, _quantities(arrays).items()):
            _map(axis, values, quantity, norms)
            _note(quantity, result.series, values, data)
    frame(page, results[0])
    for bar, quantity, extend in zip(page.bars, LABELS, ("both", "min")):
        draw_bar(bar, ScalarMappable(norms[quantity], COLOURS[quantity]), LABELS[quantity], extend)
    data.notes += seeds_note(results, "maps: a median seed")
    return page.figure


def maps(titles: list[str], exact: bool, more: float = 0.0) -> Maps:
    """Lay a page out, in blocks of two rows.

    Args:
        titles: of the cases, in lines.
        exact: whether the exact solution has a place, before the first case.
        more: inches that the page is higher than maps and titles need.
    """
    blocks = -(-len(titles) // MOST)
    across = -(-len(titles) // blocks)
    width = (style.PAGE - MARGIN) / (across + exact) - GAP
    titles = ["\n".join(wrapped(line, width + GAP / 2) for line in title.split("\n")) for title in titles]
    lines = 1 + max(title.count("\n") for title in titles)
    height = blocks * (2 * min(width, TALLEST) + LINE * lines + FOOT) + 0.15 + more
    figure = plt.figure(figsize=(style.PAGE, height))
    grid = figure.add_gridspec(2 * blocks, across + exact + 1, width_ratios=[1] * (across + exact) + [BAR])
    columns = np.array([_column(figure, grid, exact, across, case) for case in range(len(titles))])
    for axis, title in zip(columns[:, 0], titles):
        axis.set_title(title, fontsize=7)
    place = [figure.add_subplot(grid[0, 0])] if exact else []
    left = [*place, *columns[::across].flat[int(exact) :]]
    return Maps(figure, place, columns, [figure.add_subplot(grid[row, -1]) for row in (0, 1)], left)


def _place(axis: Axes) -> int:
    return axis.get_subplotspec().num1


def _column(figure: Figure, grid: GridSpec, exact: bool, across: int, case: int) -> list[Axes]:
    """The two maps of a case."""
    block, column = divmod(case, across)
    return [figure.add_subplot(grid[2 * block + row, column + exact]) for row in (0, 1)]


def frame(page: Maps, result: Result) -> None:
    """Limits, ticks at the ends and in the middle of the domain, names of axes at the left and bottom, and letters."""
    problem = result.job.problem.build()
    (horizontal, vertical), (across, up) = problem.axes, problem.box
    bottom = [*page.exact, *page.columns[:, 1]]
    for axis in page.shown:
        axis.set(xlim=across, ylim=up)
        axis.set_xticks(*_ticks(across, axis in bottom))
        axis.set_yticks(*_ticks(up, axis in page.left))
    for axis in bottom:
        axis.set_xlabel(f"${horizontal}$", labelpad=1)
    for axis in page.left:
        axis.set_ylabel(f"${vertical}$", labelpad=1)
    style.letters(page.shown, inside=True)


def _ticks(ends: np.ndarray, numbers: bool) -> tuple[np.ndarray, list[str]]:
    places = np.linspace(*ends, 3)
    return places, [f"{place:g}".replace("-", "−") if numbers else "" for place in places]


def draw_bar(place: Axes, scale: ScalarMappable, label: str, extend: str) -> None:
    """The bar of one row of maps."""
    bar = place.figure.colorbar(scale, cax=place, extend=extend, label=label)
    place.tick_params(labelsize=6)
    bar.outline.set_linewidth(0.6)


def median_seed(result: Result) -> xr.Dataset:
    """The fields of a case for the seed of median relative error; a case whose every seed diverged gives NaN."""
    arrays = result.arrays("fields")
    return arrays.isel(seed=median_member(arrays.relative_l2))


def outcome(arrays: xr.Dataset) -> str:
    """The relative error of one seed, as titles say it."""
    error = float(arrays.relative_l2)
    return f"rel. $L^2$ {f'{error:#.2g}'.rstrip('.')}" if np.isfinite(error) else "diverged"


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


def _note(panel: str, series: str, values: xr.DataArray, data: PlottedData) -> None:
    names = [str(name) for name in values.dims]
    grids = np.meshgrid(*[values[name].to_numpy() for name in names], indexing="ij")
    data.add(panel, series, **dict(zip(names, grids)), value=values.to_numpy())
