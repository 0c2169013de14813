"""Exact representation of polynomials by one layer of MRePU_p (Kim and Kang, arXiv:2408.02697, Lemma 7).

For |wx| < 1 every unit is active, and MRePU_p(wx) = wx(wx + 1)ᵖ = Σₖ C(p, k)(wx)^{k+1} for k = 0 … p. Hence
p + 1 units and an output bias represent every polynomial of degree p + 1 on [−R, R]. The output weights solve the
Vandermonde-like system Σⱼ cⱼ wⱼ^{k+1} = a_{k+1}/C(p, k).
"""

import numpy as np
import scipy  # submodules are loaded on first use

from rectified.array_types import Float


def input_weights(power: int, radius: float) -> Float[np.ndarray, " units"]:
    """Return p + 1 distinct weights w with 0 < |w|R < 1, for MRePU_p on [−R, R].

    They are the p + 1 Chebyshev nodes divided by R; for even p the first p + 1 of p + 2 nodes, so that none is 0.
    """
    units = power + 1
    count = units + units % 2
    nodes = np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
    return nodes[:units] / radius


def output_weights(
    coefficients: Float[np.ndarray, "polynomials degree_and_one"], weights: Float[np.ndarray, " units"]
) -> Float[np.ndarray, "polynomials units"]:
    """Return the output weights c of the layers that represent the polynomials Σₖ aₖxᵏ, k = 0 … p + 1.

    Args:
        coefficients: aₖ in ascending order; a₀ is the output bias and does not enter.
        weights: p + 1 input weights, see ``input_weights``.
    """
    power = len(weights) - 1
    orders = np.arange(power + 1)
    matrix = weights ** (orders[:, None] + 1)
    return np.linalg.solve(matrix, (coefficients[:, 1:] / scipy.special.comb(power, orders)).T).T


def layer(x: np.ndarray, weights: np.ndarray, power: int) -> Float[np.ndarray, "units points"]:
    """Return the units MRePU_p(wx) at points x [points]."""
    z = weights[:, None] * x
    return z * np.maximum(z + 1, 0) ** power
