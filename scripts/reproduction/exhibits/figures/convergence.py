"""Energy gap and L² error against width and against work, with the limits of linear splines (ext3)."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.ritz import spline_limits
from rectified.statistics.summaries import Summary, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.grouping import sorted_by
from reproduction.exhibits.labels import legend_labels
from reproduction.exhibits.panels import median_and_range, ritz_line
from reproduction.exhibits.quantities.ritz import gap
from reproduction.storage.results import Result

MARKERS = {"adam": "o", "sgd": "v", "lbfgs": "s", "block_newton": "D", "projected_newton": "*"}
QUANTITIES = {"gap": r"energy gap  $\Pi[\hat u]-\Pi^*$", "relative_l2": r"relative $L^2$ error"}
LIMITS = {
    "limit of splines, uniform knots": (spline_limits.uniform_knots, ":"),
    "limit of splines, free knots": (spline_limits.free_knots, "--"),
}
WIDTH = 50  # largest width of the cases shown against work


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left against the width at the end of training, right against work during training at one width."""
    figure, axes = plt.subplots(2, 2, figsize=(style.PAGE, 5.6), sharey="row")
    methods = _methods(results)
    lines: dict[str, Line2D] = {}
    for (left, right), (quantity, label) in zip(axes, QUANTITIES.items()):
        for name, cases in methods.items():
            lines.setdefault(name, _against_width(left, cases, quantity, data, name))
            _against_work(right, _case_against_work(cases, methods), quantity, data, name)
        left.set_ylabel(label)
        for axis in (left, right):
            axis.set(xscale="log", yscale="log")
    lines |= _limits(axes[0, 0], results, data)
    widths = sorted({result.job.settings.width for result in results})
    for axis in axes[:, 0]:
        axis.set_xticks(widths, [str(width) for width in widths])
        axis.minorticks_off()
    axes[1, 0].set_xlabel("width $N$")
    shown = _case_against_work(next(iter(methods.values())), methods).job.settings.width
    axes[1, 1].set_xlabel(f"nominal work at $N={shown}$ (field evaluations at a point)")
    style.letters(list(axes.flat))
    data.notes += seeds_note(results)
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=2)
    return figure


def _methods(results: list[Result]) -> dict[str, list[Result]]:
    """The cases of each method by width."""
    methods: dict[str, list[Result]] = {}
    for result, label in zip(results, legend_labels(results)):
        methods.setdefault(label, []).append(result)
    return {name: sorted_by(cases, "width") for name, cases in methods.items()}


def _case_against_work(cases: list[Result], methods: dict[str, list[Result]]) -> Result:
    """The case at the largest width up to ``WIDTH`` that all methods have, else the widest case."""
    common = set.intersection(*({r.job.settings.width for r in group} for group in methods.values()))
    width = max((w for w in common if w <= WIDTH), default=min(common, default=None))
    return next((case for case in cases if case.job.settings.width == width), cases[-1])


def _values(result: Result, quantity: str) -> np.ndarray:
    return (gap(result) if quantity == "gap" else result.arrays("fields").relative_l2).to_numpy()


def _against_width(axis: Axes, cases: list[Result], quantity: str, data: PlottedData, name: str) -> Line2D:
    widths = [case.job.settings.width for case in cases]
    summary = Summary(*np.transpose([summarize(_values(case, quantity)) for case in cases]))
    s = cases[0].job.settings
    marker = MARKERS[s.optimizer]
    look = ritz_line(s) | {"marker": marker, "markersize": 7 if marker == "*" else 3.5}
    data.add(f"{quantity} against width", name, x=widths, y=summary.median, low=summary.low, high=summary.high)
    return median_and_range(axis, widths, summary, **look)


def _against_work(axis: Axes, case: Result, quantity: str, data: PlottedData, name: str) -> None:
    table = case.table("history")
    table = table[table.epoch > 0]
    if quantity == "gap":
        table = table.assign(gap=table.energy - float(case.arrays("fields").minimum_energy))
    values = table.pivot(index="work", columns="seed", values=quantity)
    summary = summarize(values.to_numpy().T)
    median_and_range(axis, values.index, summary, **ritz_line(case.job.settings))
    columns = {"x": values.index, "y": summary.median, "low": summary.low, "high": summary.high}
    data.add(f"{quantity} against work", name, **columns)


def _limits(axis: Axes, results: list[Result], data: PlottedData) -> dict[str, Line2D]:
    """Draw the errors of linear splines to leading order."""
    s, problem = results[0].job.settings, results[0].job.problem.build()
    widths = np.geomspace(min(r.job.settings.width for r in results), max(r.job.settings.width for r in results), 50)
    lines = {}
    for name, (limit, linestyle) in LIMITS.items():
        values = limit(problem, s.distance, widths)
        (lines[name],) = axis.plot(widths, values, linestyle, color="black", linewidth=0.9, zorder=0)
        data.add("gap against width", name, x=widths, y=values, low=values, high=values)
    return lines
