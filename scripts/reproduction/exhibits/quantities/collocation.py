"""Quantities of physics-informed networks."""

import numpy as np
import pandas as pd
import xarray as xr

from reproduction.storage.results import Result

ERRORS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


def steps_to_error(result: Result) -> xr.DataArray:
    """Epoch at which the relative L² error first falls to a value, by seed and error; the last epoch if it never does.

    Between two records the logarithm of the error is interpolated. Networks that never reach an error have needed more
    steps than the value says: a ratio of two such numbers is 1 and counts against either side.
    """
    history = result.table("history").pivot(index="epoch", columns="seed", values="relative_l2")
    steps = [[_first_below(history[seed], error) for error in ERRORS] for seed in history]
    return xr.DataArray(steps, {"seed": history.columns.to_numpy(), "error": list(ERRORS)}, ("seed", "error"))


def _first_below(history: pd.Series, error: float) -> float:
    reached = np.flatnonzero(history <= error)
    if not len(reached) or reached[0] == 0:
        return float(history.index[reached[0] if len(reached) else -1])
    after = reached[0]
    logarithms = np.log(history.iloc[[after, after - 1]].to_numpy())
    return float(np.interp(np.log(error), logarithms, history.index[[after, after - 1]]))


def misplaced_front(result: Result) -> xr.DataArray:
    """1 where the front is more than a cell of the test grid from the exact one, 0 elsewhere; by seed and time."""
    fields = result.arrays("fields")
    return (fields.front_error > _cell(fields)).astype(float).where(np.isfinite(fields.front_error))


def segment_error(result: Result) -> xr.DataArray:
    """Relative L² error of the profiles on both sides of the front, by seed.

    Places between the front of the network and the exact one, and within a cell of the test grid of either, are left
    out: an error in the position of the front does not count.
    """
    fields = result.arrays("fields")
    ends = xr.concat([fields.front, fields.exact_front.broadcast_like(fields.front)], "end")
    outside = (fields.place < ends.min("end") - _cell(fields)) | (fields.place > ends.max("end") + _cell(fields))
    over = ("time", "place")
    squares = [(values**2).where(outside, 0).sum(over, skipna=False) for values in _profiles(fields)]
    return np.sqrt(squares[0] / squares[1])


def _profiles(fields: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the error of the profiles and the exact profiles, with the same dimensions."""
    exact = fields.exact_profile.broadcast_like(fields.profile)
    return fields.profile - exact, exact


def _cell(fields: xr.Dataset) -> float:
    return float(fields.x[1] - fields.x[0])
