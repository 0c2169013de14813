"""Exact representation of polynomials by MRePU_p (Kim and Kang, arXiv:2408.02697, Lemma 7 and Theorem 8).

For |wx| < 1 every unit is active, and MRePU_p(wx) = wx(wx + 1)ᵖ = Σₖ C(p, k)(wx)^{k+1} for k = 0 … p. Hence
p + 1 units and an output bias represent every polynomial of degree p + 1 on [−R, R]. The output weights solve the
Vandermonde-like system Σⱼ cⱼ wⱼ^{k+1} = a_{k+1}/C(p, k).

In several variables and with L layers the units are polynomials of degree (p + 1)ᴸ as long as all are active. Random
inner weights make them a basis, up to the constant, if there are as many units in each layer as monomials; the output
weights that represent a polynomial follow from least squares.
"""

import math

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


def inner_weights(
    points: Float[np.ndarray, "variables points"], power: int, hidden_layers: int, random: np.random.Generator
) -> list[Float[np.ndarray, "_ _"]]:
    """Return random weights [units, fan_in] of every layer, as many units as monomials of its degree, less one.

    Each unit is scaled so that its largest preactivation at the points is between 0.2 and 0.9: all units are active.

    Args:
        points: dense in the domain.
        power: p.
        hidden_layers: number of layers.
        random: source of the weights.
    """
    found, values = [], points
    for depth in range(1, hidden_layers + 1):
        degree = (power + 1) ** depth
        units = math.comb(degree + len(points), degree) - 1
        weights = random.standard_normal((units, len(values)))
        largest = abs(weights @ values).max(1, keepdims=True)
        found.append(weights * random.uniform(0.2, 0.9, (units, 1)) / largest)
        values = last_layer(values, found[-1:], power)
    return found


def last_layer(
    x: Float[np.ndarray, "variables points"], weights: list[Float[np.ndarray, "_ _"]], power: int
) -> Float[np.ndarray, "units points"]:
    """Return the units of the last layer of a network of MRePU_p with weights [units, fan_in] and no biases."""
    for matrix in weights:
        z = matrix @ x
        x = z * np.maximum(z + 1, 0) ** power
    return x


def fitted_output(
    units: Float[np.ndarray, "units points"], values: Float[np.ndarray, "functions points"]
) -> Float[np.ndarray, "functions units_and_one"]:
    """Return output weights, the bias last, of the least-squares fits of functions given at the points."""
    design = np.vstack([units, np.ones(units.shape[1])])
    norm = np.linalg.norm(design, axis=1, keepdims=True)
    return np.linalg.lstsq((design / norm).T, values.T, rcond=1e-16)[0].T / norm.T
