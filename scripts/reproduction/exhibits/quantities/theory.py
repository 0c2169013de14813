"""Quantities of the effective theory."""

import xarray as xr

from reproduction.storage.results import Result

CLASSES = ("scale-invariant", "K* = 0", "half-stable", "none")


def susceptibility_ratio(result: Result) -> xr.DataArray:
    """χ∥/χ⊥ by kernel."""
    arrays = result.arrays("theory")
    return arrays.parallel / arrays.perpendicular


def in_class(result: Result) -> xr.DataArray:
    """1 for the universality class of an activation, 0 for the other classes, by name."""
    found = result.arrays("theory").attrs["universality_class"]
    return xr.DataArray([float(name == found) for name in CLASSES], {"universality_class": list(CLASSES)})


def stable(result: Result) -> xr.DataArray:
    """1 if the critical fixed point of the kernel attracts nearby kernels, 0 if it does not or does not exist."""
    return xr.DataArray(float(result.arrays("theory").attrs["stability"] == "stable"))
