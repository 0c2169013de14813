"""Energy histories, learned fields and their errors (fig1, fig2, fig4–fig6, ext1).

Source of the quantities: Rowan, arXiv:2512.11184, eqs. 2 and 4; figs. 1, 2, 4, 5, 6.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.statistics.summaries import median_member, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.labels import legend_labels
from reproduction.exhibits.panels import median_and_range, panel_grid, ritz_line
from reproduction.storage.results import Result

HEIGHT = 2.5  # inches, of a row
START = 0.5  # where epoch 0 is drawn on a logarithmic axis


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Draw the panels named in the entry, one curve per case in each."""
    names = entry["panels"]
    figure, panels = panel_grid(len(names), 2, style.PAGE, HEIGHT, 0.5)
    labels = legend_labels(results)
    lines: dict[str, Line2D] = {}
    for axis, name in zip(panels, names):
        for label, line in PANELS[name](axis, results, labels, data).items():
            lines.setdefault(label, line)
    style.letters(panels)
    data.notes += seeds_note(results, "lines: median, bands: range, fields: a median seed")
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=len(lines) if len(lines) <= 4 else 3)
    return figure


def _gap_history(axis: Axes, results: list[Result], labels: list[str], data: PlottedData, against: str) -> dict:
    lines = {}
    for result, label in zip(results, labels):
        if result.job.settings.objective == "regression":
            continue
        table = result.table("history")
        table = table.assign(epoch=table.epoch.replace(0, START)) if against == "epoch" else table[table.work > 0]
        minimum = float(result.arrays("fields").minimum_energy)
        gaps = table.pivot(index=against, columns="seed", values="energy") - minimum
        summary = summarize(gaps.to_numpy().T)
        lines[label] = median_and_range(axis, gaps.index, summary, alpha=0.18, **ritz_line(result.job.settings))
        columns = {"x": gaps.index, "y": summary.median, "low": summary.low, "high": summary.high}
        data.add(f"gap against {against}", result.series, **columns)
    axis.set(xscale="log", yscale="log", ylabel=r"energy gap  $\Pi[\hat u]-\Pi^*$")
    return lines


def _history(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict[str, Line2D]:
    """Gap of the exact energy against the epoch, median and range over seeds; epoch 0 is drawn at ½."""
    axis.set_xlabel("epoch")
    return _gap_history(axis, results, labels, data, "epoch")


def _work(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict[str, Line2D]:
    """Gap of the exact energy against the work of one network, in evaluations of the field at a point."""
    axis.set_xlabel("nominal work (field evaluations at a point)")
    return _gap_history(axis, results, labels, data, "work")


def _fields(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict[str, Line2D]:
    """The field of a median seed of each case, and the exact solution."""
    arrays = [result.arrays("fields") for result in results]
    lines = {}
    for result, label, case in zip(results, labels, arrays):
        field = case.field[median_member(case.relative_l2)]
        (lines[label],) = axis.plot(case.x, field, **ritz_line(result.job.settings))
        data.add("field", result.series, x=case.x, y=field)
    (lines["exact"],) = axis.plot(arrays[0].x, arrays[0].exact, color="black", linewidth=0.7, zorder=0)
    data.add("field", "exact", x=arrays[0].x, y=arrays[0].exact)
    axis.set(xlabel="$x$", ylabel=r"$\hat u(x)$")
    return lines


def _errors(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict[str, Line2D]:
    """The pointwise error of a median seed of each case."""
    lines = {}
    for result, label in zip(results, labels):
        case = result.arrays("fields")
        error = np.abs(case.field[median_member(case.relative_l2)] - case.exact)[1:-1]
        (lines[label],) = axis.plot(error.x, error, **(ritz_line(result.job.settings) | {"linewidth": 0.9}))
        data.add("error", result.series, x=error.x, y=error)
    axis.set(yscale="log", xlabel="$x$", ylabel=r"$|\hat u(x)-u(x)|$")
    axis.set_ylim(bottom=1e-7)
    return lines


PANELS = {"history": _history, "fields": _fields, "errors": _errors, "work": _work}
