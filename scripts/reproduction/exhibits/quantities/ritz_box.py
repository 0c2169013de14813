"""Quantities of trained Ritz networks on boxes."""

import xarray as xr

from reproduction.storage.results import Result


def training_gap(result: Result) -> xr.DataArray:
    """Energy by the quadrature of training at the end, less the energy of the exact solution, by seed."""
    table = result.table("history")
    last = table[table.epoch == table.epoch.max()].set_index("seed").objective
    fields = result.arrays("fields")
    return fields.gap.copy(data=last.loc[fields.seed].to_numpy()) - fields.minimum_energy


def gap_beyond_training(result: Result) -> xr.DataArray:
    """Energy by a fine rule less that by the quadrature of training, at the end, by seed."""
    return result.arrays("fields").gap - training_gap(result)
