"""Parts shared by figures: grids of panels, lines with bands, and cases without a line."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from rectified.formulas.activation import label
from rectified.statistics.summaries import Summary
from reproduction.config.tasks.ritz import RitzSettings
from reproduction.exhibits import style


def ritz_line(settings: RitzSettings) -> dict:
    """Colour and line style of a trained Ritz network; regressions are grey and dotted, trainings from a fit dashed."""
    if settings.objective == "regression":
        return {"color": "0.45", "linestyle": (0, (1, 1.2)), "linewidth": 1.2}
    dashes = style.DASHES[settings.gradient]
    if settings.optimizer == "block_newton":
        dashes = (0, (1, 1))
    elif settings.initialization == "spread":
        dashes = "-."
    elif settings.start:
        dashes = (0, (3, 1.2))
    return {"color": style.colour(settings.activation, settings.gradient), "linestyle": dashes}


def median_and_range(axis: Axes, x: ArrayLike, summary: Summary, alpha: float = 0.15, **look: Any) -> Line2D:
    """Draw a line at the median and a band from the smallest to the largest value.

    Args:
        x: places, [n].
        summary: over seeds or networks, of arrays [n].
        alpha: opacity of the band.
        look: of the line, with its ``color``.
    """
    (line,) = axis.plot(x, summary.median, **look)
    axis.fill_between(x, summary.low, summary.high, color=look["color"], alpha=alpha, linewidth=0)
    return line


def panel_grid(count: int, columns: int, width: float, row_height: float, extra: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in rows, and its axes row by row.

    Args:
        count: number of panels; the rest of the last row stays empty.
        columns: panels per row, at most.
        width: of the figure, in inches.
        row_height: of a row of panels, in inches.
        extra: height of everything else, in inches.
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(width, row_height * rows + extra), squeeze=False)
    for axis in axes.flat[count:]:
        axis.remove()
    return figure, list(axes.flat[:count])


def set_log_scale(axis: Axes, direction: str, values: ArrayLike) -> None:
    """Make the x or y axis logarithmic, with limits 0.1 and 1 if there are no positive values to show."""
    if not (np.asarray(values) > 0).any():
        axis.set(**{f"{direction}lim": (0.1, 1.0)})
    axis.set(**{f"{direction}scale": "log"})


def list_diverged(axis: Axes, cases: Sequence[str]) -> None:
    """Name the cases all of whose seeds diverged in the upper right corner."""
    if cases:
        text = "\n".join(["all seeds diverged by", *cases])
        axis.text(0.97, 0.96, text, transform=axis.transAxes, ha="right", va="top", fontsize=6.5)


def layers_label(activation: str, hidden_layers: int, separator: str = ", ") -> str:
    """Title of a panel for an activation and a depth."""
    return f"{label(activation)}{separator}{hidden_layers} hidden layer{'s' if hidden_layers > 1 else ''}"
