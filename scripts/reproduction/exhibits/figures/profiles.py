"""Profiles of a travelling front at three times, by single networks of several variants, with the fronts of all seeds.

Jumps of the profiles are at other places for other seeds: a median over seeds would smear them.

The exact front is the shock of the entropy solution of Buckley and Leverett (Trans. AIME 146, 1942).
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import group_by
from reproduction.exhibits.map_page import median_seed
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

VARIANTS_PER_ROW = 5
LIMITS = (-0.3, 1.3)  # widest limits of u
WIDTHS = (1.9, 1.2, 1.1, 1.1, 1.1)  # of lines: the first stays visible below others
LEGEND_COLUMNS = 4
TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)
RUG = (0.02, 0.032)  # height of the lowest marks of fronts and distance of the next, over that of a panel
FRONT = {"color": "0.45", "linestyle": ":", "linewidth": 0.9}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per group of variants with its legend above, one column per time; u against x."""
    rows = _rows(results)
    strips = [0.06 + 0.15 * -(-(2 + len(row)) // LEGEND_COLUMNS) for row in rows]
    heights = [height for strip in strips for height in (strip, 1.75)]
    columns = results[0].arrays("fields").sizes["time"]
    figure = plt.figure(figsize=(style.PAGE, sum(heights) + 0.6))
    grid = figure.add_gridspec(2 * len(rows), columns, height_ratios=heights)
    names = dict(zip((result.series for result in results), variant_labels([result.job for result in results])))
    panels: list[Axes] = []
    for number, row in enumerate(rows):
        axes = [figure.add_subplot(grid[2 * number + 1, column]) for column in range(columns)]
        _legend(figure.add_subplot(grid[2 * number, :]), _row(axes, row, names, data))
        panels += axes
    cut_off = _limit(np.reshape(panels, (-1, columns)))
    style.letters(panels)
    data.notes += [
        *seeds_note(results, "lines: a median seed, marks: fronts of all seeds"),
        _fronts(results[0]),
        *cut_off,
    ]
    return figure


def _rows(results: list[Result]) -> list[list[Result]]:
    """Results by architecture, at most ``VARIANTS_PER_ROW`` together."""
    starts = [
        (group, start)
        for group in group_by(results, "architecture").values()
        for start in range(0, len(group), VARIANTS_PER_ROW)
    ]
    return [group[start : start + VARIANTS_PER_ROW] for group, start in starts]


def _row(axes: list[Axes], results: list[Result], names: dict[str, str], data: PlottedData) -> dict[str, Line2D]:
    """Draw the variants of one row at each time, and return the lines by label."""
    lines = _exact(axes, results[0], data)
    for result, colour, width in zip(results, style.shades(len(results)), WIDTHS):
        shown, arrays = median_seed(result), result.arrays("fields")
        x, height = shown.place.to_numpy(), RUG[0] + RUG[1] * len(lines)
        for axis, time in zip(axes, shown.time.to_numpy()):
            profile, fronts = shown.profile.sel(time=time).to_numpy(), arrays.front.sel(time=time).to_numpy()
            (lines[names[result.series]],) = axis.plot(x, profile, color=colour, linewidth=width)
            data.add(f"t = {time:g}", result.series, x=x, u=profile)
            look = {"color": colour, "transform": axis.get_xaxis_transform(), "markeredgewidth": 0.8, "clip_on": False}
            axis.plot(fronts, np.full(len(fronts), height), "|", markersize=3.5, **look)
            data.add(f"fronts at t = {time:g}", result.series, seed=arrays.seed.to_numpy(), x=fronts)
    return lines


def _exact(axes: list[Axes], result: Result, data: PlottedData) -> dict[str, Line2D]:
    arrays, lines = result.arrays("fields"), {}
    x = arrays.place.to_numpy()
    for axis, time in zip(axes, arrays.time.to_numpy()):
        exact = arrays.exact_profile.sel(time=time)
        axis.set_title(f"$t$ = {time:g}")
        (lines["exact"],) = axis.plot(x, exact, color="black", linewidth=1.0, zorder=4)
        lines["exact front"] = axis.axvline(float(arrays.exact_front.sel(time=time)), **FRONT)
        data.add(f"t = {time:g}", "exact", x=x, u=exact.to_numpy())
    return lines


def _limit(axes: np.ndarray) -> list[str]:
    """Set the same limits and ticks everywhere; return a note if the limits cut off some curves."""
    ends = np.array([axis.get_ylim() for axis in axes.flat])
    needed = ends[:, 0].min(), ends[:, 1].max()
    limits = np.clip(needed, *LIMITS)
    for axis in axes.flat:
        axis.set(xlim=(0, 1), ylim=limits)
        axis.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    for axis in axes[:, 1:].flat:
        axis.tick_params(labelleft=False)
    for axis in axes[:-1].flat:
        axis.tick_params(labelbottom=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("$u$")
    for axis in axes[-1]:
        axis.set_xlabel("$x$")
    return [] if np.array_equal(needed, limits) else ["some curves extend beyond the limits of $u$"]


def _legend(axis: Axes, lines: dict[str, Line2D]) -> None:
    """Draw the legend of a row in its own strip."""
    axis.set_axis_off()
    look = {"ncols": LEGEND_COLUMNS, "borderaxespad": 0, "labelspacing": 0.25, "columnspacing": 1.5}
    axis.legend(lines.values(), lines.keys(), loc="center", **look).set_in_layout(False)


def _fronts(result: Result) -> str:
    """Positions of the exact front at the times shown."""
    places = result.arrays("fields").exact_front.to_numpy()
    return f"exact front at $x$ = {', '.join(f'{place:.3f}' for place in places)}"
