"""Quantities that are computed from the files of a case: what figures draw and claims are made of.

Each takes the result of a case and gives a DataArray with named dimensions, or a table with a column of its name.
Of what is estimated from an ensemble as a whole, such as a vertex, there is one number per network whose mean is the
estimate and whose spread gives its error.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.problems.elliptic import elliptic_problem
from rectified.ritz import spline_limits
from rectified.statistics.summaries import pseudovalues, vertices
from reproduction.storage.results import Result

Quantity = Callable[[Result], xr.DataArray | pd.DataFrame]

QUANTITIES: dict[tuple[str, str], Quantity] = {}
CLASSES = ("scale-invariant", "K* = 0", "half-stable", "none")


def of(*tasks: str) -> Callable[[Quantity], Quantity]:
    """Make a function known, by its name, as a quantity of cases of these tasks."""

    def register(function: Quantity) -> Quantity:
        QUANTITIES.update({(task, function.__name__.rstrip("_")): function for task in tasks})
        return function

    return register


@of("ritz", "regression", "pinn", "collocation", "ensemble_training")
def diverged(result: Result) -> xr.DataArray:
    """1 for a run that diverged, 0 for others."""
    arrays = result.arrays("fields") if "fields.nc" in result.files else result.ensemble
    return (arrays.diverged_at >= 0).astype(float)


@of("ritz")
def gap(result: Result) -> xr.DataArray:
    """Π − Π*, in units of the energy."""
    fields = result.arrays("fields")
    return fields.energy - fields.minimum_energy


@of("ritz")
def gap_over_free_knots(result: Result) -> xr.DataArray:
    """The gap over that of the best linear spline with as many knots as neurons, to leading order."""
    return gap(result) / _limit(result, spline_limits.free_knots)


@of("ritz")
def gap_over_uniform_knots(result: Result) -> xr.DataArray:
    """The gap over that of the linear spline with as many equally spaced knots, to leading order."""
    return gap(result) / _limit(result, spline_limits.uniform_knots)


def _limit(result: Result, limit: Callable) -> float:
    entry, s = result.job.problem, result.job.settings
    problem = elliptic_problem(entry.solution, entry.coefficient, entry.domain)
    return float(limit(problem, s.distance, np.array([s.width]))[0])


@of("feature")
def missing(result: Result) -> xr.DataArray:
    """∫ (by hand − by autodiff) dx of each derivative of a feature: the mass of the deltas that autodiff leaves out."""
    derivative = result.arrays("feature").derivative
    by_hand, automatic = (derivative.sel({"method": method}, drop=True) for method in ("analytic", "autodiff"))
    difference = by_hand - automatic
    return difference.sum("x") * float(difference.x[1] - difference.x[0])


@of("audit")
def inconsistent(result: Result) -> pd.DataFrame:
    """1 for a run whose derivatives the audit finds inconsistent, 0 for others, NaN where it could not tell."""
    table = result.table("audit")
    return table.assign(inconsistent=table.verdict.map({"inconsistent": 1.0, "consistent": 0.0}))


@of("ensemble_training")
def training_error(result: Result) -> xr.DataArray:
    """Mean square training error of every network over the variance of the target; NaN where diverged."""
    ensemble = result.ensemble
    return ensemble.loss[-1].drop_vars("record").where(ensemble.diverged_at < 0) / ensemble.target.var()


@of("ensemble_training")
def test_error(result: Result) -> xr.DataArray:
    """Mean square test error of every network over the variance of the target; NaN where diverged."""
    ensemble = result.ensemble
    return ((ensemble.output - ensemble.target) ** 2).mean("test", skipna=False) / ensemble.target.var()


@of("ensemble_training")
def output_spread(result: Result) -> xr.DataArray:
    """Standard deviation of the output of every network over the test points, in units of the target's."""
    return result.ensemble.output.std("test", skipna=False) / result.ensemble.target.std()


@of("ensemble_training")
def susceptibility_distance(result: Result) -> xr.DataArray:
    """|χ⊥ − 1| by record, network and layer."""
    return abs(result.ensemble.susceptibility - 1)


@of("ensemble_training")
def vertex(result: Result) -> xr.DataArray:
    """Four-point vertex by record, network and layer: pseudo-values of the jackknife."""
    return _jackknifed(result, lambda v: v).rename("vertex")


@of("ensemble_training")
def vertex_last_step(result: Result) -> xr.DataArray:
    """The share of the growth of V from the second layer to the last that falls to the last step, by record, network.

    1/(L − 2) of L layers if V grows linearly; pseudo-values of the jackknife.
    """
    return _jackknifed(result, lambda v: (v[..., -1:] - v[..., -2:-1]) / (v[..., -1:] - v[..., 1:2]))[..., 0]


def _jackknifed(result: Result, function: Callable[[np.ndarray], np.ndarray]) -> xr.DataArray:
    """Pseudo-values of a function of V by layer, over the networks that did not diverge; NaN for others."""
    ensemble, healthy = result.ensemble, result.healthy
    shape = ensemble.susceptibility
    found = []
    for record in range(shape.sizes["record"]):
        kernels, pairs = (ensemble[name][record].to_numpy()[healthy] for name in ("kernel", "pairs"))
        value, left_out = (function(v) for v in vertices(kernels, pairs, result.job.settings.width))
        filled = np.full((len(healthy), value.shape[-1]), np.nan)
        filled[healthy] = pseudovalues(value, left_out)
        found.append(filled)
    layers = shape.layer[-found[0].shape[1] :]
    coordinates = {"record": shape.record, "network": shape.network, "layer": layers}
    return xr.DataArray(np.stack(found), coordinates, ("record", "network", "layer"))


@of("kernel_ensemble")
def exploded(result: Result) -> xr.DataArray:
    """1 where the last kernel of a power of ReLU is above its unstable fixed point; width, C_W, scale, network."""
    arrays, power = result.arrays("kernels"), homogeneous(result.job.activation)
    last = arrays.log_kernel[..., -1, 0]
    return (last > np.log(power.unstable_kernel(arrays.C_W))).transpose(*last.dims).astype(float)


@of("kernel_ensemble")
def exploded_beyond_law(result: Result) -> xr.DataArray:
    """Whether a network exploded, less the probability of it by the law of a sum of independent terms."""
    s, arrays, power = result.job.settings, result.arrays("kernels"), homogeneous(result.job.activation)
    first = arrays.C_W * arrays.input_scale
    law = [power.explosion_probability(first, arrays.C_W, width, s.hidden_layers) for width in s.widths]
    flags = exploded(result)
    return flags - xr.concat(law, "width").assign_coords(width=flags.width)


@of("kernel_ensemble")
def grew(result: Result) -> xr.DataArray:
    """1 where the last kernel of one input is above the first; width, C_W, scale, network."""
    log_kernel = result.arrays("kernels").log_kernel[..., 0]
    return (log_kernel[..., -1] > log_kernel[..., 0]).astype(float)


@of("kernel_ensemble")
def obeys_fixed_point(result: Result) -> pd.DataFrame:
    """1 where the kernel grew and K¹ was above the repelling K* > 0 of infinite width, or neither, of C_W that has one.

    Networks whose K¹ is within a factor of two of K* are left out: at finite width they may go either way.
    """
    arrays, theory = result.arrays("kernels"), EffectiveTheory(result.job.activation)
    found = grew(result).to_dataset(name="grew").assign(C_W=arrays.C_W).to_dataframe().reset_index()
    limits_ = {variance: theory.repelling_kernel(variance) or np.nan for variance in found.C_W.unique()}
    distance = np.log(found.C_W * found.input_scale / found.C_W.map(limits_))
    found = found.assign(obeys_fixed_point=(found.grew == (distance > 0)).astype(float))
    return found[abs(distance) > np.log(2)].drop(columns=["grew", "C_W"])


@of("kernel_ensemble")
def largest_change(result: Result) -> xr.DataArray:
    """The largest |log Ĝˡ/Ĝ¹| over the layers, infinite where a kernel overflowed or is 0."""
    log_kernel = result.arrays("kernels").log_kernel
    return abs(log_kernel - log_kernel[..., 0, :]).max("layer", skipna=False)


@of("kernel_ensemble")
def growth_factor(result: Result) -> xr.DataArray:
    """The last step of log Ĝ over the one before: 1 for exponential growth, p if log Ĝ itself grows like pˡ."""
    steps = result.arrays("kernels").log_kernel.diff("layer", label="lower")
    return (steps[..., -1, :] / steps[..., -2, :]).drop_vars("layer", errors="ignore")


@of("kernel_ensemble")
def initial_vertex(result: Result) -> xr.DataArray:
    """n(Ĝ − mean)²E/(E − 1) of each of E networks, whose mean is the vertex V; width, C_W, scale, network, layer."""
    kernels = _kernels(result)
    count = kernels.sizes["network"]
    return kernels.width * (kernels - kernels.mean("network", skipna=False)) ** 2 * (count / (count - 1))


@of("kernel_ensemble")
def vertex_over_theory(result: Result) -> xr.DataArray:
    """``initial_vertex`` over V of the theory to leading order in 1/n, from the second layer on."""
    later = initial_vertex(result)[..., 1:]
    return later / _theory(result, "vertex")[..., 1:]


@of("kernel_ensemble")
def mean_over_theory(result: Result) -> xr.DataArray:
    """Ĝ over its mean K + G₁/n of the theory to next order in 1/n."""
    kernels = _kernels(result)
    return kernels / (_theory(result, "kernel") + _theory(result, "mean_correction") / kernels.width)


def _kernels(result: Result) -> xr.DataArray:
    """Ĝ of one input, infinite where it overflowed."""
    with np.errstate(over="ignore"):
        return np.exp(result.arrays("kernels").log_kernel[..., 0])


def _theory(result: Result, name: str) -> xr.DataArray:
    """The kernel, vertex or correction of the mean by C_W, scale and layer."""
    s, arrays, theory = result.job.settings, result.arrays("kernels"), EffectiveTheory(result.job.activation)
    first = s.bias_variance + arrays.C_W * arrays.input_scale
    found = theory.finite_width(first.to_numpy(), arrays.C_W.to_numpy(), s.bias_variance, s.hidden_layers + 1)
    coordinates = {"layer": arrays.layer, **first.coords}
    return xr.DataArray(getattr(found, name), coordinates, ("layer", *first.dims)).transpose(..., "layer")


@of("theory")
def susceptibility_ratio(result: Result) -> xr.DataArray:
    """χ∥/χ⊥ by kernel."""
    arrays = result.arrays("theory")
    return arrays.parallel / arrays.perpendicular


@of("theory")
def in_class(result: Result) -> xr.DataArray:
    """1 for the universality class that an activation is in, 0 for the others, by name."""
    found = result.arrays("theory").attrs["universality_class"]
    return xr.DataArray([float(name == found) for name in CLASSES], {"universality_class": list(CLASSES)})


@of("theory")
def stable(result: Result) -> xr.DataArray:
    """1 if kernels near the critical fixed point go to it, 0 if not, or if there is none."""
    return xr.DataArray(float(result.arrays("theory").attrs["stability"] == "stable"))
