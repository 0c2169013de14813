"""Removable singularities, such as that of sin(x)/x at 0, and the power series that replace a formula there."""

from typing import NamedTuple

import mpmath
import numpy as np
import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import domain, high_precision

DEGREE = 36
RADII = [2.0**-k for k in range(-1, 12)]
ACCURACY = mpmath.mpf(10) ** -20
DISTANCES = [mpmath.mpf(10) ** -k for k in (12, 24)]
SEPARATION = 1e-8  # points that are closer are one singularity


class Series(NamedTuple):
    """Power series of a function around a removable singularity.

    Attributes:
        point: the singularity.
        radius: distance up to which the series replaces the formula.
        coefficients: of (x − point)⁰, (x − point)¹, …
    """

    point: float
    radius: float
    coefficients: tuple[sympy.Expr, ...]

    def derivative(self, variable: sympy.Symbol, order: int) -> sympy.Expr:
        """Return a derivative of the series as a polynomial in nested form."""
        result, step = sympy.Integer(0), variable - self.point if self.point else variable
        for degree in reversed(range(order, len(self.coefficients))):
            result = result * step + sympy.ff(degree, order) * self.coefficients[degree]
        return result


def series(expression: sympy.Expr, variable: sympy.Symbol, left: float, right: float) -> list[Series]:
    """Return the series at all removable singularities of a function that is smooth elsewhere between two points.

    Raises:
        InvalidInputError: if the function is not defined at another point between them; the message names it.
    """
    found: list[Series] = []
    for violation in domain.violations(expression, (variable,), ((left, right),)):
        (point,) = violation.point
        if any(abs(point - other.point) < SEPARATION for other in found):
            continue
        one = series_at(expression, variable, point)
        if one is None:
            raise InvalidInputError(str(violation))
        found.append(one)
    return sorted(found)


def series_at(expression: sympy.Expr, variable: sympy.Symbol, point: float) -> Series | None:
    """Return the power series around a singularity; None if it is not removable."""
    centre = _exact(expression, variable, point)
    values = [_value(expression, variable, centre, sign * step) for step in DISTANCES for sign in (-1, 1)]
    if None in values or not max(values) - min(values) <= 1e-10 * max(1, abs(values[-1])):
        return None
    for radius in RADII:
        coefficients = _coefficients(expression, variable, centre, radius)
        if coefficients is not None:
            return Series(point, radius, coefficients)
    return None


def _exact(expression: sympy.Expr, variable: sympy.Symbol, point: float) -> sympy.Expr:
    """The root of a divisor near a point, exactly where SymPy finds it."""
    for condition in domain.conditions(expression):
        solutions = sympy.solveset(condition.argument, variable, sympy.S.Reals)
        if isinstance(solutions, sympy.FiniteSet):
            for root in solutions:
                if abs(float(root) - point) < SEPARATION:
                    return root
    return sympy.nsimplify(point)


def _value(expression: sympy.Expr, variable: sympy.Symbol, centre: sympy.Expr, step: mpmath.mpf) -> mpmath.mpf | None:
    with mpmath.workdps(120):
        place = mpmath.mpmathify(sympy.N(centre, 120)) + step
        (value,) = high_precision.values([expression], {variable: place})
    return value


def _coefficients(
    expression: sympy.Expr, variable: sympy.Symbol, centre: sympy.Expr, radius: float
) -> tuple[sympy.Expr, ...] | None:
    """Coefficients of the interpolant at Chebyshev points; None if it is not accurate to 20 digits."""
    nodes = [mpmath.mpf(float(t)) for t in np.cos(np.pi * (np.arange(DEGREE) + 0.5) / DEGREE)]
    checks = [mpmath.mpf(t) for t in (-1, -0.83, -0.31, 0.11, 0.57, 0.93, 1)]
    values = [_value(expression, variable, centre, radius * t) for t in nodes + checks]
    if None in values:
        return None
    with mpmath.workdps(60):
        rows = [[t**k for k in range(DEGREE)] for t in nodes]
        coefficients = list(mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(values[:DEGREE])))
        for t, value in zip(checks, values[DEGREE:]):
            if abs(mpmath.polyval(coefficients[::-1], t) - value) > ACCURACY * max(1, abs(value)):
                return None
    return tuple(_cleaned(c, radius, degree) for degree, c in enumerate(coefficients))


def _cleaned(coefficient: mpmath.mpf, radius: float, degree: int) -> sympy.Expr:
    if abs(coefficient) < ACCURACY:
        return sympy.Integer(0)
    with mpmath.workdps(60):
        return sympy.Float(mpmath.nstr(coefficient / mpmath.mpf(radius) ** degree, 40), 40)
