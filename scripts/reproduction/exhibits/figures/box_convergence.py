"""Energy gap and L² error of Ritz networks on a box against parameters and against work, beside finite elements."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.statistics.summaries import Summary, summarize
from reproduction.exhibits import style
from reproduction.exhibits.box_labels import box_label, smoothing_widths
from reproduction.exhibits.box_lines import box_line
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.panels import median_and_range
from reproduction.storage.results import Result

QUANTITIES = {"gap": r"energy gap  $\Pi[\hat u]-\Pi^*$", "relative_l2": r"relative $L^2$ error"}
FILES = {"finite_elements": "finite_elements"}  # of the errors of a task; others have fields


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left against the number of parameters, right against work, during training at the width of most cases."""
    figure, axes = plt.subplots(2, 2, figsize=(style.PAGE, 5.8), sharey="row")
    widths = smoothing_widths([result.job for result in results])
    methods = _methods(results)
    lines: dict[str, Line2D] = {}
    for (left, right), (quantity, label) in zip(axes, QUANTITIES.items()):
        for name, cases in methods.items():
            look = box_line(cases[0].job, widths)
            lines.setdefault(name, _against_parameters(left, cases, quantity, data, look))
            _against_work(right, cases, _common_width(methods), quantity, data, look)
        left.set_ylabel(label)
        for axis in (left, right):
            axis.set(xscale="log", yscale="log")
    axes[1, 0].set_xlabel("parameters, or unknowns of the elements")
    axes[1, 1].set_xlabel(f"nominal work at $N={_common_width(methods)}$ (field evaluations at a point)")
    style.letters(list(axes.flat))
    trained = [result for result in results if result.job.settings.task != "finite_elements"]
    data.notes += seeds_note(trained) + _other_widths(methods)
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=3)
    return figure


def _methods(results: list[Result]) -> dict[str, list[Result]]:
    """The cases of each method by the number of parameters."""
    methods: dict[str, list[Result]] = {}
    for result in results:
        methods.setdefault(box_label(result.job), []).append(result)
    return {name: sorted(cases, key=_parameters) for name, cases in methods.items()}


def _arrays(result: Result):
    return result.arrays(FILES.get(result.job.settings.task, "fields"))


def _parameters(result: Result) -> int:
    return int(_arrays(result).parameters)


def _common_width(methods: dict[str, list[Result]]) -> int:
    """The width at which most methods have a case."""
    widths = [s.width for cases in methods.values() for s in (r.job.settings for r in cases) if hasattr(s, "width")]
    return max(sorted(set(widths)), key=widths.count)


def _other_widths(methods: dict[str, list[Result]]) -> list[str]:
    """Notes on the methods whose work is that at another width, as they have no case at the common one."""
    common, notes = _common_width(methods), []
    for name, cases in methods.items():
        widths = [getattr(case.job.settings, "width", common) for case in cases]
        notes += [] if common in widths else [f"work of {name}: N = {widths[-1]}"]
    return notes


def _against_parameters(axis: Axes, cases: list[Result], quantity: str, data: PlottedData, look: dict) -> Line2D:
    places = [_parameters(case) for case in cases]
    values = [np.atleast_1d(_arrays(case)[quantity].to_numpy()) for case in cases]
    summary = Summary(*np.transpose([summarize(value) for value in values]))
    data.add(
        f"{quantity} against parameters",
        box_label(cases[0].job),
        x=places,
        y=summary.median,
        low=summary.low,
        high=summary.high,
    )
    line = median_and_range(axis, places, summary, **look, markersize=3.5)
    if len(cases) == 1:
        axis.vlines(places, summary.low, summary.high, color=look["color"], linewidth=1)
    return line


def _against_work(axis: Axes, cases: list[Result], width: int, quantity: str, data: PlottedData, look: dict) -> None:
    name = box_label(cases[0].job)
    if cases[0].job.settings.task == "finite_elements":
        x, y = zip(*((float(_arrays(case).work), float(_arrays(case)[quantity])) for case in cases))
        axis.plot(x, y, **look, markersize=3.5)
        data.add(f"{quantity} against work", name, x=x, y=y, low=y, high=y)
        return
    shown = next((case for case in cases if case.job.settings.width == width), cases[-1])
    table = shown.table("history")
    values = table[table.epoch > 0].pivot(index="work", columns="seed", values=quantity)
    summary = summarize(values.to_numpy().T)
    median_and_range(axis, values.index, summary, **(look | {"marker": None}))
    columns = {"x": values.index, "y": summary.median, "low": summary.low, "high": summary.high}
    data.add(f"{quantity} against work", name, **columns)
