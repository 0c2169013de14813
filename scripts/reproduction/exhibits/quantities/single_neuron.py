"""Quantities of a single neuron."""

import numpy as np
import xarray as xr

from reproduction.storage.results import Result

TEST_FUNCTIONS = {
    "1": lambda x: 0 * x + 1,
    "x": lambda x: x,
    "cos 2πx": lambda x: np.cos(2 * np.pi * x),
    "exp x": np.exp,
}


def missing(result: Result) -> xr.DataArray:
    """∫ (analytic − autodiff) dx of each derivative of a neuron: the mass of the deltas missing from autodiff."""
    difference = _difference(result)
    return difference.sum("x") * float(difference.x[1] - difference.x[0])


def delta_sum_error(result: Result) -> xr.DataArray:
    """|Σ δ g Δx − g(x₀)| of the discrete delta at the kink x₀ of a ReLU, for several functions g by name.

    ∂²f/∂b∂x by hand less that of autodiff is sign(a) δ.
    """
    settings = result.job.settings
    delta = np.sign(settings.slope) * _difference(result).sel(name="f_xb", drop=True)
    kink, step = -settings.bias / settings.slope, float(delta.x[1] - delta.x[0])
    errors = [abs(float((delta * g(delta.x)).sum()) * step - g(kink)) for g in TEST_FUNCTIONS.values()]
    return xr.DataArray(errors, {"g": list(TEST_FUNCTIONS)})


def _difference(result: Result) -> xr.DataArray:
    """Return the derivatives by hand less those of autodiff, by name and x."""
    derivative = result.arrays("single_neuron").derivative
    by_hand, automatic = (derivative.sel({"method": method}, drop=True) for method in ("analytic", "autodiff"))
    return by_hand - automatic
