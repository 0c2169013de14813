"""Four-point vertex and mean kernel at initialization by layer, measured and in theory (fig6).

Source: Kim and Kang, arXiv:2408.02697, eqs. 3 and 8, fig. 6.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.statistics.summaries import mean_estimate, variance_estimate
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.storage.results import Result


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One column per case: V above the mean kernel over its infinite-width value, one curve per C_W or width."""
    width = style.PAGE if len(results) > 1 else style.COLUMN
    figure, axes = plt.subplots(2, len(results), figsize=(width, 4.6), sharex=True, squeeze=False)
    for column, result in zip(axes.T, results):
        _column(column, result, data)
        column[1].set_xlabel("layer")
    axes[0, 0].set_ylabel("four-point vertex $V$")
    axes[1, 0].set_ylabel(r"mean kernel / $K$")
    style.letters(list(axes.flat))
    networks = sorted({result.job.settings.networks for result in results})
    overflowed = sum(_overflowed(result) for result in results)
    data.notes += [
        f"markers: the same {networks[-1]} networks at every $C_W$, with standard errors; lines: $V$ to leading order, "
        "$1+G_1/(nK)$ below",
        *([f"{overflowed} networks that overflowed left out"] if overflowed else []),
    ]
    return figure


def _overflowed(result: Result) -> int:
    """Number of networks, over all widths and C_W, with a kernel that is not finite."""
    finite = np.isfinite(np.exp(result.arrays("kernel_ensemble").log_kernel[:, :, 0, :, :, 0].to_numpy()))
    return int((~finite.all(-1)).sum())


def _column(axes: list[Axes], result: Result, data: PlottedData) -> None:
    s, arrays = result.job.settings, result.arrays("kernel_ensemble")
    theory = EffectiveTheory(result.job.activation)
    layers = arrays.layer.to_numpy()
    curves = [(i, j) for i in range(len(s.widths)) for j in range(len(s.weight_variances))]
    for index, ((i, j), colour) in enumerate(zip(curves, style.shades(len(curves)))):
        n, weight_variance, scale = s.widths[i], float(arrays.C_W[j, 0]), s.input_scales[0]
        kernels = np.exp(arrays.log_kernel[i, j, 0, :, :, 0].to_numpy())
        kernels = kernels[np.isfinite(kernels).all(1)]
        spread, mean = variance_estimate(kernels), mean_estimate(kernels)
        first = s.bias_variance + weight_variance * scale
        expected = theory.finite_width(first, weight_variance, s.bias_variance, len(layers))
        look = {"fmt": style.MARKERS[index % len(style.MARKERS)], "markersize": 3, "elinewidth": 0.8, "color": colour}
        name = f"$n$ = {n}" if len(s.widths) > 1 else f"$C_W$ = {weight_variance:g}"
        axes[0].errorbar(layers[1:], n * spread.value[1:], n * spread.error[1:], label=name, **look)
        axes[0].plot(layers[1:], expected.vertex[1:], color=colour, linewidth=0.9)
        axes[1].errorbar(layers, mean.value / expected.kernel, mean.error / expected.kernel, **look)
        predicted = 1 + expected.mean_correction / (n * expected.kernel)
        axes[1].plot(layers, predicted, color=colour, linewidth=0.9)
        data.add(
            "vertex and mean",
            f"{result.series}, n = {n}, C_W = {weight_variance:g}",
            layer=layers,
            vertex=n * spread.value,
            vertex_error=n * spread.error,
            vertex_theory=expected.vertex,
            mean=mean.value,
            mean_error=mean.error,
            kernel=expected.kernel,
            mean_correction=expected.mean_correction,
        )
    axes[0].set_yscale("log")
    axes[0].legend(labelspacing=0.2)
    fixed = f"$n$ = {s.widths[0]}" if len(s.widths) == 1 else f"$C_W$ = {float(arrays.C_W[0, 0]):g}"
    axes[0].set_title(f"{result.job.activation.label}, {fixed}, $|x|^2/n_0$ = {s.input_scales[0]:g}", fontsize=8)
