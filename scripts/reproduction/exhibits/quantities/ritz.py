"""Quantities of trained Ritz networks."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from rectified.ritz import spline_limits
from reproduction.storage.results import Result


def gap(result: Result) -> xr.DataArray:
    """Π − Π*, in units of the energy."""
    fields = result.arrays("fields")
    return fields.energy - fields.minimum_energy


def gap_over_free_knots(result: Result) -> xr.DataArray:
    """Ratio of the gap to that of the best linear spline with as many knots as neurons, to leading order."""
    return gap(result) / _limit(result, spline_limits.free_knots)


def gap_over_uniform_knots(result: Result) -> xr.DataArray:
    """Ratio of the gap to that of the linear spline with as many equally spaced knots, to leading order."""
    return gap(result) / _limit(result, spline_limits.uniform_knots)


def _limit(result: Result, limit: Callable) -> float:
    problem, s = result.job.problem.build(), result.job.settings
    return float(limit(problem, s.distance, np.array([s.width]))[0])
