"""Largest error of random polynomials represented by one layer of MRePU_p."""

import numpy as np
import xarray as xr

from rectified.effective_theory.polynomial_representation import input_weights, layer, output_weights
from rectified.networks.seeding import numpy_generator
from reproduction.config.job import Job

POINTS = 401


def polynomial_representation(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the largest relative error on [−R, R] of random polynomials, and one example per power.

    Args:
        job: ``settings`` holds the powers p, the radius R and the number of polynomials.
        inputs: unused.
    """
    settings = job.settings
    x = np.linspace(-settings.radius, settings.radius, POINTS)
    errors, exact, represented = [], [], []
    for power in settings.powers:
        random = numpy_generator("lemma", power)
        a = random.standard_normal((settings.polynomials, power + 2))
        weights = input_weights(power, settings.radius)
        value = output_weights(a, weights) @ layer(x, weights, power) + a[:, :1]
        polynomial = np.polynomial.polynomial.polyval(x, a.T)
        errors.append(abs(value - polynomial).max(1) / abs(polynomial).max(1))
        exact.append(polynomial[0])
        represented.append(value[0])
    return xr.Dataset(
        {
            "error": (("power", "polynomial"), np.array(errors), {"long_name": "largest relative error"}),
            "exact": (("power", "x"), np.array(exact), {"long_name": "first polynomial"}),
            "network": (("power", "x"), np.array(represented), {"long_name": "its network"}),
        },
        coords={"power": settings.powers, "x": x},
    )
