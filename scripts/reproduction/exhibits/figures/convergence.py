"""Energy gap and L² error against width and against work, with the limits of linear splines (ext3)."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.ritz import spline_limits
from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.figures.training import line_style
from reproduction.exhibits.labels import legend_labels
from reproduction.exhibits.quantities.ritz import gap
from reproduction.storage.results import Result

MARKERS = {"adam": "o", "sgd": "v", "lbfgs": "s", "saddle_free_newton": "*"}
QUANTITIES = {"gap": r"energy gap  $\Pi[\hat u]-\Pi^*$", "relative_l2": r"relative $L^2$ error"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left against the width at the end of training, right against work while training at one width."""
    figure, axes = plt.subplots(2, 2, figsize=(style.PAGE, 5.6), sharey="row")
    methods = _by_method(results)
    lines: dict[str, object] = {}
    for (left, right), (quantity, label) in zip(axes, QUANTITIES.items()):
        for name, cases in methods.items():
            lines.setdefault(name, _against_width(left, cases, quantity, data, name))
            _against_work(right, _shown_at(cases, methods), quantity, data, name)
        left.set_ylabel(label)
        for axis in (left, right):
            axis.set_xscale("log")
            axis.set_yscale("log")
    _draw_limits(axes[0, 0], results, data, lines)
    widths = sorted({result.job.settings.width for result in results})
    for axis in axes[:, 0]:
        axis.set_xticks(widths, [str(width) for width in widths])
        axis.minorticks_off()
    axes[1, 0].set_xlabel("width $N$")
    shown = _shown_at(next(iter(methods.values())), methods).job.settings.width
    axes[1, 1].set_xlabel(f"nominal work at $N={shown}$ (field evaluations at a point)")
    style.letters(list(axes.flat))
    data.notes += seeds_note(results)
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=2)
    return figure


def _by_method(results: list[Result]) -> dict[str, list[Result]]:
    methods: dict[str, list[Result]] = {}
    for result, label in zip(results, legend_labels(results)):
        methods.setdefault(label, []).append(result)
    return {name: sorted(cases, key=lambda r: r.job.settings.width) for name, cases in methods.items()}


def _shown_at(cases: list[Result], methods: dict[str, list[Result]]) -> Result:
    """The case at the largest width up to 50 that all methods have, or else the widest."""
    common = set.intersection(*({r.job.settings.width for r in group} for group in methods.values()))
    width = max((w for w in common if w <= 50), default=min(common, default=None))
    return next((case for case in cases if case.job.settings.width == width), cases[-1])


def _look(result: Result) -> dict:
    s = result.job.settings
    marker = "D" if s.solve_output_weights else MARKERS[s.optimizer]
    return line_style(result) | {"marker": marker, "markersize": 7 if marker == "*" else 3.5}


def _values(result: Result, quantity: str) -> np.ndarray:
    return (gap(result) if quantity == "gap" else result.arrays("fields").relative_l2).to_numpy()


def _against_width(axis: Axes, cases: list[Result], quantity: str, data: PlottedData, name: str):
    widths = [case.job.settings.width for case in cases]
    summaries = [summarize(_values(case, quantity)) for case in cases]
    median, low, high = (np.array([getattr(s, part) for s in summaries]) for part in ("median", "low", "high"))
    look = _look(cases[0])
    (line,) = axis.plot(widths, median, **look)
    axis.fill_between(widths, low, high, color=look["color"], alpha=0.15, linewidth=0)
    data.add(f"{quantity} against width", name, x=widths, y=median, low=low, high=high)
    return line


def _against_work(axis: Axes, case: Result, quantity: str, data: PlottedData, name: str) -> None:
    table = case.table("history")
    table = table[table.epoch > 0]
    if quantity == "gap":
        table = table.assign(gap=table.energy - float(case.arrays("fields").minimum_energy))
    values = table.pivot(index="work", columns="seed", values=quantity)
    median, low, high, _ = summarize(values.to_numpy().T)
    look = line_style(case)
    axis.plot(values.index, median, **look)
    axis.fill_between(values.index, low, high, color=look["color"], alpha=0.15, linewidth=0)
    data.add(f"{quantity} against work", name, x=values.index, y=median, low=low, high=high)


def _draw_limits(axis: Axes, results: list[Result], data: PlottedData, lines: dict) -> None:
    s, problem = results[0].job.settings, results[0].job.problem.build()
    widths = np.geomspace(min(r.job.settings.width for r in results), max(r.job.settings.width for r in results), 50)
    for name, function, look in [
        ("limit of splines, uniform knots", spline_limits.uniform_knots, ":"),
        ("limit of splines, free knots", spline_limits.free_knots, "--"),
    ]:
        values = function(problem, s.distance, widths)
        (lines[name],) = axis.plot(widths, values, look, color="black", linewidth=0.9, zorder=0)
        data.add("gap against width", name, x=widths, y=values, low=values, high=values)
