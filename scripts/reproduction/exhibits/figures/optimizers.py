"""Errors of trained ensembles against C_W, by optimizer and depth (ext3)."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.labels import OPTIMIZERS
from reproduction.exhibits.quantities.ensemble_training import test_error, training_error
from reproduction.storage.results import Result

MARKERS = {"sgd": "v", "adam": "o"}
ROWS = {"training error": "training", "test error": "test"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Columns: activations and depths; rows: training and test error, relative to the variance of the target."""
    groups: dict[tuple[str, int], list[Result]] = {}
    for result in results:
        groups.setdefault((result.job.settings.activation, result.job.settings.hidden_layers), []).append(result)
    columns = sorted(groups, key=lambda key: (key[0] != "relu2", *key))
    figure, axes = plt.subplots(2, len(columns), figsize=(style.PAGE, 4.4), sharex=True, sharey="row", squeeze=False)
    lines: dict[str, object] = {}
    for column, key in zip(axes.T, columns):
        hidden = "1 hidden layer" if key[1] == 1 else f"{key[1]} hidden layers"
        column[0].set_title(f"{label(key[0])}\n{hidden}", fontsize=8)
        for axis, kind in zip(column, ROWS.values()):
            lines |= _panel(axis, groups[key], kind, data)
        column[1].set_xlabel("$C_W$")
    for axis, name in zip(axes[:, 0], ROWS):
        axis.set_ylabel(f"relative {name}")
    style.letters(list(axes.flat))
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=len(lines))
    settings = results[0].job.settings
    data.notes += [
        f"width {settings.width}, {settings.epochs} epochs; lines: median, bands: range over networks, crosses: "
        "some networks diverged"
    ]
    return figure


def _panel(axis: Axes, results: list[Result], kind: str, data: PlottedData) -> dict:
    lines = {}
    for (optimizer, marker), colour in zip(MARKERS.items(), style.shades(len(MARKERS) + 1)):
        mine = [result for result in results if result.job.settings.optimizer == optimizer]
        if not mine:
            continue
        mine.sort(key=lambda result: result.job.settings.weight_variance)
        variances = np.array([result.job.settings.weight_variance for result in mine])
        errors = training_error if kind == "training" else test_error
        summaries = [summarize(errors(result)) for result in mine]
        median, low, high = (np.array([getattr(s, part) for s in summaries]) for part in ("median", "low", "high"))
        look = {"color": colour}
        (lines[OPTIMIZERS[optimizer]],) = axis.plot(variances, median, marker=marker, markersize=3.5, **look)
        axis.fill_between(variances, low, high, alpha=0.15, linewidth=0, **look)
        lost = np.array([result.diverged for result in mine])
        axis.plot(variances[lost > 0], np.nan_to_num(median[lost > 0], nan=1.0), "x", color="black", markersize=6)
        data.add(
            f"{kind} error",
            f"{mine[0].job.settings.activation} {mine[0].job.settings.hidden_layers} {optimizer}",
            weight_variance=variances,
            median=median,
            low=low,
            high=high,
            diverged=lost,
        )
    axis.axhline(1, color="0.5", linewidth=0.7, linestyle=":")
    axis.set_yscale("log")
    return lines
