"""Errors of gated experts against the sharpness β of their gate, from a soft mixture to a hard choice."""

from math import inf

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.storage.results import Result

SPREAD = 0.2  # of the lines of one panel around a tick
MARKERS = ("o", "s", "^")


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The relative error of every seed at each β, and beside it how far its front is from the exact one."""
    results = sorted(results, key=_sharpness)
    fronts = all("front_error" in result.arrays("fields") for result in results)
    size = (style.PAGE if fronts else style.COLUMN), 2.9
    figure, axes = plt.subplots(1, 1 + fronts, figsize=size, squeeze=False)
    _errors(axes[0, 0], results, data)
    if fronts:
        _front_errors(axes[0, 1], results, data)
    for axis in axes.flat:
        axis.set_yscale("log")
        axis.set_xticks(range(len(results)), [_tick(result) for result in results])
        axis.set_xlim(-0.5, len(results) - 0.5)
        axis.set_xlabel(r"sharpness $\beta$ of the gate")
    _plain(axes[0, 0])
    style.letters(list(axes.flat))
    data.notes = seeds_note(results, "points: seeds, lines: median") + data.notes
    return figure


def _sharpness(result: Result) -> float:
    sharpness = result.job.settings.sharpness
    return inf if sharpness == "hard" else sharpness


def _tick(result: Result) -> str:
    sharpness = _sharpness(result)
    return "hard" if sharpness == inf else f"{sharpness:g}"


def _errors(axis: Axes, results: list[Result], data: PlottedData) -> None:
    values = [result.arrays("fields").relative_l2.to_numpy() for result in results]
    _series(axis, values, 0.0, style.colour(results[0].job.settings.activation), "o")
    axis.set_ylabel("relative $L^2$ error")
    _note("relative_l2", "relative_l2", results, values, data)


def _front_errors(axis: Axes, results: list[Result], data: PlottedData) -> None:
    """One line per time; a front is known to half the spacing of the points it is looked for on, and no better."""
    arrays = [result.arrays("fields") for result in results]
    times, place = arrays[0].time.to_numpy(), arrays[0].place.to_numpy()
    known = (place[1] - place[0]) / 2
    shades = style.shades(len(times))
    for number, (time, shift) in enumerate(zip(times, np.linspace(-SPREAD, SPREAD, len(times)))):
        values = [np.maximum(part.front_error.sel(time=time).to_numpy(), known) for part in arrays]
        line = _series(axis, values, shift, shades[number], MARKERS[number % 3])
        line.set_label(f"$t$ = {time:g}")
        _note("front_error", f"t = {time:g}", results, values, data)
    axis.set_ylabel("error of the position of the front")
    axis.legend()
    data.notes.append(f"errors of fronts below {known:g}, half the spacing in $x$, are drawn there")


def _plain(axis: Axes) -> None:
    """Plain numbers along a logarithmic axis of a decade or two."""
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _series(axis: Axes, values: list[np.ndarray], shift: float, colour: str, marker: str):
    """Draw the seeds at each tick, and the line of medians."""
    places = np.arange(len(values)) + shift
    for place, seeds in zip(places, values):
        axis.plot(np.full(len(seeds), place), seeds, marker, color=colour, alpha=0.5, markersize=3, markeredgewidth=0)
    medians = [float(summarize(seeds).median) for seeds in values]
    (line,) = axis.plot(places, medians, color=colour, marker="_", markersize=9, markeredgewidth=1.6)
    return line


def _note(panel: str, series: str, results: list[Result], values: list[np.ndarray], data: PlottedData) -> None:
    """What is shown of each seed, with the β it belongs to."""
    for result, seeds in zip(results, values):
        beta = np.full(len(seeds), _sharpness(result))
        data.add(panel, f"{result.series}, {series}", sharpness=beta, seed=np.arange(len(seeds)), value=seeds)
