"""Parallel powers of ReLU: the share of each in the gradient of the residual, and the error, against epoch."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.statistics.summaries import Summary, summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.map_page import wrapped
from reproduction.exhibits.panels import median_and_range, panel_grid
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

COLUMNS = 3
TITLE_WIDTH = 1.25  # inches, also of labels
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per case with the shares of its towers, on a scale that includes 0, then one with all errors."""
    figure, panels = panel_grid(len(results) + 1, COLUMNS, style.PAGE, 2.6, 0.2)
    smallest = _smallest([share for result in results for share in _shares(result).values()])
    labels = [wrapped(label, TITLE_WIDTH) for label in variant_labels([result.job for result in results])]
    for index, (axis, result, label) in enumerate(zip(panels, results, labels)):
        _towers(axis, result, smallest, data)
        axis.set_title(label if result.healthy.any() else f"{label}\nall seeds diverged", fontsize=7)
        if index % COLUMNS == 0:
            axis.set_ylabel("share of the residual gradient")
        else:
            axis.tick_params(labelleft=False)
    _errors(panels[-1], results, labels, data)
    for axis in panels:
        axis.set_xlabel("epoch")
    style.letters(panels)
    data.notes += [*seeds_note(results), "share: norm of the gradient with respect to a tower over the sum of norms"]
    return figure


def _shares(result: Result) -> dict[int, Summary]:
    """The share of each tower by its power, over seeds."""
    powers = result.job.settings.powers
    return {power: summarize(_history(result, f"share{power}")[1]) for power in powers}


def _history(result: Result, quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Epochs, and a quantity at each of them: [seeds, epochs], NaN for seeds that diverged."""
    values = result.table("history").pivot(index="epoch", columns="seed", values=quantity)
    return values.index.to_numpy(), np.where(result.healthy[:, None], values.to_numpy().T, np.nan)


def _smallest(shares: list[Summary]) -> float:
    """The decade of the smallest positive share; the scale is linear below it."""
    values = np.concatenate([np.ravel(share.low) for share in shares])
    positive = values[np.isfinite(values) & (values > 0)]
    return float(10 ** np.floor(np.log10(positive.min()))) if len(positive) else 0.1


def _towers(axis: Axes, result: Result, smallest: float, data: PlottedData) -> None:
    epochs, _ = _history(result, "objective")
    for power, share in _shares(result).items():
        text = f"$k$ = {power}" + (": exactly 0" if np.all(share.high == 0) else "")
        look = {"color": style.colour(f"relu{power}" if power > 1 else "relu")}
        look |= {"linestyle": DASHES[(power - 1) % len(DASHES)], "label": text}
        median_and_range(axis, epochs, share, alpha=0.2, **look)
        columns = {"median": share.median, "low": share.low, "high": share.high}
        data.add("share", f"{result.series}, k = {power}", epoch=epochs, **columns)
    axis.set_xlim(-0.04 * epochs[-1], 1.04 * epochs[-1])
    axis.set_yscale("symlog", linthresh=smallest, linscale=0.5)
    axis.set_ylim(-0.15 * smallest, 1.5)
    axis.legend()


def _errors(axis: Axes, results: list[Result], labels: list[str], data: PlottedData) -> None:
    for result, label, colour in zip(results, labels, style.shades(len(results) + 1)):
        epochs, values = _history(result, "relative_l2")
        summary = summarize(values)
        median_and_range(axis, epochs, summary, color=colour, label=label)
        columns = {"median": summary.median, "low": summary.low, "high": summary.high}
        data.add("relative_l2", result.series, epoch=epochs, **columns)
    axis.set_yscale("log")
    axis.set_ylabel("relative $L^2$ error")
    axis.legend(fontsize=6.5, handlelength=1.4)
