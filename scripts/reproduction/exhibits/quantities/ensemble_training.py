"""Quantities of trained ensembles."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from rectified.statistics.summaries import pseudovalues, vertices
from reproduction.storage.results import Result


def training_error(result: Result) -> xr.DataArray:
    """Mean square training error of every network over the variance of the target; NaN where diverged."""
    ensemble = result.ensemble
    return ensemble.loss[-1].drop_vars("record").where(ensemble.diverged_at < 0) / ensemble.target.var()


def test_error(result: Result) -> xr.DataArray:
    """Mean square test error of every network over the variance of the target; NaN where diverged."""
    ensemble = result.ensemble
    return ((ensemble.output - ensemble.target) ** 2).mean("test", skipna=False) / ensemble.target.var()


def output_spread(result: Result) -> xr.DataArray:
    """Standard deviation of the output of every network over the test points, in units of the target's."""
    return result.ensemble.output.std("test", skipna=False) / result.ensemble.target.std()


def output_deviation(result: Result) -> xr.DataArray:
    """Root mean square deviation of every network from the mean output of the others, in units of the target's spread.

    The mean of a network's own training values is subtracted from its output: it differs between networks, also if all
    of them have collapsed onto a constant. Multiplied by √((E − 1)/E) for E networks, so that the mean of the square is
    the variance of the ensemble.
    """
    ensemble = result.ensemble
    output = (ensemble.output - ensemble.training_mean).where(xr.DataArray(result.healthy, dims="network"))
    count = output.notnull().all("test").sum()
    rest = (output.sum("network") - output) / (count - 1)
    square = ((output - rest) ** 2).mean("test", skipna=False) * (count - 1) / count
    return np.sqrt(square) / ensemble.target.std()


def susceptibility_distance(result: Result) -> xr.DataArray:
    """|χ⊥ − 1| by record, network and layer."""
    return abs(result.ensemble.susceptibility - 1)


def vertex(result: Result) -> xr.DataArray:
    """Four-point vertex by record, network and layer: pseudo-values of the jackknife."""
    return _jackknifed(result, lambda v: v).rename("vertex")


def vertex_last_step(result: Result) -> xr.DataArray:
    """Share of the last layer in the growth of V from the second layer to the last, by record and network.

    It is 1/(L − 2) for L layers if V grows linearly; pseudo-values of the jackknife.
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
