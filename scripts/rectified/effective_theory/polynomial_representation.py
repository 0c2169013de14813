"""Polynomials as one layer of MRePU_p: Lemma 7 of Kim and Kang, arXiv:2408.02697, made exact.

For |wx| < 1 no unit is cut off, and MRePU_p(wx) = wx(wx + 1)ᵖ = Σₖ C(p, k)(wx)^{k+1} for k = 0 … p. So
p + 1 units and an output bias give every polynomial of degree p + 1 on [−R, R]: the output weights solve the
Vandermonde-like system Σⱼ cⱼ wⱼ^{k+1} = a_{k+1}/C(p, k).
"""

import numpy as np
import scipy  # its parts are loaded when first used
import xarray as xr

from rectified.array_types import Float
from rectified.networks.seeding import numpy_generator

POINTS = 401


def input_weights(power: int, radius: float) -> Float[np.ndarray, " units"]:
    """p + 1 weights w with 0 < |w|R < 1: Chebyshev nodes; for even p all but the last of p + 2, so that none is 0."""
    units = power + 1
    count = units + units % 2
    nodes = np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
    return nodes[:units] / radius


def output_weights(
    coefficients: Float[np.ndarray, "polynomials degree_and_one"], weights: Float[np.ndarray, " units"]
) -> Float[np.ndarray, "polynomials units"]:
    """The output weights c that give polynomials Σ aₖxᵏ of degree p + 1, k from 0; a₀ is the output bias."""
    power = len(weights) - 1
    orders = np.arange(power + 1)
    matrix = weights ** (orders[:, None] + 1)
    return np.linalg.solve(matrix, (coefficients[:, 1:] / scipy.special.comb(power, orders)).T).T


def layer(x: np.ndarray, weights: np.ndarray, power: int) -> Float[np.ndarray, "units points"]:
    """The units MRePU_p(wx)."""
    z = weights[:, None] * x
    return z * np.maximum(z + 1, 0) ** power


def errors(settings) -> xr.Dataset:
    """Largest error on [−R, R] of random polynomials, relative to their largest value; and one example per power."""
    x = np.linspace(-settings.radius, settings.radius, POINTS)
    found, exact, built = [], [], []
    for power in settings.powers:
        random = numpy_generator("lemma", power)
        a = random.standard_normal((settings.polynomials, power + 2))
        weights = input_weights(power, settings.radius)
        value = output_weights(a, weights) @ layer(x, weights, power) + a[:, :1]
        wanted = np.polynomial.polynomial.polyval(x, a.T)
        found.append(abs(value - wanted).max(1) / abs(wanted).max(1))
        exact.append(wanted[0])
        built.append(value[0])
    return xr.Dataset(
        {
            "error": (("power", "polynomial"), np.array(found), {"long_name": "largest relative error"}),
            "exact": (("power", "x"), np.array(exact), {"long_name": "first polynomial"}),
            "network": (("power", "x"), np.array(built), {"long_name": "its network"}),
        },
        coords={"power": settings.powers, "x": x},
    )
