"""Growth and decay of kernels over C_W and input scale, with the limits of the theory (ext2)."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.effective_theory.fixed_points import largest_safe_weight_variance, repelling_kernel
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.quantities.kernel_ensemble import grew
from reproduction.storage.results import Result


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Draw one row per case: left the share of networks whose kernel grew, right the layer of blow-up in theory."""
    size = (style.PAGE, 2.8 * len(results) + 0.2)
    figure, axes = plt.subplots(len(results), 2, figsize=size, squeeze=False)
    for (left, right), result in zip(axes, results):
        theory = EffectiveTheory(result.job.activation)
        _shares(left, result, theory, data)
        _blow_up(right, result, theory, data)
        left.set_title(result.job.activation.label, fontsize=8)
    style.letters(list(axes.flat))
    s = results[0].job.settings
    data.notes.append(
        f"colours: {s.networks} networks of width {s.widths[0]}, {s.hidden_layers} hidden layers; lines: infinite width"
    )
    return figure


def _shares(axis: Axes, result: Result, theory: EffectiveTheory, data: PlottedData) -> None:
    arrays = result.arrays("kernel_ensemble")
    share = grew(result)[0].mean("network")
    variances, scales = arrays.C_W[:, 0].to_numpy(), arrays.input_scale.to_numpy()
    edges = _edges(variances), np.exp(_edges(np.log(scales)))
    image = axis.pcolormesh(*edges, share.T, cmap="RdBu_r", vmin=0, vmax=1, rasterized=True)
    axis.figure.colorbar(image, ax=axis, pad=0.02, label="share of networks whose kernel grew")
    critical = 1 / theory.slope_at_zero
    fine = np.linspace(min(variances.min(), 0.5 * critical), 0.999 * critical, 60)
    repelling = [repelling_kernel(theory, weight_variance) for weight_variance in fine]
    limit = [np.nan if kernel is None else kernel / variance for kernel, variance in zip(repelling, fine)]
    axis.plot(fine, limit, color="black", linewidth=1.2, label="$K^1=K^*(C_W)$")
    axis.set_yscale("log")
    axis.set_xlabel("$C_W$")
    axis.set_ylabel("input scale $|x|^2/n_0$")
    axis.legend(loc="lower left", frameon=True, facecolor="white", framealpha=0.9, edgecolor="none")
    safe = largest_safe_weight_variance(theory, 1.0)
    text = {"fontsize": 7, "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.0}}
    if safe is not None:
        axis.plot([safe], [1.0], "o", color="black", markersize=4)
        axis.annotate(f"$C_W$ = {safe:.3f}", (safe, 1.0), textcoords="offset points", xytext=(6, 5), **text)
    grid = np.meshgrid(variances, scales, indexing="ij")
    data.add("share that grew", result.series, weight_variance=grid[0], input_scale=grid[1], share=share)
    data.add("unstable fixed point", result.series, weight_variance=fine, input_scale=limit)


def _edges(centres: np.ndarray) -> np.ndarray:
    """Edges of cells around centres: midpoints, and reflections of them beyond the first and the last."""
    if len(centres) == 1:
        return centres[0] + np.array([-0.5, 0.5])
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middles[0]], middles, [2 * centres[-1] - middles[-1]]])


def _blow_up(axis: Axes, result: Result, theory: EffectiveTheory, data: PlottedData) -> None:
    first = np.geomspace(1e-4, 0.1, 60)
    critical = 1 / theory.slope_at_zero
    layers = theory.blow_up_layer(first, critical)
    # With ⟨σ²⟩/K ∝ 1 + sK + …, 1/K decreases by s per layer.
    slope = (theory.second_moment(1e-6) / 1e-6 / theory.slope_at_zero - 1) / 1e-6
    estimate = 1 + 1 / (slope * first)
    axis.plot(first, layers, color=style.colour(result.job.settings.activation), label="first layer with $K>1$")
    if slope > 0:
        axis.plot(first, estimate, "--", color="black", linewidth=0.9, label=f"$1+1/({slope:.0f}\\,K^1)$")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel(f"kernel of the first layer $K^1$, $C_W={critical:g}$")
    axis.set_ylabel("layer of blow-up")
    axis.legend()
    data.add("blow-up", result.series, first_kernel=first, layer=layers, estimate=estimate)
