"""Loss and error of physics-informed networks against epoch, one column per optimizer (fig15).

Source: Kim and Kang, arXiv:2408.02697, fig. 15.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.labels import OPTIMIZERS
from reproduction.storage.results import Result

QUANTITIES = {"objective": "loss on the points of the step", "relative_l2": "relative $L^2$ error"}


def by_optimizer(results: list[Result]) -> dict[str, list[Result]]:
    """The results of each optimizer, in order of appearance."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.job.settings.optimizer, []).append(result)
    return groups


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Above the loss, below the error; one line per activation, cases whose every seed diverged named."""
    groups = by_optimizer(results)
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 4.6), sharex="col", sharey="row", squeeze=False)
    lines: dict[str, object] = {}
    for column, (optimizer, cases) in zip(axes.T, groups.items()):
        s = cases[0].job.settings
        column[0].set_title(f"{OPTIMIZERS[optimizer]}, {s.hidden_layers}×{s.width}", fontsize=8)
        for axis, quantity in zip(column, QUANTITIES):
            lines |= _panel(axis, cases, quantity, data)
        column[1].set_xlabel("epoch (optimizer steps)")
    for axis, text in zip(axes[:, 0], QUANTITIES.values()):
        axis.set_ylabel(text)
    style.letters(list(axes.flat))
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=max(1, len(lines)))
    data.notes += seeds_note(results)
    return figure


def _panel(axis: Axes, cases: list[Result], quantity: str, data: PlottedData) -> dict:
    lines, lost = {}, []
    for result in cases:
        s = result.job.settings
        if result.diverged == s.seeds:
            last = int(result.arrays("fields").diverged_at.max())
            lost.append(f"{label(s.activation)}, $C_W$ = {s.weight_variance:g}: epoch {last}")
            continue
        values = result.table("history").pivot(index="epoch", columns="seed", values=quantity)
        median, low, high, _ = summarize(values.to_numpy().T[result.healthy])
        colour = style.colour(s.activation)
        name = label(s.activation)
        (lines[name],) = axis.plot(values.index, median, color=colour)
        axis.fill_between(values.index, low, high, color=colour, alpha=0.15, linewidth=0)
        data.add(quantity, result.series, epoch=values.index, median=median, low=low, high=high)
    if lost and quantity == "objective":
        text = "every seed diverged by\n" + "\n".join(lost)
        axis.text(0.97, 0.96, text, transform=axis.transAxes, ha="right", va="top", fontsize=6.5)
    axis.set_yscale("log")
    return lines
