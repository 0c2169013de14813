"""Quantities of a single neuron."""

import xarray as xr

from reproduction.storage.results import Result


def missing(result: Result) -> xr.DataArray:
    """∫ (analytic − autodiff) dx of each derivative of a neuron: the mass of the deltas missing from autodiff."""
    derivative = result.arrays("single_neuron").derivative
    by_hand, automatic = (derivative.sel({"method": method}, drop=True) for method in ("analytic", "autodiff"))
    difference = by_hand - automatic
    return difference.sum("x") * float(difference.x[1] - difference.x[0])
