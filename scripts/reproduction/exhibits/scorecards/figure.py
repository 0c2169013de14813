"""The figure of a scorecard: σ with its derivatives, susceptibilities, and errors beside those of the references."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.formulas import expressions
from rectified.formulas.activation import Activation, label
from reproduction.exhibits import style
from reproduction.exhibits.labels import GRADIENTS
from reproduction.exhibits.scorecards.document import TITLES
from reproduction.exhibits.scorecards.rows import ERRORS, own, peers, per_seed, short, variant
from reproduction.storage.results import Result

REACH, TALLEST = 3.0, 3.5  # of the plot of σ
PRIMES = ("σ", "σ′", "σ″")
LOOKS = (
    {"linewidth": 1.8},
    {"linewidth": 1.1, "linestyle": (0, (5, 1.5))},
    {"linewidth": 1.0, "linestyle": (0, (1, 1))},
)
INK = "0.1"  # of the activation itself; colours are of the references
WIDE = 20.0  # from which ratio on susceptibilities have a logarithmic axis
SMALLEST = 1e-4  # susceptibilities below are not drawn
HEIGHT, SPREAD = 4.0, 0.7  # inches; of one case over its unit of the axis
SHORT = {"autodiff": "autodiff", "finite_difference": "finite\ndifferences", "kink_aware": "kink-\naware"}


def draw(results: list[Result], activation: Activation) -> Figure:
    """Six panels; those whose cases were refused say so."""
    figure, axes = plt.subplots(2, 3, figsize=(style.PAGE, HEIGHT))
    mine = own(results, activation.name)
    by_task = {task: [r for r in mine if r.job.settings.task == task] for task in ("theory", "landscape", *ERRORS)}
    shape(axes[0, 0], activation)
    _or_refused(axes[0, 1], by_task["theory"], _susceptibilities)
    _or_refused(axes[0, 2], by_task["landscape"], _slices)
    for axis, title in zip(axes[0], ("σ and its derivatives", "susceptibility", "energy landscape")):
        axis.set_title(title)
    names = [name for name in dict.fromkeys(r.job.settings.activation for r in results) if name != activation.name]
    for axis, task in zip(axes[1], ERRORS):
        _or_refused(axis, by_task[task], _strips, results, [activation.name, *names])
        axis.set_title(TITLES[task])
    next((axis for axis in axes[1] if axis.has_data()), axes[1, 0]).set_ylabel("relative error")
    style.letters(list(axes.flat))
    handles = [_mark(name, activation.name) for name in [activation.name, *names]]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _mark(name: str, itself: str) -> Line2D:
    look = {"marker": _marker(name, itself), "linestyle": "none", "markersize": 4}
    return Line2D([], [], color=_colour(name, itself), label=label(name), **look)


def _marker(name: str, itself: str) -> str:
    return "D" if name == itself else "o"


def _colour(name: str, itself: str) -> str:
    return INK if name == itself else style.colour(name)


def _or_refused(axis: Axes, results: list[Result], panel, *arguments) -> None:
    if results:
        panel(axis, results, *arguments)
        return
    axis.set(xticks=[], yticks=[])
    axis.text(0.5, 0.5, "refused", ha="center", va="center", transform=axis.transAxes, color="0.4")


def shape(axis: Axes, activation: Activation) -> None:
    """σ, σ′ and σ″; the delta in a derivative is an arrow as long as the jump below it is high."""
    reach = max([REACH, *(abs(point) + 1 for point in activation.kink_points)])
    limits = []
    for order, look in enumerate(LOOKS):
        x, y = pieces(activation, order, reach)
        axis.plot(x, y, color=INK, label=PRIMES[order], **look)
        limits += [np.nanmin(y), np.nanmax(y)]
        for kink in activation.kinks if order else ():
            if kink.jumps[order - 1]:
                _arrow(axis, kink.point, kink.jumps[order - 1], PRIMES[order])
                limits.append(kink.jumps[order - 1] * 1.15)
    low, high = max(min(limits), -TALLEST), min(max(limits), TALLEST)
    axis.set_ylim(low - 0.06 * (high - low), high + 0.12 * (high - low))
    axis.set_xlim(-reach, reach)
    axis.axhline(0, color="0.7", linewidth=0.5, zorder=0)
    axis.set_xlabel("x")
    axis.legend(loc="best", handlelength=2.2)


def pieces(activation: Activation, order: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and values of a derivative, with NaN between the pieces that a kink divides."""
    expression = activation.derivative(order) if order else activation.expression
    ends = [-reach, *activation.kink_points, reach]
    parts = [np.linspace(np.nextafter(a, b), np.nextafter(b, a), 201) for a, b in pairwise(ends)]
    x = np.concatenate([np.append(part, np.nan) for part in parts])
    return x, np.where(np.isnan(x), np.nan, expressions.sample(expression, x))


def _arrow(axis: Axes, place: float, height: float, name: str) -> None:
    tip = float(np.clip(height, -TALLEST, TALLEST))
    look = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", xy=(place, tip), xytext=(place, 0), arrowprops=look)
    side = {"xytext": (3, 0), "textcoords": "offset points", "fontsize": 6, "va": "center"}
    axis.annotate(f"{height:.3g} δ in {name}", xy=(place, tip), color=INK, **side)


def _susceptibilities(axis: Axes, results: list[Result]) -> None:
    """χ∥ and χ⊥ at the critical C_W, or at that of the job where there is none, with K* if it is not 0."""
    result = results[0]
    arrays = result.arrays("theory")
    critical, given = float(arrays.critical_weight_variance), result.job.settings.weight_variance
    scale, drawn, words = given if np.isnan(critical) else critical, [], []
    for name, symbol, look in zip(("parallel", "perpendicular"), (r"$\chi_\parallel$", r"$\chi_\perp$"), LOOKS):
        values = arrays[name].where(np.isfinite(arrays[name])) * scale / given
        if (values > 0).any():
            axis.plot(arrays.kernel, values, color=INK, label=symbol, **look)
            drawn.append(values.where(values > 0))
        else:
            words.append(f"{symbol} = 0" if values.notnull().any() else rf"{symbol} = $\infty$")
    axis.set(xscale="log", xlabel="kernel $K$", ylabel=rf"$\chi$ at $C_W$ = {scale:.4g}")
    axis.set_xlim(float(arrays.kernel.min()), float(arrays.kernel.max()))
    axis.text(0.5, 0.5, "\n".join(words), ha="center", va="center", transform=axis.transAxes)
    if not drawn:
        axis.set_yticks([])
        return
    low, high = max(SMALLEST, min(float(v.min()) for v in drawn)), max(float(v.max()) for v in drawn)
    if high / low > WIDE:
        axis.set(yscale="log", ylim=(low / 1.3, high * 1.3))
    else:
        axis.set_ylim(min(0, low), max(1.2, 1.1 * high))
    if float(arrays.critical_kernel) > 0:
        axis.axvline(float(arrays.critical_kernel), color="0.4", linewidth=0.7, linestyle=":", label="$K^*$")
    axis.axhline(1, color="0.5", linewidth=0.6, zorder=0)
    axis.legend(loc="best", handlelength=2.2)


def _slices(axis: Axes, results: list[Result]) -> None:
    """The energy of the first seed along the first vector of the last plane, above the smallest of the problem."""
    for result, look in zip(results, LOOKS):
        arrays = result.arrays("landscape")
        middle = arrays.sizes["beta"] // 2
        energy = arrays.energy.isel(seed=0, plane=-1, beta=middle)
        axis.plot(arrays.alpha, energy - arrays.minimum_energy, color=INK, label=_words(variant(result)), **look)
    first = int(arrays["first"][-1])
    axis.set(xlabel=f"along eigenvector {first}", ylabel="energy gap")
    axis.legend(loc="best", handlelength=2.2)


def _words(name: str) -> str:
    return GRADIENTS.get(name, name.replace("_", " "))


def _strips(axis: Axes, mine: list[Result], results: list[Result], names: list[str]) -> None:
    """One point per seed, a line at the median; a group per case and error, the activation itself first."""
    groups = [(result, quantity) for result in mine for quantity in ERRORS[result.job.settings.task]]
    if mine[0].job.settings.task == "ritz":
        groups = [(result, "relative_l2") for result in mine]
    for place, (result, quantity) in enumerate(groups):
        found = peers(result, results)
        for index, name in enumerate(name for name in names if name in found):
            values = per_seed(found[name], quantity)
            x = place + SPREAD * ((index + 0.5) / len(names) - 0.5)
            look = {"marker": _marker(name, names[0]), "markersize": 2.6, "linestyle": "none", "alpha": 0.8}
            axis.plot(np.full(len(values), x), values, color=_colour(name, names[0]), **look)
            if np.isfinite(values).any():
                half = SPREAD / len(names) / 2.2
                axis.hlines(np.nanmedian(values), x - half, x + half, color=_colour(name, names[0]), linewidth=1.2)
    axis.set_yscale("log")
    axis.set_xticks(range(len(groups)), [_tick(result, quantity) for result, quantity in groups], fontsize=6)
    axis.set_xlim(-0.5, len(groups) - 0.5)


def _tick(result: Result, quantity: str) -> str:
    name = variant(result) or short(result.job.experiment)
    derivative = "\ngradient" if quantity == "gradient_error" else ""
    return SHORT.get(name, name.replace("_", " ")) + derivative
