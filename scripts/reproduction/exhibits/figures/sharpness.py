"""Errors of gated experts against the sharpness β of their gate, from a soft mixture to a hard choice."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.panels import set_log_scale
from reproduction.storage.results import Result

WIDTH = 0.8  # of the strips of one β together, as seaborn draws them
MEDIAN = {"estimator": "median", "errorbar": None, "marker": "_", "markersize": 9, "markeredgewidth": 1.6}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The relative error of every seed at each β, and the error of the position of the front if there is one."""
    results = sorted(results, key=_sharpness)
    fronts = all("front_error" in result.arrays("fields") for result in results)
    size = (style.PAGE if fronts else style.COLUMN), 2.9
    figure, axes = plt.subplots(1, 1 + fronts, figsize=size, squeeze=False)
    _errors(axes[0, 0], results, data)
    if fronts:
        _front_errors(axes[0, 1], results, data)
    for axis in axes.flat:
        axis.set(xlim=(-0.5, len(results) - 0.5), xlabel=r"sharpness $\beta$ of the gate")
        axis.set_xticks(range(len(results)), [_tick(result) for result in results])
    _plain_numbers(axes[0, 0])
    style.letters(list(axes.flat))
    data.notes = seeds_note(results, "points: seeds, lines: median") + data.notes
    return figure


def _sharpness(result: Result) -> float:
    sharpness = result.job.settings.sharpness
    return np.inf if sharpness == "hard" else sharpness


def _tick(result: Result) -> str:
    sharpness = _sharpness(result)
    return "hard" if np.isinf(sharpness) else f"{sharpness:g}"


def _errors(axis: Axes, results: list[Result], data: PlottedData) -> None:
    values = [result.arrays("fields").relative_l2.to_numpy() for result in results]
    colour = style.colour(results[0].job.settings.activation)
    _strips(axis, {"relative $L^2$ error": values}, [colour])
    axis.get_legend().remove()
    axis.set_ylabel("relative $L^2$ error")
    _record("relative_l2", "relative_l2", results, values, data)


def _front_errors(axis: Axes, results: list[Result], data: PlottedData) -> None:
    """One line per time; the position of a front is known to half the spacing of the grid."""
    arrays = [result.arrays("fields") for result in results]
    times, place = arrays[0].time.to_numpy(), arrays[0].place.to_numpy()
    resolution = (place[1] - place[0]) / 2
    strips = {}
    for time in times:
        values = [np.maximum(part.front_error.sel(time=time).to_numpy(), resolution) for part in arrays]
        strips[f"$t$ = {time:g}"] = values
        _record("front_error", f"t = {time:g}", results, values, data)
    _strips(axis, strips, style.shades(len(times)))
    axis.set_ylabel("error of the position of the front")
    data.notes.append(f"errors of fronts below {resolution:g}, half the spacing in $x$, are drawn there")


def _plain_numbers(axis: Axes) -> None:
    """Plain numbers along a logarithmic axis of one or two decades."""
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _strips(axis: Axes, series: dict[str, list[np.ndarray]], colours: list[str]) -> None:
    """Seeds as points and lines through their medians, one colour per series.

    Args:
        series: the values of the seeds at each β, by label.
    """
    parts = [
        pd.DataFrame({"case": case, "series": label, "value": np.where(np.isfinite(seeds), seeds, np.nan)})
        for label, values in series.items()
        for case, seeds in enumerate(values)
    ]
    shared = {"x": "case", "y": "value", "hue": "series", "palette": colours, "ax": axis}
    strips = len(series)
    table = pd.concat(parts, ignore_index=True)
    sns.stripplot(table, **shared, dodge=strips > 1, jitter=False, alpha=0.5, size=3, legend=False)
    sns.pointplot(table, **shared, dodge=WIDTH * (strips - 1) / strips, linewidth=1.0, **MEDIAN)
    set_log_scale(axis, "y", table.value)
    axis.legend()


def _record(panel: str, series: str, results: list[Result], values: list[np.ndarray], data: PlottedData) -> None:
    """Add the values of every seed to the plotted data, with their β."""
    for result, seeds in zip(results, values):
        beta = np.full(len(seeds), _sharpness(result))
        data.add(panel, f"{result.series}, {series}", sharpness=beta, seed=np.arange(len(seeds)), value=seeds)
