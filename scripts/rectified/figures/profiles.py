"""Profiles of a front that travels, by networks in many variants, at three times.

The exact front is the shock of the entropy solution of Buckley and Leverett (Trans. AIME 146, 1942).
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified import style
from rectified.figures.page import PlottedData, seeds_note
from rectified.figures.variant_labels import variant_label
from rectified.results import Result
from rectified.statistics import summarize

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
SHOWN = (-0.25, 1.35)  # limits of u
LEGEND_COLUMNS = 3
FRONT = {"color": "0.45", "linestyle": ":", "linewidth": 0.9}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per group of variants with its legend above, one column per time; u against x."""
    rows = grouped(results)
    strips = [0.06 + 0.15 * -(-(2 + len(row)) // LEGEND_COLUMNS) for row in rows]
    heights = [height for strip in strips for height in (strip, 1.75)]
    columns = results[0].arrays("fields").sizes["time"]
    figure = plt.figure(figsize=(style.PAGE, sum(heights) + 0.6))
    grid = figure.add_gridspec(2 * len(rows), columns, height_ratios=heights)
    panels: list[Axes] = []
    for number, row in enumerate(rows):
        shared = {"sharex": panels[0], "sharey": panels[0]} if panels else {}
        axes = [figure.add_subplot(grid[2 * number + 1, column], **shared) for column in range(columns)]
        lines = _row(axes, row, data)
        _legend(figure.add_subplot(grid[2 * number, :]), lines)
        axes[0].set_ylabel("$u$")
        panels += axes
    for axis in panels[-columns:]:
        axis.set_xlabel("$x$")
    panels[0].set(xlim=(0, 1), ylim=SHOWN)
    style.letters(panels)
    data.notes += [*seeds_note(results, "lines: median at each $x$, bands: range"), _fronts(results[0])]
    return figure


def grouped(results: list[Result]) -> list[list[Result]]:
    """Results by architecture, in order of appearance, as many together as there are colours."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.job.settings.architecture, []).append(result)
    most = len(COLOURS)
    return [group[start : start + most] for group in groups.values() for start in range(0, len(group), most)]


def _row(axes: list[Axes], results: list[Result], data: PlottedData) -> dict[str, object]:
    """Draw the variants of one row at each time; returns the lines by label."""
    lines = _exact(axes, results[0], data)
    for result, colour in zip(results, COLOURS):
        arrays = result.arrays("fields")
        profiles = arrays.profile.to_numpy()[result.healthy]
        for axis, time, values in zip(axes, arrays.time.to_numpy(), np.moveaxis(profiles, 1, 0)):
            median, low, high, _ = summarize(values)
            (lines[variant_label(result.job)],) = axis.plot(arrays.place, median, color=colour)
            axis.fill_between(arrays.place, low, high, color=colour, alpha=0.15, linewidth=0)
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


def _legend(axis: Axes, lines: dict[str, object]) -> None:
    """The legend of a row, in a strip of its own."""
    axis.set_axis_off()
    look = {"ncols": LEGEND_COLUMNS, "borderaxespad": 0, "labelspacing": 0.25, "columnspacing": 1.5}
    axis.legend(lines.values(), lines.keys(), loc="center", **look).set_in_layout(False)


def _fronts(result: Result) -> str:
    """Where the exact front is at the times shown."""
    places = result.arrays("fields").exact_front.to_numpy()
    return f"exact front at $x$ = {', '.join(f'{place:.3f}' for place in places)}"
