"""Pages of maps over the plane of the inputs: two maps per case, one above the other, with shared colour bars."""

import re
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from rectified.statistics.summaries import median_member
from reproduction.exhibits import style
from reproduction.storage.results import Result

CASES_PER_ROW = 6
MARGIN, GAP = 1.15, 0.14  # inches: labels and colour bar of a page, space beside a map
LARGEST_HEIGHT = 1.75  # inches, of a map
FOOT, LINE = 0.8, 0.13  # inches: below and between two rows of maps, height of a line of a title
BAR = 0.08  # width of a colour bar over that of a map
LETTER = 0.052  # width of a letter of a title, in inches


class MapPage(NamedTuple):
    """Axes of a page of maps.

    Attributes:
        exact: the map of the exact solution, if the page has one.
        columns: the two maps of each case, [cases, 2].
        bars: the colour bars, one per row.
        left: the first map of each row.
    """

    figure: Figure
    exact: list[Axes]
    columns: np.ndarray
    bars: list[Axes]
    left: list[Axes]

    @property
    def maps(self) -> list[Axes]:
        """All maps, row by row."""
        return sorted([*self.exact, *self.columns.flat], key=_position)


def map_page(titles: list[str], exact: bool, extra_height: float = 0.0) -> MapPage:
    """Lay out a page of maps in blocks of two rows.

    Args:
        titles: of the cases, with line breaks.
        exact: reserve a map for the exact solution, before the first case.
        extra_height: inches added to the height that maps and titles need.
    """
    blocks = -(-len(titles) // CASES_PER_ROW)
    across = -(-len(titles) // blocks)
    width = (style.PAGE - MARGIN) / (across + exact) - GAP
    titles = ["\n".join(wrapped(line, width + GAP / 2) for line in title.split("\n")) for title in titles]
    lines = 1 + max(title.count("\n") for title in titles)
    height = blocks * (2 * min(width, LARGEST_HEIGHT) + LINE * lines + FOOT) + 0.15 + extra_height
    figure = plt.figure(figsize=(style.PAGE, height))
    grid = figure.add_gridspec(2 * blocks, across + exact + 1, width_ratios=[1] * (across + exact) + [BAR])
    columns = np.array([_column(figure, grid, exact, across, case) for case in range(len(titles))])
    for axis, title in zip(columns[:, 0], titles):
        axis.set_title(title, fontsize=7)
    first = [figure.add_subplot(grid[0, 0])] if exact else []
    left = [*first, *columns[::across].flat[int(exact) :]]
    return MapPage(figure, first, columns, [figure.add_subplot(grid[row, -1]) for row in (0, 1)], left)


def label_maps(page: MapPage, result: Result) -> None:
    """Set limits, three ticks per axis, names of the variables at the left and at the bottom, and panel letters."""
    problem = result.job.problem.build()
    (horizontal, vertical), (across, up) = problem.axes, problem.box
    bottom = [*page.exact, *page.columns[:, 1]]
    for axis in page.maps:
        axis.set(xlim=across, ylim=up)
        axis.set_xticks(*_ticks(across, axis in bottom))
        axis.set_yticks(*_ticks(up, axis in page.left))
    for axis in bottom:
        axis.set_xlabel(f"${horizontal}$", labelpad=1)
    for axis in page.left:
        axis.set_ylabel(f"${vertical}$", labelpad=1)
    style.letters(page.maps, inside=True)


def draw_map(axis: Axes, values: xr.DataArray, colours: str | Colormap, norm: Normalize) -> QuadMesh:
    """Draw values with their first dimension along the horizontal axis and their second along the vertical one."""
    first, second = values.dims
    look = {"rasterized": True, "shading": "nearest", "cmap": colours, "norm": norm}
    return axis.pcolormesh(values[first], values[second], values.to_numpy().T, **look)


def map_columns(values: xr.DataArray) -> dict[str, np.ndarray]:
    """The columns of plotted data for a map: both coordinates and ``value``, [first, second]."""
    names = [str(name) for name in values.dims]
    grids = np.meshgrid(*[values[name].to_numpy() for name in names], indexing="ij")
    return dict(zip(names, grids)) | {"value": values.to_numpy()}


def draw_bar(axis: Axes, scale: ScalarMappable, label: str, extend: str) -> None:
    """Draw the colour bar of a row of maps."""
    bar = axis.figure.colorbar(scale, cax=axis, extend=extend, label=label)
    axis.tick_params(labelsize=6)
    bar.outline.set_linewidth(0.6)


def median_seed(result: Result) -> xr.Dataset:
    """The fields of the seed of median relative error; NaN for a case all of whose seeds diverged."""
    arrays = result.arrays("fields")
    return arrays.isel(seed=median_member(arrays.relative_l2))


def error_title(arrays: xr.Dataset) -> str:
    """The relative error of one seed for the title of its map."""
    error = float(arrays.relative_l2)
    return f"rel. $L^2$ {f'{error:#.2g}'.rstrip('.')}" if np.isfinite(error) else "diverged"


def wrapped(text: str, inches: float) -> str:
    """Break text into lines that fit a width; formulas stay in one piece."""
    lines = [""]
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", text):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer.replace("$", "")) * LETTER > inches:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _column(figure: Figure, grid: GridSpec, exact: bool, across: int, case: int) -> list[Axes]:
    """The two maps of a case."""
    block, column = divmod(case, across)
    return [figure.add_subplot(grid[2 * block + row, column + exact]) for row in (0, 1)]


def _position(axis: Axes) -> int:
    return axis.get_subplotspec().num1


def _ticks(ends: np.ndarray, labelled: bool) -> tuple[np.ndarray, list[str]]:
    places = np.linspace(*ends, 3)
    return places, [f"{place:g}".replace("-", "−") if labelled else "" for place in places]
