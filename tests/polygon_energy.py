"""Exact Ritz energy of a shallow ReLU network on the unit square, over the polygons into which its kinks cut it.

û = x(1 − x)y(1 − y) Σ cᵢ ReLU(aᵢ·(x, y) + bᵢ) is a polynomial on each polygon. With polynomial data, the energy is
integrated exactly. This shares nothing with ``rectified.kink_aware``.
"""

import itertools
from collections.abc import Callable

import numpy as np

Data = Callable[[np.ndarray, np.ndarray], np.ndarray]


def exact_energy(theta: np.ndarray, coefficient: Data, source: Data) -> float:
    """∫ (½κ|∇û|² − fû) for θ = (a, b, c), with a [N, 2] in rows; for integrands of degree 15 at most."""
    width = len(theta) // 4
    slopes, biases, weights = theta[: 2 * width].reshape(width, 2), theta[2 * width : 3 * width], theta[3 * width :]
    polygons = [np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])]
    for a, b in zip(slopes, biases):
        polygons = [part for polygon in polygons for part in _parts(polygon, a, b)]
    triangles = np.array([[p[0], *edge] for p in polygons for edge in itertools.pairwise(p[1:])])
    active = weights * (triangles.mean(1) @ slopes.T + biases > 0)
    x, y, weight = _nodes(triangles)
    value, dx, dy = _field(x, y, active @ slopes, active @ biases)
    return float((weight * (coefficient(x, y) * (dx**2 + dy**2) / 2 - source(x, y) * value)).sum())


def _parts(polygon: np.ndarray, a: np.ndarray, b: float) -> list[np.ndarray]:
    """The parts of a convex polygon on both sides of the line a·x + b = 0."""
    parts = []
    for z in (polygon @ a + b, -(polygon @ a + b)):
        corners = []
        for here, there, p, q in zip(z, np.roll(z, -1), polygon, np.roll(polygon, -1, 0)):
            corners += [p] if here >= 0 else []
            corners += [p + here / (here - there) * (q - p)] if here * there < 0 else []
        parts += [np.array(corners)] if len(corners) > 2 else []
    return parts


def _nodes(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates and weights, [triangles, 9, 9]: Gauss–Legendre rules on squares, with one edge collapsed."""
    node, weight = np.polynomial.legendre.leggauss(9)
    s, t = np.meshgrid((1 + node) / 2, (1 + node) / 2, indexing="ij")
    p, q, r = triangles.transpose(1, 2, 0)[..., None, None]
    x, y = (p[i] + s * (q[i] - p[i] + t * (r[i] - q[i])) for i in range(2))
    area = abs((q[0] - p[0]) * (r[1] - q[1]) - (q[1] - p[1]) * (r[0] - q[0]))
    return x, y, area * s * np.outer(weight, weight) / 4


def _field(x: np.ndarray, y: np.ndarray, slope: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, ...]:
    """û and its gradient on triangles, where the sum over the neurons is slope·(x, y) + bias."""
    a, b, c = (part[:, None, None] for part in (slope[:, 0], slope[:, 1], bias))
    line, p, q = a * x + b * y + c, x * (1 - x), y * (1 - y)
    return p * q * line, (1 - 2 * x) * q * line + p * q * a, p * (1 - 2 * y) * line + p * q * b


def differences(function: Callable[[np.ndarray], float], theta: np.ndarray, step: float = 2e-4) -> np.ndarray:
    """Gradient by central differences with three steps and Richardson extrapolation."""
    gradient = np.zeros_like(theta)
    for index in range(len(theta)):
        unit = np.eye(len(theta))[index]
        steps = [step, step / 2, step / 4]
        table = [(function(theta + h * unit) - function(theta - h * unit)) / (2 * h) for h in steps]
        for power in (4, 16):
            table = [(power * fine - coarse) / (power - 1) for coarse, fine in itertools.pairwise(table)]
        gradient[index] = table[0]
    return gradient
