"""Figures of an audit: the derivatives used in training and differences of the function that is evaluated.

matplotlib is imported when a figure is drawn; the library does not require it.
"""

import re
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivative_measures import FLOOR, Compared
from rectified.audit.result import Audit, AuditData
from rectified.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Panel
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.8, 2.4  # of a row with one input, inches
SIDE = 3.0  # of a panel with more inputs
COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#E69F00")  # of the inputs, in turn
JUMP, KINK = "#D55E00", "#888888"
MARKERS = "os^D"
MARGIN = 0.08  # of the range of a panel
LEAST = 100 * FLOOR  # half the smallest range of a panel, so that rounding errors of vanishing derivatives look small
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
POWERS = {1: "", 2: "²", 3: "³", 4: "⁴"}
UNITS = "u in units of about its spread, lengths in extents of the points"


def plot_audit(audit: Audit, output: str = "") -> "Figure":
    """Return a figure with a row for each kind of derivative.

    With one input it shows the derivatives over the points; with more, the derivatives used over the differences, and,
    with two, a map of the mismatch. Points that differences do not resolve are hollow. u is divided by a power of 2
    near its spread, and lengths by the extent of the points.

    Args:
        audit: of one output.
        output: its name, for the title.

    Raises:
        InvalidInputError: if matplotlib is not installed or there are no derivatives to draw.
    """
    if audit.data is None or not audit.data.compared:
        raise InvalidInputError("there are no derivatives to draw; audits of order 1 or more, or with mixed, have some")
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise InvalidInputError("plot needs matplotlib: pip install matplotlib") from error
    data, rows, inputs = audit.data, len(audit.data.compared), audit.data.points.shape[1]
    size = (WIDTH, HEIGHT * rows + 1) if inputs <= 1 else (SIDE * (2.3 if inputs == 2 else 1.5), SIDE * rows + 1)
    shape = {"nrows": rows, "ncols": 2 if inputs == 2 else 1}
    figure, panels = pyplot.subplots(**shape, figsize=size, squeeze=False, layout="constrained")
    figure.suptitle(_heading(audit, output), fontsize=10)
    for row, compared in zip(panels, data.compared):
        if inputs == 1:
            _over_points(row[0], data, compared)
        else:
            _used_over_differences(row[0], data, compared)
        if inputs == 2:
            _map(row[1], data, compared, audit.threshold)
        _titles(row, audit, compared)
    _legend(figure)
    return figure


def _heading(audit: Audit, output: str) -> str:
    """The verdict, and what it is about."""
    parts = [audit.verdict, f"hides {audit.hides}" if audit.hides else ""]
    if audit.cause is not None:
        place = f"module {audit.cause.module} ({audit.cause.kind})" if audit.cause.module else audit.cause.kind
        parts.append(f"cause: {place}")
    return (f"output {output}: " if output else "") + "; ".join(filter(None, parts))


def _titles(row: "list[Panel]", audit: Audit, compared: Compared) -> None:
    """The kind of derivative and its mismatch, in one title or beside each other."""
    measure = audit.measure(compared.name)
    words = [compared.name, f"mismatch {measure}, {measure.verdict(audit.threshold)}"]
    wide = len(row) == 1 and compared.used.shape[0] == 1  # one input
    for panel, title in zip(row, words if len(row) == 2 else [(": " if wide else "\n").join(words)]):
        panel.set_title(title, fontsize=9, loc="left")
        panel.tick_params(labelsize=8)
        panel.xaxis.label.set_size(9)
        panel.yaxis.label.set_size(9)


def _legend(figure: "Figure") -> None:
    """One legend of what is not explained in a panel, below all panels."""
    entries = {}
    for panel in figure.axes:
        if panel.get_legend() is None:
            entries |= {label: handle for handle, label in zip(*panel.get_legend_handles_labels())}
    style = {"ncols": 2, "fontsize": 8, "frameon": False, "markerscale": 1.5, "title": UNITS, "title_fontsize": 7}
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", **style)


def _name(data: AuditData, axis: int) -> str:
    """Name of an input, with its number as a subscript."""
    return re.sub(r"(?<=[^\W\d])\d+$", lambda found: found[0].translate(SUBSCRIPTS), data.labels[axis].strip())


def _symbol(data: AuditData, axes: tuple[int, ...]) -> str:
    """Name of a derivative, such as ∂²u/∂x₀∂x₁."""
    below = "".join(f"∂{_name(data, axis)}{POWERS[axes.count(axis)]}" for axis in dict.fromkeys(axes))
    return f"∂{POWERS[len(axes)]}u/{below}"


def _limits(compared: Compared) -> tuple[float, float]:
    """Range of the derivatives used and of the differences at resolved points, with a margin."""
    shown = torch.cat([compared.used.flatten(), compared.differences[:, compared.resolved].flatten()])
    shown = shown[torch.isfinite(shown)]
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 0.0)
    half = max((0.5 + MARGIN) * (high - low), LEAST)
    return (low + high) / 2 - half, (low + high) / 2 + half


def _over_points(panel: "Panel", data: AuditData, compared: Compared) -> None:
    """Derivatives of a function of one input over the points."""
    x, order = data.points[:, 0].sort()
    parts = (compared.used[0], compared.differences[0], compared.errors[0], compared.resolved)
    used, best, error, fine = (part[order].numpy() for part in parts)
    x = x.numpy()
    for name, positions, colour, style in (
        ("jumps of the function", data.jump_positions, JUMP, "-"),
        ("kinks of the function", data.kink_positions, KINK, "--"),
    ):
        for position in positions[:, 0].tolist():
            panel.axvline(position, color=colour, ls=style, lw=0.8, zorder=1, label=name)
    bars = {"fmt": "o", "ms": 4, "color": COLOURS[0], "elinewidth": 0.8, "capsize": 1.5, "zorder": 2}
    panel.errorbar(x[fine], best[fine], error[fine], label="differences of the function", **bars)
    if not fine.all():
        panel.plot(x[~fine], best[~fine], "o", ms=5, mfc="white", color=COLOURS[0], label="differences, not resolved")
    panel.plot(x, used, ".-", color="black", lw=0.6, ms=3, zorder=3, label="used in training")
    panel.set(ylim=_limits(compared), ylabel=_symbol(data, compared.axes[0]), xlabel=_name(data, 0))


def _used_over_differences(panel: "Panel", data: AuditData, compared: Compared) -> None:
    """Derivatives used over differences, with the diagonal of equal derivatives."""
    low, high = _limits(compared)
    panel.axline((low, low), (high, high), color="black", lw=0.8, zorder=1)
    fine = compared.resolved
    for index, axes in enumerate(compared.axes):
        used, best, colour = compared.used[index], compared.differences[index], COLOURS[index % len(COLOURS)]
        style = {"marker": MARKERS[index % len(MARKERS)], "s": 14, "lw": 0.8, "zorder": 2}
        panel.scatter(best[fine], used[fine], color=colour, label=_symbol(data, axes), **style)
        panel.scatter(best[~fine], used[~fine], facecolors="none", edgecolors=colour, **style)
    panel.set(xlim=(low, high), ylim=(low, high), xlabel="differences of the function", ylabel="used in training")
    panel.set_aspect("equal")
    panel.legend(fontsize=8, frameon=False)


def mismatch_by_point(compared: Compared) -> Float[Tensor, " points"]:
    """Return |used − differences| at each point over the root mean square of the larger of both at resolved points."""
    fine = compared.resolved
    sizes = [float(part[:, fine].square().sum(0).mean().sqrt()) for part in (compared.used, compared.differences)]
    return (compared.used - compared.differences).norm(dim=0) / max(*(sizes if bool(fine.any()) else [1.0, 1.0]), FLOOR)


def _map(panel: "Panel", data: AuditData, compared: Compared, threshold: float) -> None:
    """Points coloured by the mismatch, with the positions of jumps and kinks."""
    fine, (x, y), mismatch = compared.resolved, data.points.T, mismatch_by_point(compared)
    for positions, colour, name in (
        (data.kink_positions, KINK, "kinks of the function"),
        (data.jump_positions, JUMP, "jumps of the function"),
    ):
        if len(positions):
            panel.scatter(*positions.T, color=colour, marker=".", s=12, lw=0, zorder=3, label=name)
    if not fine.all():
        hollow = {"facecolors": "none", "edgecolors": "black", "s": 16, "lw": 0.6}
        panel.scatter(x[~fine], y[~fine], label="not resolved", **hollow)
    largest = float(mismatch[fine & torch.isfinite(mismatch)].max()) if bool(fine.any()) else 0.0
    colours = {"c": mismatch[fine], "vmin": 0, "vmax": max(largest, threshold), "cmap": "viridis"}
    shown = panel.scatter(x[fine], y[fine], s=18, zorder=2, **colours)
    bar = panel.figure.colorbar(shown, ax=panel)
    bar.set_label("mismatch over rms derivative", size=8)
    bar.ax.tick_params(labelsize=8)
    panel.set(xlabel=_name(data, 0), ylabel=_name(data, 1))
