"""Profiles of a front that travels, by networks in many variants, at three times.

The exact front is the shock of the entropy solution of Buckley and Leverett (Trans. AIME 146, 1942).
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

TOGETHER = 5  # lines in a row of panels, besides the exact one
SHOWN = (-0.3, 1.3)  # widest limits of u
WIDTHS = (1.9, 1.2, 1.1, 1.1, 1.1)  # of lines: the first shows where another hides it
LEGEND_COLUMNS = 4
TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)
FRONT = {"color": "0.45", "linestyle": ":", "linewidth": 0.9}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per group of variants with its legend above, one column per time; u against x."""
    rows = grouped(results)
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
    cut = _frame(np.reshape(panels, (-1, columns)))
    style.letters(panels)
    data.notes += [*seeds_note(results, "lines: median at each $x$, bands: range"), _fronts(results[0]), *cut]
    return figure


def grouped(results: list[Result]) -> list[list[Result]]:
    """Results by architecture, in order of appearance, so many together that they are told apart."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.job.settings.architecture, []).append(result)
    starts = ((group, start) for group in groups.values() for start in range(0, len(group), TOGETHER))
    return [group[start : start + TOGETHER] for group, start in starts]


def _row(axes: list[Axes], results: list[Result], names: dict[str, str], data: PlottedData) -> dict[str, object]:
    """Draw the variants of one row at each time; returns the lines by label."""
    lines = _exact(axes, results[0], data)
    for result, colour, width in zip(results, style.shades(len(results)), WIDTHS):
        arrays = result.arrays("fields")
        medians, lows, highs, _ = summarize(arrays.profile)
        for axis, time, median, low, high in zip(axes, arrays.time.to_numpy(), medians, lows, highs):
            (lines[names[result.series]],) = axis.plot(arrays.place, median, color=colour, linewidth=width)
            axis.fill_between(arrays.place, low, high, color=colour, alpha=0.13, linewidth=0)
            panel = f"t = {time:g}"
            data.add(panel, result.series, x=arrays.place.to_numpy(), median=median, low=low, high=high)
    return lines


def _exact(axes: list[Axes], result: Result, data: PlottedData) -> dict[str, object]:
    arrays, lines = result.arrays("fields"), {}
    x = arrays.place.to_numpy()
    for axis, time in zip(axes, arrays.time.to_numpy()):
        exact = arrays.exact_profile.sel(time=time)
        axis.set_title(f"$t$ = {time:g}")
        (lines["exact"],) = axis.plot(x, exact, color="black", linewidth=1.0, zorder=4)
        lines["exact front"] = axis.axvline(float(arrays.exact_front.sel(time=time)), **FRONT)
        data.add(f"t = {time:g}", "exact", x=x, median=exact.to_numpy())
    return lines


def _frame(axes: np.ndarray) -> list[str]:
    """The same limits everywhere, numbers at the left and at the bottom only; says if something lies beyond."""
    ends = np.array([axis.get_ylim() for axis in axes.flat])
    needed = ends[:, 0].min(), ends[:, 1].max()
    limits = np.clip(needed, *SHOWN)
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
    return [] if np.array_equal(needed, limits) else ["some of the range lies beyond the limits of $u$"]


def _legend(axis: Axes, lines: dict[str, object]) -> None:
    """The legend of a row, in a strip of its own."""
    axis.set_axis_off()
    look = {"ncols": LEGEND_COLUMNS, "borderaxespad": 0, "labelspacing": 0.25, "columnspacing": 1.5}
    axis.legend(lines.values(), lines.keys(), loc="center", **look).set_in_layout(False)


def _fronts(result: Result) -> str:
    """Where the exact front is at the times shown."""
    places = result.arrays("fields").exact_front.to_numpy()
    return f"exact front at $x$ = {', '.join(f'{place:.3f}' for place in places)}"
