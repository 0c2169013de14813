"""Share of networks whose kernel explodes, against C_W (ext1).

For a homogeneous activation of degree p, the distance L of log Ĝ from its unstable fixed point obeys L' = pL + ξ with
ξ = log(M/⟨M⟩), where M is a mean over n neurons. Hence L explodes if L¹ + Σ ξ_l p^{−l} > 0: a sum of independent terms
that do not depend on C_W and is close to normal for wide networks.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.statistics.intervals import share_interval
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.quantities.kernel_ensemble import exploded
from reproduction.storage.results import Result


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per case: shares with confidence intervals, and the normal law of the sum, one curve per width."""
    width = style.PAGE if len(results) > 1 else style.COLUMN
    figure, axes = plt.subplots(1, len(results), figsize=(width, 2.8), sharey=True, squeeze=False)
    for axis, result in zip(axes[0], results):
        _panel(axis, result, data)
    axes[0, 0].set_ylabel("share of networks that explode")
    style.letters(list(axes[0]))
    s = results[0].job.settings
    data.notes.append(
        f"markers: the same {s.networks} networks at every $C_W$, after {s.hidden_layers} hidden layers, "
        "95 % Clopper–Pearson intervals; lines: law of the sum, log-normal approximation"
    )
    return figure


def _panel(axis: Axes, result: Result, data: PlottedData) -> None:
    s, arrays = result.job.settings, result.arrays("kernel_ensemble")
    multiples = np.array(s.weight_variances)
    fine = np.linspace(multiples.min(), multiples.max(), 401)
    unit = float(arrays.C_W[0, 0]) / multiples[0]
    power = homogeneous(result.job.activation)
    flags = exploded(result)[:, :, 0].to_numpy()
    for index, (width, colour) in enumerate(zip(s.widths, style.shades(len(s.widths)))):
        share, low, high, _ = np.array([share_interval(sample) for sample in flags[index]]).T
        law = power.explosion_probability(fine * unit * s.input_scales[0], fine * unit, width, s.hidden_layers)
        look = {"fmt": style.MARKERS[index % len(style.MARKERS)], "markersize": 3, "elinewidth": 0.8}
        axis.errorbar(multiples, share, [share - low, high - share], color=colour, label=f"$n$ = {width}", **look)
        axis.plot(fine, law, color=colour, linewidth=0.9)
        data.add("share", f"{result.series}, n = {width}", multiple=multiples, share=share, low=low, high=high)
        data.add("law", f"{result.series}, n = {width}", multiple=fine, share=law)
    axis.axvline(1, color="0.5", linewidth=0.6, linestyle=":")
    axis.set_xlabel("$C_W$ over its critical value")
    axis.set_title(f"{result.job.activation.label}, $|x|^2/n_0$ = {s.input_scales[0]:g}", fontsize=8)
    axis.legend()
