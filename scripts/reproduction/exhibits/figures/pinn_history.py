"""Loss and error of physics-informed networks against epoch, one column per optimizer (fig15).

Source: Kim and Kang, arXiv:2408.02697, fig. 15.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import group_by
from reproduction.exhibits.labels import OPTIMIZERS
from reproduction.exhibits.panels import list_diverged, median_and_range
from reproduction.storage.results import Result

QUANTITIES = {"objective": "loss on the points of the step", "relative_l2": "relative $L^2$ error"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The loss above the error; one line per activation, cases all of whose seeds diverged are named."""
    optimizers = group_by(results, "optimizer")
    size = (style.PAGE, 4.6)
    figure, axes = plt.subplots(2, len(optimizers), figsize=size, sharex="col", sharey="row", squeeze=False)
    lines: dict[str, Line2D] = {}
    for column, (optimizer, cases) in zip(axes.T, optimizers.items()):
        s = cases[0].job.settings
        column[0].set_title(f"{OPTIMIZERS[optimizer]}, {s.hidden_layers}×{s.width}", fontsize=8)
        for axis, quantity in zip(column, QUANTITIES):
            lines |= _panel(axis, cases, quantity, data)
        list_diverged(column[0], _diverged(cases))
        column[1].set_xlabel("epoch (optimizer steps)")
    for axis, text in zip(axes[:, 0], QUANTITIES.values()):
        axis.set_ylabel(text)
    style.letters(list(axes.flat))
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=max(1, len(lines)))
    data.notes += seeds_note(results)
    return figure


def _panel(axis: Axes, cases: list[Result], quantity: str, data: PlottedData) -> dict[str, Line2D]:
    lines = {}
    for result in cases:
        if not result.healthy.any():
            continue
        activation = result.job.settings.activation
        values = result.table("history").pivot(index="epoch", columns="seed", values=quantity)
        summary = summarize(values.to_numpy().T[result.healthy])
        lines[label(activation)] = median_and_range(axis, values.index, summary, color=style.colour(activation))
        columns = {"median": summary.median, "low": summary.low, "high": summary.high}
        data.add(quantity, result.series, epoch=values.index, **columns)
    axis.set_yscale("log")
    return lines


def _diverged(cases: list[Result]) -> list[str]:
    """Cases all of whose seeds diverged, with the epoch of the last."""
    return [
        f"{label(result.job.settings.activation)}, $C_W$ = {result.job.settings.weight_variance:g}: "
        f"epoch {int(result.arrays('fields').diverged_at.max())}"
        for result in cases
        if not result.healthy.any()
    ]
