"""Energy gap of the best linear splines, a limit to the accuracy of ReLU Ritz networks.

û = D·s with s a linear spline of N knots approximates u = D·w, w = u/D. To leading order the gap is
(1/24) ∫ κD²w''²h² dx with h(x) the local spacing of the knots. Uniform spacing gives the uniform-knot limit, optimal
spacing h ∝ (κD²w''²)^(−1/3) the free-knot limit.
"""

from collections.abc import Callable
from functools import cache

import mpmath
import numpy as np
import sympy

from rectified.formulas import expressions
from rectified.problems.elliptic import NODES, WEIGHTS, EllipticProblem, X

DIGITS = 50  # since w = u/D is 0/0 at the ends of the domain
SAMPLES = 400  # cells in which sign changes of Dw'' and its derivative are sought
PANELS = 64  # of the uniform-knot limit
PANELS_PER_ARC = 4  # between two such sign changes, in the free-knot limit


def uniform_knots(problem: EllipticProblem, distance: str, knots: np.ndarray) -> np.ndarray:
    """Return the energy gap (length²/24N²) ∫ κD²w''² dx of equally spaced knots, in units of the energy.

    Args:
        distance: D as a formula in x.
        knots: numbers N of knots, any shape.
    """
    length = problem.domain[1] - problem.domain[0]
    return length**2 * _integral(problem, distance) / (24 * np.asarray(knots, dtype=float) ** 2)


def free_knots(problem: EllipticProblem, distance: str, knots: np.ndarray) -> np.ndarray:
    """Return the energy gap (1/24N²) (∫ (κD²w''²)^(1/3) dx)³ of optimal knots, in units of the energy.

    Args:
        distance: D as a formula in x.
        knots: numbers N of knots, any shape.
    """
    return _integral_of_cube_root(problem, distance) ** 3 / (24 * np.asarray(knots, dtype=float) ** 2)


@cache
def _integral(problem: EllipticProblem, distance: str) -> float:
    """∫ κD²w''² dx, whose integrand is smooth."""
    left, right = problem.domain
    edges = np.linspace(left, right, PANELS + 1)
    points = edges[:-1, None] + np.diff(edges)[:, None] * (1 + NODES) / 2
    density = _values(problem.coefficient * _curvature(problem, distance) ** 2, points.ravel())
    return float(density.reshape(PANELS, -1) @ WEIGHTS @ np.diff(edges) / 2)


@cache
def _integral_of_cube_root(problem: EllipticProblem, distance: str) -> float:
    """∫ (κD²w''²)^(1/3) dx, whose integrand has cusps of power 2/3 at the zeros of D and w''.

    On each arc between two cusps x = z + length·(10s³ − 15s⁴ + 6s⁵) makes the integrand smooth in s.
    """
    s = ((np.arange(PANELS_PER_ARC)[:, None] + (1 + NODES) / 2) / PANELS_PER_ARC).ravel()
    weights = np.tile(WEIGHTS / 2 / PANELS_PER_ARC, PANELS_PER_ARC) * 30 * (s * (1 - s)) ** 2
    cuts = _cusps(problem, distance)
    lengths = np.diff(cuts)
    points = cuts[:-1, None] + lengths[:, None] * s**3 * (10 + s * (6 * s - 15))
    density = _values(problem.coefficient * _curvature(problem, distance) ** 2, points.ravel())
    return float(lengths @ np.cbrt(density).reshape(points.shape) @ weights)


def _cusps(problem: EllipticProblem, distance: str) -> np.ndarray:
    """The ends of the domain, the zeros of Dw'' between them, also those without a change of sign, and its extrema."""
    curvature = _curvature(problem, distance)
    left, right = problem.domain
    edges = np.linspace(left, right, SAMPLES + 1)
    inner = edges[:-1] + np.diff(edges) * 0.4871  # no simple fraction of the domain
    cusps = {float(left), float(right)}
    for expression in (curvature, sympy.diff(curvature, X)):
        signs = np.sign(_values(expression, inner))
        for cell in np.flatnonzero(signs[:-1] * signs[1:] < 0):
            cusps.add(_zero(_function(expression), inner[cell], inner[cell + 1]))
    return np.array(sorted(cusps))


def _zero(function: Callable, left: float, right: float) -> float:
    with mpmath.workdps(DIGITS):
        bracket = mpmath.mpf(left), mpmath.mpf(right)
        return float(mpmath.findroot(function, bracket, solver="anderson", tol=1e-36, verify=False))


def _curvature(problem: EllipticProblem, distance: str) -> sympy.Expr:
    """Dw'' with w = u/D."""
    d = expressions.parse(distance)
    return d * sympy.diff(problem.solution / d, X, 2)


def _function(expression: sympy.Expr) -> Callable:
    return sympy.lambdify(X, expression, modules="mpmath")


def _values(expression: sympy.Expr, points: np.ndarray) -> np.ndarray:
    function = _function(expression)
    with mpmath.workdps(DIGITS):
        return np.array([float(function(mpmath.mpf(point))) for point in points])
