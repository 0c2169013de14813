"""Parallel powers of ReLU: the share of each in the gradient of the residual, and the error, against epoch."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified import style
from rectified.figures.page import PlottedData, seeds_note
from rectified.figures.profiles import COLOURS
from rectified.figures.variant_labels import variant_label
from rectified.results import Result
from rectified.statistics import Summary, summarize

COLUMNS = 3
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per case with the shares of its towers, on a scale that shows 0, then a panel with the errors of all."""
    panels = len(results) + 1
    columns = min(COLUMNS, panels)
    rows = -(-panels // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(style.PAGE, 2.6 * rows + 0.2), squeeze=False)
    shown = list(axes.flat)[:panels]
    for axis in list(axes.flat)[panels:]:
        axis.remove()
    smallest = _smallest([share for result in results for share in _shares(result).values()])
    for axis, result in zip(shown, results):
        _towers(axis, result, smallest, data)
    _errors(shown[-1], results, data)
    for axis in shown:
        axis.set_xlabel("epoch")
    style.letters(shown)
    data.notes += [*seeds_note(results), "share: norm of the gradient with respect to a tower over the sum of norms"]
    return figure


def _shares(result: Result) -> dict[int, Summary]:
    """The share of each tower by its power, over the seeds that did not diverge."""
    powers = result.job.settings.powers
    return {power: summarize(_history(result, f"share{power}")[1]) for power in powers}


def _history(result: Result, quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Epochs, and a quantity at each of them: [healthy seeds, epochs]."""
    values = result.table("history").pivot(index="epoch", columns="seed", values=quantity)
    return values.index.to_numpy(), values.to_numpy().T[result.healthy]


def _smallest(shares: list[Summary]) -> float:
    """The decade of the smallest share that is not 0: below it the scale is linear."""
    values = np.concatenate([np.ravel(share.low) for share in shares])
    positive = values[np.isfinite(values) & (values > 0)]
    return float(10 ** np.floor(np.log10(positive.min()))) if len(positive) else 0.1


def _towers(axis: Axes, result: Result, smallest: float, data: PlottedData) -> None:
    epochs, _ = _history(result, "objective")
    for number, (power, share) in enumerate(_shares(result).items()):
        text = f"$k$ = {power}" + (": exactly 0" if np.all(share.high == 0) else "")
        colour = style.colour(f"relu{power}" if power > 1 else "relu")
        axis.plot(epochs, share.median, color=colour, linestyle=DASHES[number % len(DASHES)], label=text)
        axis.fill_between(epochs, share.low, share.high, color=colour, alpha=0.2, linewidth=0)
        columns = {"median": share.median, "low": share.low, "high": share.high}
        data.add("share", f"{result.series}, k = {power}", epoch=epochs, **columns)
    axis.set_yscale("symlog", linthresh=smallest, linscale=0.5)
    axis.set_ylim(-0.15 * smallest, 1.5)
    axis.set_ylabel("share of the residual gradient")
    axis.set_title(variant_label(result.job), fontsize=8)
    axis.legend()


def _errors(axis: Axes, results: list[Result], data: PlottedData) -> None:
    for number, result in enumerate(results):
        epochs, values = _history(result, "relative_l2")
        median, low, high, _ = summarize(values)
        colour = COLOURS[number % len(COLOURS)]
        axis.plot(epochs, median, color=colour, label=variant_label(result.job))
        axis.fill_between(epochs, low, high, color=colour, alpha=0.15, linewidth=0)
        data.add("relative_l2", result.series, epoch=epochs, median=median, low=low, high=high)
    axis.set_yscale("log")
    axis.set_ylabel("relative $L^2$ error")
    axis.legend()
