"""Figure of a scorecard: σ with its derivatives, susceptibilities, a slice of the energy, and compared errors."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.formulas import expressions
from rectified.formulas.activation import Activation, label
from reproduction.exhibits import style
from reproduction.exhibits.panels import set_log_scale
from reproduction.exhibits.scorecards.peers import ERRORS, errors_by_seed, own_results, peers, short_name, variant
from reproduction.exhibits.scorecards.sections import PRIMES, TITLES
from reproduction.exhibits.scorecards.value_text import variant_name
from reproduction.storage.results import Result

REACH, HIGHEST = 3.0, 3.5  # limits of the plot of σ along x and y
LOOKS = (
    {"linewidth": 1.8},
    {"linewidth": 1.1, "linestyle": (0, (5, 1.5))},
    {"linewidth": 1.0, "linestyle": (0, (1, 1))},
)
INK = "0.1"  # of the activation itself; the references have colours
WIDE = 20.0  # ratio of susceptibilities above which their axis is logarithmic
SMALLEST = 1e-4  # susceptibilities below are not drawn
HEIGHT = 4.0  # inches
PANELS = ("ritz", "regression", "collocation")  # of errors; that of ritz also shows two dimensions
STRIPS = 0.8  # width of the strips of one case together, as seaborn draws them
MEDIAN = {"estimator": "median", "errorbar": None, "linestyle": "none", "marker": "_", "markeredgewidth": 1.2}
SHORT = {"autodiff": "autodiff", "finite_difference": "finite\ndifferences", "kink_aware": "kink-\naware"}


def draw(results: list[Result], activation: Activation) -> Figure:
    """Return a figure of six panels; those without cases say "refused"."""
    figure, axes = plt.subplots(2, 3, figsize=(style.PAGE, HEIGHT))
    own = own_results(results, activation.name)
    by_task = {task: [r for r in own if r.job.settings.task == task] for task in ("theory", "landscape", *ERRORS)}
    _derivatives(axes[0, 0], activation)
    _or_refused(axes[0, 1], by_task["theory"], _susceptibilities)
    _or_refused(axes[0, 2], by_task["landscape"], _slices)
    for axis, title in zip(axes[0], ("σ and its derivatives", "susceptibility", "energy landscape")):
        axis.set_title(title)
    names = [name for name in dict.fromkeys(r.job.settings.activation for r in results) if name != activation.name]
    by_task["ritz"] += by_task["ritz_box"]
    for axis, task in zip(axes[1], PANELS):
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


def _or_refused(axis: Axes, results: list[Result], panel: Callable[..., None], *arguments: Any) -> None:
    """Draw a panel of results if there are any."""
    if results:
        panel(axis, results, *arguments)
        return
    axis.set(xticks=[], yticks=[])
    axis.text(0.5, 0.5, "refused", ha="center", va="center", transform=axis.transAxes, color="0.4")


def _derivatives(axis: Axes, activation: Activation) -> None:
    """σ, σ′ and σ″; an arrow is a delta in a derivative, as long as the jump of the derivative below is high."""
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
    low, high = max(min(limits), -HIGHEST), min(max(limits), HIGHEST)
    axis.set_ylim(low - 0.06 * (high - low), high + 0.12 * (high - low))
    axis.set_xlim(-reach, reach)
    axis.axhline(0, color="0.7", linewidth=0.5, zorder=0)
    axis.set_xlabel("x")
    axis.legend(loc="best", handlelength=2.2)


def pieces(activation: Activation, order: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and values of a derivative, with NaN between the pieces on both sides of a kink."""
    expression = activation.forms[order]
    ends = [-reach, *activation.kink_points, reach]
    parts = [np.linspace(np.nextafter(a, b), np.nextafter(b, a), 201) for a, b in pairwise(ends)]
    x = np.concatenate([np.append(part, np.nan) for part in parts])
    return x, np.where(np.isnan(x), np.nan, expressions.sample(expression, x))


def _arrow(axis: Axes, place: float, height: float, name: str) -> None:
    tip = float(np.clip(height, -HIGHEST, HIGHEST))
    look = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", xy=(place, tip), xytext=(place, 0), arrowprops=look)
    side = {"xytext": (3, 0), "textcoords": "offset points", "fontsize": 6, "va": "center"}
    axis.annotate(f"{height:.3g} δ in {name}", xy=(place, tip), color=INK, **side)


def _susceptibilities(axis: Axes, results: list[Result]) -> None:
    """χ∥ and χ⊥ at the critical C_W, else at that of the job, and K* if it is positive."""
    result = results[0]
    arrays = result.arrays("theory")
    critical, given = float(arrays.critical_weight_variance), result.job.settings.weight_variance
    scale, curves, words = given if np.isnan(critical) else critical, [], []
    for name, symbol, look in zip(("parallel", "perpendicular"), (r"$\chi_\parallel$", r"$\chi_\perp$"), LOOKS):
        values = arrays[name].where(np.isfinite(arrays[name])) * scale / given
        if (values > 0).any():
            axis.plot(arrays.kernel, values, color=INK, label=symbol, **look)
            curves.append(values.where(values > 0))
        else:
            words.append(f"{symbol} = 0" if values.notnull().any() else rf"{symbol} = $\infty$")
    axis.set(xscale="log", xlabel="kernel $K$", ylabel=rf"$\chi$ at $C_W$ = {scale:.4g}")
    axis.set_xlim(float(arrays.kernel.min()), float(arrays.kernel.max()))
    axis.text(0.5, 0.5, "\n".join(words), ha="center", va="center", transform=axis.transAxes)
    if not curves:
        axis.set_yticks([])
        return
    low, high = max(SMALLEST, min(float(v.min()) for v in curves)), max(float(v.max()) for v in curves)
    if high / low > WIDE:
        axis.set(yscale="log", ylim=(low / 1.3, high * 1.3))
    else:
        axis.set_ylim(min(0, low), max(1.2, 1.1 * high))
    if float(arrays.critical_kernel) > 0:
        axis.axvline(float(arrays.critical_kernel), color="0.4", linewidth=0.7, linestyle=":", label="$K^*$")
    axis.axhline(1, color="0.5", linewidth=0.6, zorder=0)
    axis.legend(loc="best", handlelength=2.2)


def _slices(axis: Axes, results: list[Result]) -> None:
    """The energy gap of the first seed along the first vector of the last plane."""
    for result, look in zip(results, LOOKS):
        arrays = result.arrays("landscape")
        middle = arrays.sizes["beta"] // 2
        energy = arrays.energy.isel(seed=0, plane=-1, beta=middle)
        axis.plot(arrays.alpha, energy - arrays.minimum_energy, color=INK, label=variant_name(variant(result)), **look)
    first = int(arrays["first"][-1])
    axis.set(xlabel=f"along eigenvector {first}", ylabel="energy gap")
    axis.legend(loc="best", handlelength=2.2)


def _strips(axis: Axes, own: list[Result], results: list[Result], names: list[str]) -> None:
    """One point per seed and a line at the median; a group per case and error, the activation itself first."""
    groups = [
        (result, quantity) for result in own for quantity in ERRORS[result.job.settings.task] if quantity != "gap"
    ]
    seeds = [
        pd.DataFrame({"group": place, "activation": name, "error": errors_by_seed(peer, quantity)})
        for place, (result, quantity) in enumerate(groups)
        for name, peer in peers(result, results).items()
    ]
    table = pd.concat(seeds, ignore_index=True).replace([np.inf, -np.inf], np.nan)
    palette = {name: _colour(name, names[0]) for name in names}
    look = {"x": "group", "order": range(len(groups)), "y": "error", "ax": axis}
    look |= {"hue": "activation", "hue_order": names, "palette": palette}
    own_rows = table.activation == names[0]
    for shown, marker in ((table[own_rows], "D"), (table[~own_rows], "o")):
        sns.stripplot(shown, **look, dodge=True, jitter=False, marker=marker, size=2.6, alpha=0.8, legend=False)
    dodge = STRIPS * (1 - 1 / len(names)) if len(names) > 1 else False
    sns.pointplot(table, **look, **MEDIAN, markersize=60 / len(groups) / len(names), dodge=dodge, legend=False)
    set_log_scale(axis, "y", table.error)
    axis.set(xlabel=None, ylabel=None, xlim=(-0.5, len(groups) - 0.5))
    axis.set_xticks(range(len(groups)), [_tick(result, quantity) for result, quantity in groups], fontsize=6)


def _tick(result: Result, quantity: str) -> str:
    name = variant(result) or short_name(result.job.experiment)
    derivative = "\ngradient" if quantity == "gradient_error" else ""
    dimensions = "\n2-D" if result.job.settings.task == "ritz_box" else ""
    return SHORT.get(name, name.replace("_", " ")) + derivative + dimensions
