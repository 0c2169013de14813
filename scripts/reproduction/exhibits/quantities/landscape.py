"""Quantities of loss landscapes."""

import numpy as np
import xarray as xr

from reproduction.storage.results import Result


def local_minima(result: Result) -> xr.DataArray:
    """Number of interior points of each plane whose energy is below that of their eight neighbours."""
    energy = result.arrays("landscape").energy
    values, inner = energy.to_numpy(), slice(1, -1)
    shifts = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if (row, column) != (0, 0)]
    neighbours = [np.roll(values, shift, (-2, -1)) for shift in shifts]
    lowest = (values < np.min(neighbours, axis=0))[..., inner, inner]
    return energy[..., 0, 0].drop_vars(("alpha", "beta")).copy(data=lowest.sum((-2, -1)).astype(float))
