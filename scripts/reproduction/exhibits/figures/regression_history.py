"""Training error of regressions against epoch, one panel per target (fig9, fig12).

Source: Kim and Kang, arXiv:2408.02697, figs. 9 and 12.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import group_by, sorted_by
from reproduction.exhibits.panels import list_diverged, median_and_range, panel_grid
from reproduction.storage.results import Result

COLUMNS = 3


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per target, one line per activation; cases all of whose seeds diverged are named in the panel."""
    targets = group_by(sorted_by(results, "target"), "target")
    figure, panels = panel_grid(len(targets), COLUMNS, style.PAGE, 2.3, 0.4)
    lines: dict[str, Line2D] = {}
    for axis, (target, cases) in zip(panels, targets.items()):
        lines |= _panel(axis, target, cases, data)
    for axis in panels[::COLUMNS]:
        axis.set_ylabel("training error (mean square)")
    style.letters(panels)
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=max(1, len(lines)))
    data.notes += seeds_note(results)
    return figure


def _panel(axis: Axes, target: str, cases: list[Result], data: PlottedData) -> dict[str, Line2D]:
    lines, diverged = {}, []
    for result in cases:
        s = result.job.settings
        if result.diverged == s.seeds:
            fields = result.arrays("fields")
            variance, last = float(fields.weight_variance), int(fields.diverged_at.max())
            diverged.append(f"{label(s.activation)}, $C_W$ = {variance:g}: epoch {last}")
            continue
        errors = result.table("history").pivot(index="epoch", columns="seed", values="train_mse")
        summary = summarize(errors.to_numpy().T[result.healthy])
        lines[label(s.activation)] = median_and_range(axis, errors.index, summary, color=style.colour(s.activation))
        columns = {"median": summary.median, "low": summary.low, "high": summary.high}
        data.add(target, result.series, epoch=errors.index, **columns)
    list_diverged(axis, diverged)
    axis.set(yscale="log", xlabel="epoch")
    axis.set_title(f"target {target}", fontsize=8)
    return lines
