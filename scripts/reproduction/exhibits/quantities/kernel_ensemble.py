"""Quantities of kernels at initialization."""

import numpy as np
import pandas as pd
import xarray as xr

from rectified.effective_theory.fixed_points import repelling_kernel
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from reproduction.storage.results import Result


def exploded(result: Result) -> xr.DataArray:
    """1 where the last kernel of a power of ReLU exceeds the unstable fixed point; by width, C_W, scale and network."""
    arrays, power = result.arrays("kernel_ensemble"), homogeneous(result.job.activation)
    last = arrays.log_kernel[..., -1, 0]
    return (last > np.log(power.unstable_kernel(arrays.C_W))).transpose(*last.dims).astype(float)


def exploded_beyond_law(result: Result) -> xr.DataArray:
    """``exploded`` minus its probability by the law of a sum of independent terms."""
    s, arrays, power = result.job.settings, result.arrays("kernel_ensemble"), homogeneous(result.job.activation)
    first = arrays.C_W * arrays.input_scale
    law = [power.explosion_probability(first, arrays.C_W, width, s.hidden_layers) for width in s.widths]
    flags = exploded(result)
    return flags - xr.concat(law, "width").assign_coords(width=flags.width)


def grew(result: Result) -> xr.DataArray:
    """1 where the last kernel of one input exceeds the first; by width, C_W, scale and network."""
    log_kernel = result.arrays("kernel_ensemble").log_kernel[..., 0]
    return (log_kernel[..., -1] > log_kernel[..., 0]).astype(float)


def obeys_fixed_point(result: Result) -> pd.DataFrame:
    """1 where the kernel grew exactly if K¹ exceeds the repelling K* > 0 of infinite width, for C_W with such a K*.

    Networks with K¹ within a factor of two of K* are omitted, because both outcomes are possible at finite width.
    """
    arrays, theory = result.arrays("kernel_ensemble"), EffectiveTheory(result.job.activation)
    found = grew(result).to_dataset(name="grew").assign(C_W=arrays.C_W).to_dataframe().reset_index()
    limits_ = {variance: repelling_kernel(theory, variance) or np.nan for variance in found.C_W.unique()}
    distance = np.log(found.C_W * found.input_scale / found.C_W.map(limits_))
    found = found.assign(obeys_fixed_point=(found.grew == (distance > 0)).astype(float))
    return found[abs(distance) > np.log(2)].drop(columns=["grew", "C_W"])


def largest_change(result: Result) -> xr.DataArray:
    """Largest |log Ĝˡ/Ĝ¹| over the layers; infinite where a kernel overflowed or is 0."""
    log_kernel = result.arrays("kernel_ensemble").log_kernel
    return abs(log_kernel - log_kernel[..., 0, :]).max("layer", skipna=False)


def growth_factor(result: Result) -> xr.DataArray:
    """Ratio of the last two steps of log Ĝ: 1 for exponential growth, p if log Ĝ grows like pˡ."""
    steps = result.arrays("kernel_ensemble").log_kernel.diff("layer", label="lower")
    return (steps[..., -1, :] / steps[..., -2, :]).drop_vars("layer", errors="ignore")


def initial_kernel(result: Result) -> xr.DataArray:
    """Ĝ of one input, by width, C_W, scale, network and layer."""
    return _kernels(result)


def initial_vertex(result: Result) -> xr.DataArray:
    """n(Ĝ − mean)²E/(E − 1) of each of E networks, with mean V; by width, C_W, scale, network and layer."""
    kernels = _kernels(result)
    count = kernels.sizes["network"]
    return kernels.width * (kernels - kernels.mean("network", skipna=False)) ** 2 * (count / (count - 1))


def vertex_over_theory(result: Result) -> xr.DataArray:
    """Ratio of ``initial_vertex`` to the theoretical V to leading order in 1/n, from the second layer on."""
    later = initial_vertex(result)[..., 1:]
    return later / _theory(result, "vertex")[..., 1:]


def mean_over_theory(result: Result) -> xr.DataArray:
    """Ratio of Ĝ to its theoretical mean K + G₁/n to next-to-leading order in 1/n."""
    kernels = _kernels(result)
    return kernels / (_theory(result, "kernel") + _theory(result, "mean_correction") / kernels.width)


def _kernels(result: Result) -> xr.DataArray:
    """Return Ĝ of one input, infinite where it overflowed."""
    with np.errstate(over="ignore"):
        return np.exp(result.arrays("kernel_ensemble").log_kernel[..., 0])


def _theory(result: Result, name: str) -> xr.DataArray:
    """Return the theoretical kernel, vertex or correction of the mean, by C_W, scale and layer."""
    s, arrays, theory = result.job.settings, result.arrays("kernel_ensemble"), EffectiveTheory(result.job.activation)
    first = s.bias_variance + arrays.C_W * arrays.input_scale
    found = theory.finite_width(first.to_numpy(), arrays.C_W.to_numpy(), s.bias_variance, s.hidden_layers + 1)
    coordinates = {"layer": arrays.layer, **first.coords}
    return xr.DataArray(getattr(found, name), coordinates, ("layer", *first.dims)).transpose(..., "layer")
