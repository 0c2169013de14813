"""Energy histories, learned fields and their errors (fig1, fig2, fig4–fig6, ext1).

Source of the quantities: Rowan, arXiv:2512.11184, eqs. 2 and 4; figs. 1, 2, 4, 5, 6.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.statistics.summaries import median_member, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.labels import legend_labels
from reproduction.storage.results import Result

HEIGHT = 2.5


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Draw the panels that the entry names, one curve per case in each."""
    panels = entry["panels"]
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, min(2, len(panels)), figsize=(style.PAGE, HEIGHT * rows + 0.5), squeeze=False)
    axes = list(axes.flat)
    labels = legend_labels(results)
    drawn: dict[str, object] = {}
    for axis, panel in zip(axes, panels):
        for name, line in PANELS[panel](axis, results, labels, data).items():
            drawn.setdefault(name, line)
    style.letters(axes)
    data.notes += seeds_note(results, "lines: median, bands: range, fields: a median seed")
    figure.legend(drawn.values(), drawn.keys(), loc="outside upper center", ncols=len(drawn) if len(drawn) <= 4 else 3)
    return figure


def line_style(result: Result) -> dict:
    """Colour and dashes of a case; regression is drawn thin and grey-dotted."""
    s = result.job.settings
    if s.objective == "regression":
        return {"color": "0.45", "linestyle": (0, (1, 1.2)), "linewidth": 1.2}
    dash_dotted = s.initialization == "spread" and not s.solve_output_weights
    dashes = "-." if dash_dotted else style.dashes(s.gradient)
    return {"color": style.colour(s.activation, s.gradient), "linestyle": dashes}


def _gap_history(axis: Axes, results: list[Result], labels: list[str], data: PlottedData, against: str) -> dict:
    lines = {}
    for result, label in zip(results, labels):
        if result.job.settings.objective == "regression":
            continue
        table = result.table("history")
        table = table.assign(epoch=table.epoch.replace(0, 0.5)) if against == "epoch" else table[table.work > 0]
        minimum = float(result.arrays("fields").minimum_energy)
        gaps = table.pivot(index=against, columns="seed", values="energy") - minimum
        median, low, high, _ = summarize(gaps.to_numpy().T)
        look = line_style(result)
        (lines[label],) = axis.plot(gaps.index, median, **look)
        axis.fill_between(gaps.index, low, high, color=look["color"], alpha=0.18, linewidth=0)
        data.add(f"gap against {against}", result.series, x=gaps.index, y=median, low=low, high=high)
    axis.set_yscale("log")
    axis.set_ylabel(r"energy gap  $\Pi[\hat u]-\Pi^*$")
    return lines


def history(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict:
    """Gap of the exact energy against the epoch, the start drawn at ½: median and range over seeds."""
    lines = _gap_history(axis, results, labels, data, "epoch")
    axis.set_xscale("log")
    axis.set_xlabel("epoch")
    return lines


def work(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict:
    """Gap of the exact energy against the work spent: evaluations of the field at a point, per network."""
    lines = _gap_history(axis, results, labels, data, "work")
    axis.set_xscale("log")
    axis.set_xlabel("nominal work (field evaluations at a point)")
    return lines


def fields(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict:
    """The field of a median seed of each case, beside the exact solution."""
    arrays = [result.arrays("fields") for result in results]
    lines = {}
    for result, label, case in zip(results, labels, arrays):
        typical = case.field[median_member(case.relative_l2)]
        (lines[label],) = axis.plot(case.x, typical, **line_style(result))
        data.add("field", result.series, x=case.x, y=typical)
    (lines["exact"],) = axis.plot(arrays[0].x, arrays[0].exact, color="black", linewidth=0.7, zorder=0)
    data.add("field", "exact", x=arrays[0].x, y=arrays[0].exact)
    axis.set_xlabel("$x$")
    axis.set_ylabel(r"$\hat u(x)$")
    return lines


def errors(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> dict:
    """The pointwise error of a median seed of each case."""
    lines = {}
    for result, label in zip(results, labels):
        case = result.arrays("fields")
        error = np.abs(case.field[median_member(case.relative_l2)] - case.exact)[1:-1]
        (lines[label],) = axis.plot(error.x, error, **(line_style(result) | {"linewidth": 0.9}))
        data.add("error", result.series, x=error.x, y=error)
    axis.set_yscale("log")
    axis.set_ylim(bottom=1e-7)
    axis.set_xlabel("$x$")
    axis.set_ylabel(r"$|\hat u(x)-u(x)|$")
    return lines


PANELS = {"history": history, "fields": fields, "errors": errors, "work": work}
