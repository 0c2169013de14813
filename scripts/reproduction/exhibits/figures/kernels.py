"""Kernels at initialization by layer, measured and in theory (fig1, fig5, ext6).

Source: Kim and Kang, arXiv:2408.02697, eqs. 4–6, figs. 1 and 5.
"""

from collections.abc import Mapping

import numpy as np
import scipy  # submodules load on first use
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.effective_theory.kernel_recursion import log_kernels
from reproduction.config.tasks.kernel_ensemble import KernelEnsembleSettings
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.panels import panel_grid
from reproduction.storage.results import Result

QUANTILES = [0.05, 0.5, 0.95]  # of the networks: band, markers, band


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per case: log₁₀ of the kernel by layer for each C_W, median and band, with the theory."""
    columns = 2 if len(results) in (2, 4) else 3
    figure, panels = panel_grid(len(results), columns, style.PAGE, 2.4, 0.2)
    looks = _looks(results)
    for axis, result in zip(panels, results):
        _panel(axis, result, looks, data)
    for axis in panels[::columns]:
        axis.set_ylabel(r"$\log_{10}$ kernel")
    style.letters(panels)
    s = results[0].job.settings
    sizes = sorted({result.job.settings.networks for result in results}, reverse=True)
    data.notes += [
        f"markers: median, bands: 5–95 %, of {' or '.join(map(str, sizes))} networks of width {s.widths[0]}",
        *(["kernels: median over the random inputs"] if any(result.job.settings.data for result in results) else []),
        "dotted: infinite width; lines end where kernels overflow",
    ]
    return figure


def _looks(results: list[Result]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each C_W by its name, the same in all panels."""
    settings = [result.job.settings for result in results]
    values = {name: value for s in settings for name, value in zip(_names(s), s.weight_variances)}
    ordered = sorted(values, key=values.get)
    shades = style.shades(len(ordered))
    return {name: (shades[index], style.MARKERS[index % len(style.MARKERS)]) for index, name in enumerate(ordered)}


def _names(settings: KernelEnsembleSettings) -> list[str]:
    """Names of the C_W of a case: values, or multiples of the critical value."""
    unit = r"$\,C_W^c$" if settings.in_critical_units else ""
    return [f"{value:g}{unit}" for value in settings.weight_variances]


def _panel(axis: Axes, result: Result, looks: Mapping[str, tuple[str, str]], data: PlottedData) -> None:
    s, arrays = result.job.settings, result.arrays("kernel_ensemble")
    measured = arrays.log_kernel[0, :, 0] / np.log(10)
    offsets = np.linspace(-0.12, 0.12, len(s.weight_variances))
    for index, (sample, name) in enumerate(zip(measured, _names(s))):
        colour, marker = looks[name]
        weight_variance = float(arrays.C_W[index, 0])
        low, median, high = _quantiles(sample)
        finite = np.isfinite(low) & np.isfinite(high)
        theory = _theory(result, weight_variance, s.input_scales[0])
        layers = arrays.layer.to_numpy()
        axis.plot(layers, theory, ":", color=colour, linewidth=1.0)
        axis.plot((layers + offsets[index])[finite], median[finite], marker, color=colour, markersize=3, label=name)
        axis.fill_between(layers[finite], low[finite], high[finite], color=colour, alpha=0.2, linewidth=0)
        columns = {"layer": layers, "median": median, "low": low, "high": high, "theory": theory}
        data.add("kernel", f"{result.series}, C_W = {weight_variance:.6g}", **columns)
    axis.legend(title="$C_W$", title_fontsize=7, loc="best", labelspacing=0.2)
    inputs = f"{s.data} random inputs\nmean " if s.data else "one input\n"
    axis.set_title(f"{result.job.activation.label}, {inputs}$|x|^2/n_0$ = {s.input_scales[0]:g}", fontsize=7.5)
    axis.set_xlabel("layer")


def _quantiles(sample: xr.DataArray) -> np.ndarray:
    """``QUANTILES`` over networks of the median over inputs, [quantile, layer]; infinite where it overflowed."""
    values = np.quantile(sample.to_numpy(), 0.5, axis=-1, method="lower")
    return np.quantile(values, QUANTILES, axis=0, method="lower")


def _theory(result: Result, weight_variance: float, scale: float) -> np.ndarray:
    """log₁₀ of the kernel at infinite width; for random inputs, at the median of |x|²."""
    s = result.job.settings
    ratio = scale * (scipy.special.chdtri(s.inputs, 0.5) / s.inputs if s.data else 1.0)
    first = s.bias_variance + weight_variance * ratio
    return log_kernels(result.job.activation, first, weight_variance, s.bias_variance, s.hidden_layers + 1) / np.log(10)
