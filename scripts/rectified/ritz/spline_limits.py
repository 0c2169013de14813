"""How good a ReLU Ritz network can be: the energy gap of the best linear splines.

û = D·s with s a linear spline of N knots approximates u = D·w, w = u/D. To leading order the gap is
(1/24) ∫ κD²w''²h² dx with h(x) the local distance of the knots. Equal distances give the uniform-knot
limit; the best distances, h ∝ (κD²w''²)^(−1/3), give the free-knot limit.
"""

import mpmath
import numpy as np
import sympy

from rectified.formulas import expressions
from rectified.problems.elliptic import NODES, WEIGHTS, EllipticProblem, X

QUADRATURE_PANELS = 64


def uniform_knots(problem: EllipticProblem, distance: str, knots: np.ndarray) -> np.ndarray:
    """Energy gap of equally spaced knots, (1/24N²) ∫ κD²w''² dx, in units of the energy."""
    density, weights = _density(problem, distance)
    length = problem.domain[1] - problem.domain[0]
    return length**2 * (density @ weights) / (24 * np.asarray(knots, dtype=float) ** 2)


def free_knots(problem: EllipticProblem, distance: str, knots: np.ndarray) -> np.ndarray:
    """Energy gap of the best knots, (1/24N²) (∫ (κD²w''²)^(1/3) dx)³, in units of the energy."""
    density, weights = _density(problem, distance)
    return (np.cbrt(density) @ weights) ** 3 / (24 * np.asarray(knots, dtype=float) ** 2)


def _density(problem: EllipticProblem, distance: str) -> tuple[np.ndarray, np.ndarray]:
    """κD²w''² at quadrature points, in 40 digits since w = u/D is 0/0 at the ends, and the weights."""
    left, right = problem.domain
    width = (right - left) / QUADRATURE_PANELS
    points = (left + width * (np.arange(QUADRATURE_PANELS)[:, None] + (1 + NODES) / 2)).ravel()
    d = expressions.parse(distance)
    density = problem.coefficient * d**2 * sympy.diff(problem.solution / d, X, 2) ** 2
    function = sympy.lambdify(X, density, modules="mpmath")
    with mpmath.workdps(40):
        values = np.array([float(function(mpmath.mpf(point))) for point in points])
    return values, np.tile(WEIGHTS * width / 2, QUADRATURE_PANELS)
