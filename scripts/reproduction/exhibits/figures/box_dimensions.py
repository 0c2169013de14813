"""Errors of Ritz networks on boxes against the number of inputs, every replicate shown."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.box_labels import box_label
from reproduction.exhibits.box_lines import box_line
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.storage.results import Result

SPREAD = 0.16  # of the methods around a number of inputs


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left the error, right the energy gap over the energy of the solution; one point per seed, bars at medians."""
    figure, axes = plt.subplots(1, 2, figsize=(style.PAGE, 2.7))
    methods: dict[str, list[Result]] = {}
    for result in results:
        methods.setdefault(box_label(result.job), []).append(result)
    inputs = sorted({_inputs(result) for result in results})
    for index, (name, cases) in enumerate(methods.items()):
        shift = SPREAD * (index - (len(methods) - 1) / 2)
        for axis, quantity in zip(axes, ("relative_l2", "gap")):
            _replicates(axis, cases, quantity, inputs, shift, name, data)
    for axis in axes:
        axis.set(yscale="log", xlabel="inputs $d$")
        axis.set_xticks(range(len(inputs)), [str(count) for count in inputs])
        axis.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))  # labels of all digits overlap
        for formatted in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
            formatted(lambda value, _: f"{value:g}")
    axes[0].set_ylabel(r"relative $L^2$ error")
    axes[1].set_ylabel(r"energy gap over $|\Pi^*|$")
    style.letters(list(axes))
    data.notes += seeds_note(results, "points: one replicate each, bars: median")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _inputs(result: Result) -> int:
    return len(result.job.problem.domain)


def _replicates(
    axis: Axes, cases: list[Result], quantity: str, inputs: list[int], shift: float, name: str, data: PlottedData
) -> None:
    look = box_line(cases[0].job, [])
    for number, case in enumerate(cases):
        fields = case.arrays("fields")
        scale = abs(float(fields.minimum_energy)) if quantity == "gap" else 1.0
        values = fields[quantity].to_numpy() / scale
        place = inputs.index(_inputs(case)) + shift
        jitter = place + 0.05 * np.linspace(-1, 1, len(values))
        label = name if number == 0 else None
        axis.plot(jitter, values, linestyle="", marker=look["marker"], markersize=3, color=look["color"], label=label)
        axis.hlines(summarize(values).median, place - 0.07, place + 0.07, color=look["color"], linewidth=1.6)
        data.add(quantity, f"{name}: {case.series}", inputs=np.full(len(values), _inputs(case)), value=values)
