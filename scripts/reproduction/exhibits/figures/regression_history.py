"""Training error of regressions against epoch, one panel per target (fig9, fig12).

Source: Kim and Kang, arXiv:2408.02697, figs. 9 and 12.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.storage.results import Result


def by_target(results: list[Result]) -> dict[str, list[Result]]:
    """The results of each target, in order of the names of targets."""
    groups: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda result: result.job.settings.target):
        groups.setdefault(result.job.settings.target, []).append(result)
    return groups


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per target, one line per activation; cases whose every seed diverged are named in the panel."""
    groups = by_target(results)
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(style.PAGE, 2.3 * rows + 0.4), squeeze=False)
    panels = list(axes.flat)[: len(groups)]
    lines: dict[str, object] = {}
    for axis, (target, cases) in zip(panels, groups.items()):
        lines |= _panel(axis, target, cases, data)
    for axis in list(axes.flat)[len(groups) :]:
        axis.remove()
    for axis in axes[:, 0]:
        axis.set_ylabel("training error (mean square)")
    style.letters(panels)
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=max(1, len(lines)))
    data.notes += seeds_note(results)
    return figure


def _panel(axis: Axes, target: str, cases: list[Result], data: PlottedData) -> dict:
    lines, lost = {}, []
    for result in cases:
        s, table = result.job.settings, result.table("history")
        if result.diverged == s.seeds:
            fields = result.arrays("fields")
            variance, last = float(fields.weight_variance), int(fields.diverged_at.max())
            lost.append(f"{label(s.activation)}, $C_W$ = {variance:g}: epoch {last}")
            continue
        errors = table.pivot(index="epoch", columns="seed", values="train_mse")
        median, low, high, _ = summarize(errors.to_numpy().T[result.healthy])
        colour = style.colour(s.activation)
        (lines[label(s.activation)],) = axis.plot(errors.index, median, color=colour)
        axis.fill_between(errors.index, low, high, color=colour, alpha=0.15, linewidth=0)
        data.add(target, result.series, epoch=errors.index, median=median, low=low, high=high)
    if lost:
        text = "every seed diverged by\n" + "\n".join(lost)
        axis.text(0.97, 0.95, text, transform=axis.transAxes, ha="right", va="top", fontsize=6.5)
    axis.set_yscale("log")
    axis.set_title(f"target {target}", fontsize=8)
    axis.set_xlabel("epoch")
    return lines
