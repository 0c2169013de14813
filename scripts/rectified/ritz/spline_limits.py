"""Energy gap of the best linear splines, a limit to the accuracy of ReLU Ritz networks.

û = D·s with s a linear spline of N knots approximates u = D·w, w = u/D. To leading order the gap is
(1/24) ∫ κD²w''²h² dx with h(x) the local spacing of the knots. Uniform spacing gives the uniform-knot limit, optimal
spacing h ∝ (κD²w''²)^(−1/3) the free-knot limit.
"""

import mpmath
import numpy as np
import sympy

from rectified.formulas import expressions
from rectified.problems.elliptic import NODES, WEIGHTS, EllipticProblem, X

QUADRATURE_PANELS = 64


def uniform_knots(problem: EllipticProblem, distance: str, knots: np.ndarray) -> np.ndarray:
    """Return the energy gap (length²/24N²) ∫ κD²w''² dx of equally spaced knots, in units of the energy.

    Args:
        distance: D as a formula in x.
        knots: numbers N of knots, any shape.
    """
    density, weights = _gap_density(problem, distance)
    length = problem.domain[1] - problem.domain[0]
    return length**2 * (density @ weights) / (24 * np.asarray(knots, dtype=float) ** 2)


def free_knots(problem: EllipticProblem, distance: str, knots: np.ndarray) -> np.ndarray:
    """Return the energy gap (1/24N²) (∫ (κD²w''²)^(1/3) dx)³ of optimal knots, in units of the energy.

    Args:
        distance: D as a formula in x.
        knots: numbers N of knots, any shape.
    """
    density, weights = _gap_density(problem, distance)
    return (np.cbrt(density) @ weights) ** 3 / (24 * np.asarray(knots, dtype=float) ** 2)


def _gap_density(problem: EllipticProblem, distance: str) -> tuple[np.ndarray, np.ndarray]:
    """κD²w''² at quadrature points, computed with 40 digits since w = u/D is 0/0 at the ends, and the weights."""
    left, right = problem.domain
    width = (right - left) / QUADRATURE_PANELS
    points = (left + width * (np.arange(QUADRATURE_PANELS)[:, None] + (1 + NODES) / 2)).ravel()
    d = expressions.parse(distance)
    density = problem.coefficient * d**2 * sympy.diff(problem.solution / d, X, 2) ** 2
    function = sympy.lambdify(X, density, modules="mpmath")
    with mpmath.workdps(40):
        values = np.array([float(function(mpmath.mpf(point))) for point in points])
    return values, np.tile(WEIGHTS * width / 2, QUADRATURE_PANELS)
