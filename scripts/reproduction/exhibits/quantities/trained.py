"""Quantities of every trained case."""

import xarray as xr

from reproduction.storage.results import Result


def diverged(result: Result) -> xr.DataArray:
    """1 for a diverged network, 0 for others."""
    arrays = result.arrays("fields") if "fields.nc" in result.files else result.ensemble
    return (arrays.diverged_at >= 0).astype(float)
