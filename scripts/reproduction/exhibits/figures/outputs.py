"""Mean output of a trained ensemble against the target at test points (fig3, fig8).

Source: Kim and Kang, arXiv:2408.02697, figs. 3 and 8.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.panels import layers_label, panel_grid
from reproduction.exhibits.quantities.ensemble_training import test_error
from reproduction.storage.results import Result

COLUMNS = 3


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per case: mean output against target at each test point, with the standard deviation over networks."""
    width = style.PAGE if len(results) > 1 else style.COLUMN
    figure, panels = panel_grid(len(results), COLUMNS, width, 2.5, 0.2)
    for axis, result in zip(panels, results):
        _panel(axis, result, data)
    for axis in panels[::COLUMNS]:
        axis.set_ylabel("mean output of the ensemble")
    style.letters(panels)
    networks = max(result.job.settings.networks for result in results)
    diverged = sum(result.diverged for result in results)
    data.notes += [
        f"points: mean, bars: standard deviation over {networks} networks",
        "relative error: of single networks, median",
    ]
    data.notes += [f"{diverged} diverged networks left out"] if diverged else []
    return figure


def _panel(axis: Axes, result: Result, data: PlottedData) -> None:
    s, ensemble = result.job.settings, result.ensemble
    outputs = ensemble.output.to_numpy()[result.healthy]
    target = ensemble.target.to_numpy()
    mean = outputs.mean(0) if len(outputs) else np.full_like(target, np.nan)
    deviation = outputs.std(0) if len(outputs) else np.full_like(target, np.nan)
    ends = [target.min(), target.max()]
    axis.plot(ends, ends, color="black", linewidth=0.7, zorder=0)
    colour = style.colour(s.activation)
    axis.errorbar(target, mean, deviation, fmt="o", markersize=1.6, color=colour, elinewidth=0.4, alpha=0.7)
    axis.set_title(layers_label(s.activation, s.hidden_layers), fontsize=8)
    axis.set_xlabel("target")
    median = float(summarize(test_error(result)).median)
    outcome = "all diverged" if np.isnan(median) else f"relative error {median:.2g}"
    axis.text(0.04, 0.95, outcome, transform=axis.transAxes, va="top", fontsize=7)
    data.add("output", result.series, target=target, mean=mean, deviation=deviation)
