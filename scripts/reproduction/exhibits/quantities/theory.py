"""Quantities of the effective theory."""

import xarray as xr

from reproduction.storage.results import Result

CLASSES = ("scale-invariant", "K* = 0", "half-stable", "none")


def susceptibility_ratio(result: Result) -> xr.DataArray:
    """χ∥/χ⊥ by kernel."""
    arrays = result.arrays("theory")
    return arrays.parallel / arrays.perpendicular


def in_class(result: Result) -> xr.DataArray:
    """1 for the universality class that an activation is in, 0 for the others, by name."""
    found = result.arrays("theory").attrs["universality_class"]
    return xr.DataArray([float(name == found) for name in CLASSES], {"universality_class": list(CLASSES)})


def stable(result: Result) -> xr.DataArray:
    """1 if kernels near the critical fixed point go to it, 0 if not, or if there is none."""
    return xr.DataArray(float(result.arrays("theory").attrs["stability"] == "stable"))
