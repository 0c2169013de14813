"""Quantities of the effective theory."""

import numpy as np
import xarray as xr

from reproduction.storage.results import Result

CLASSES = ("scale-invariant", "K* = 0", "half-stable", "none")


def susceptibility_ratio(result: Result) -> xr.DataArray:
    """χ∥/χ⊥ by kernel."""
    arrays = result.arrays("theory")
    return arrays.parallel / arrays.perpendicular


def perpendicular_at_parallel_one(result: Result) -> xr.DataArray:
    """χ⊥ at the C_W for which χ∥ = 1, by kernel: the factor per layer of the squared distance of two inputs."""
    return 1 / susceptibility_ratio(result)


def parallel_at_perpendicular_one(result: Result) -> xr.DataArray:
    """χ∥ at the C_W for which χ⊥ = 1, by kernel: the factor per layer of a change of the kernel."""
    return susceptibility_ratio(result)


def distance_after_ten_layers(result: Result) -> xr.DataArray:
    """Factor of the squared distance of two nearby inputs over ten layers, each with χ∥ = 1, by kernel."""
    return perpendicular_at_parallel_one(result) ** 10


def continuous_derivatives(result: Result) -> xr.DataArray:
    """Number of continuous derivatives of an activation; infinite if none jumps, −1 if the activation itself does."""
    orders = [kink.order for kink in result.job.activation.kinks]
    return xr.DataArray(float(min(orders)) - 1 if orders else np.inf)


def in_class(result: Result) -> xr.DataArray:
    """1 for the universality class of an activation, 0 for the other classes, by name."""
    found = result.arrays("theory").attrs["universality_class"]
    return xr.DataArray([float(name == found) for name in CLASSES], {"universality_class": list(CLASSES)})


def stable(result: Result) -> xr.DataArray:
    """1 if the critical fixed point of the kernel attracts nearby kernels, 0 if it does not or does not exist."""
    return xr.DataArray(float(result.arrays("theory").attrs["stability"] == "stable"))
