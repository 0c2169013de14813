"""Errors of trained ensembles against C_W, by optimizer and depth (ext3)."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.statistics.summaries import Summary, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.grouping import group_by, sorted_by
from reproduction.exhibits.labels import OPTIMIZERS
from reproduction.exhibits.panels import layers_label, median_and_range
from reproduction.exhibits.quantities.ensemble_training import test_error, training_error
from reproduction.storage.results import Result

MARKERS = {"sgd": "v", "adam": "o"}
ERRORS = {"training": training_error, "test": test_error}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Columns: activations and depths; rows: training and test error, relative to the variance of the target."""
    groups = group_by(results, "activation", "hidden_layers")
    columns = sorted(groups, key=lambda key: (key[0] != "relu2", *key))
    figure, axes = plt.subplots(2, len(columns), figsize=(style.PAGE, 4.4), sharex=True, sharey="row", squeeze=False)
    lines: dict[str, Line2D] = {}
    for column, key in zip(axes.T, columns):
        column[0].set_title(layers_label(*key, separator="\n"), fontsize=8)
        for axis, kind in zip(column, ERRORS):
            lines |= _panel(axis, groups[key], kind, data)
        column[1].set_xlabel("$C_W$")
    for axis, name in zip(axes[:, 0], ERRORS):
        axis.set_ylabel(f"relative {name} error")
    style.letters(list(axes.flat))
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=len(lines))
    settings = results[0].job.settings
    data.notes += [
        f"width {settings.width}, {settings.epochs} epochs; lines: median, bands: range over networks, crosses: "
        "some networks diverged"
    ]
    return figure


def _panel(axis: Axes, results: list[Result], kind: str, data: PlottedData) -> dict[str, Line2D]:
    lines, optimizers = {}, group_by(results, "optimizer")
    for (optimizer, marker), colour in zip(MARKERS.items(), style.shades(len(MARKERS) + 1)):
        cases = sorted_by(optimizers.get(optimizer, []), "weight_variance")
        if not cases:
            continue
        variances = np.array([result.job.settings.weight_variance for result in cases])
        summary = Summary(*np.transpose([summarize(ERRORS[kind](result)) for result in cases]))
        look = {"marker": marker, "markersize": 3.5, "color": colour}
        lines[OPTIMIZERS[optimizer]] = median_and_range(axis, variances, summary, **look)
        diverged = np.array([result.diverged for result in cases])
        crosses = np.nan_to_num(summary.median[diverged > 0], nan=1.0)
        axis.plot(variances[diverged > 0], crosses, "x", color="black", markersize=6)
        s = cases[0].job.settings
        columns = {"median": summary.median, "low": summary.low, "high": summary.high, "diverged": diverged}
        series = f"{s.activation} {s.hidden_layers} {optimizer}"
        data.add(f"{kind} error", series, weight_variance=variances, **columns)
    axis.axhline(1, color="0.5", linewidth=0.7, linestyle=":")
    axis.set_yscale("log")
    return lines
