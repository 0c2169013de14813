"""Quantities of trained Ritz networks."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from rectified.formulas import expressions
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


def largest_corner(result: Result) -> xr.DataArray:
    """Largest change of slope over 1/N of the domain, with N neurons, relative to that of the exact solution.

    It is 1 for a field as smooth as the solution. At the mean distance of the kinks, close pairs of opposite kinks,
    which move the field by little, count by little.
    """
    fields = result.arrays("fields")
    steps = max(1, round((fields.sizes["x"] - 1) / result.job.settings.width))
    return _largest_bend(fields.field, steps) / _largest_bend(fields.exact, steps)


def slope_variation(result: Result) -> xr.DataArray:
    """Total variation of û' between the points of the plot, relative to that of u'."""
    fields = result.arrays("fields")
    field, exact = (abs(_bends(fields[name])).sum("x", skipna=False) for name in ("field", "exact"))
    return field / exact


def network_curvature(result: Result) -> xr.DataArray:
    """|DN''|/|û''| of û = DN by seed, the median over x: the share of the curvature that does not come from D.

    Second derivatives are central differences. A network of ReLU is linear between its kinks, where the share is 0.
    """
    fields = result.arrays("fields")
    distance = fields.x.copy(data=expressions.sample(expressions.parse(result.job.settings.distance), fields.x))
    inner = {"x": slice(1, -1)}  # D is 0 at both ends
    own = abs(distance[inner] * _bends(fields.field[inner] / distance[inner]))
    whole = abs(_bends(fields.field[inner]))
    return (own / whole.where(whole > 0)).median("x")


def _bends(values: xr.DataArray, steps: int = 1) -> xr.DataArray:
    """Return second differences over a number of steps, at all points but the first and last ones."""
    left, right = values.isel(x=slice(None, -2 * steps)), values.isel(x=slice(2 * steps, None))
    middle = values.isel(x=slice(steps, -steps))
    return middle.copy(data=left.to_numpy() - 2 * middle.to_numpy() + right.to_numpy())


def _largest_bend(values: xr.DataArray, steps: int) -> xr.DataArray:
    return abs(_bends(values, steps)).max("x", skipna=False)


def _limit(result: Result, limit: Callable) -> float:
    problem, s = result.job.problem.build(), result.job.settings
    return float(limit(problem, s.distance, np.array([s.width]))[0])
