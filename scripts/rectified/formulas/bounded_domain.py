"""Formulas of targets, solutions and coefficients on a bounded domain: finite, and equal to their evaluation."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import domain, expressions, high_precision
from rectified.formulas.removable import Series, series_at

ACCURACY = 1e-9  # of values, relative to the largest sum of the magnitudes of all terms
PROBES = {1: 129, 2: 9, 3: 5}  # points along each axis


@cache
def form_on_domain(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], ends: tuple[tuple[float, float], ...], name: str
) -> sympy.Expr:
    """Return an expression in the form in which it is evaluated on a box.

    In one variable, power series replace it at removable singularities, such as that of sin(x)/x.

    Args:
        variables: one per axis.
        ends: the two ends of each axis.
        name: of the expression, for the error message.

    Raises:
        InvalidInputError: if the expression is not defined everywhere on the box, or if its value in floating point is
            another one; the message names the point.
    """
    try:
        return _checked(expression, variables, ends)
    except InvalidInputError as error:
        box = " × ".join(f"[{left:g}, {right:g}]" for left, right in ends)
        raise InvalidInputError(f"{name} is not finite everywhere on {box}: {error}") from None


def _checked(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], ends: tuple[tuple[float, float], ...]
) -> sympy.Expr:
    form = _with_series(expression, variables, ends)
    points = np.stack([axis.ravel() for axis in np.meshgrid(*_axes(ends), indexing="ij")])
    found = expressions.sample_at(form, points, tuple(symbol.name for symbol in variables))
    terms = sympy.Add.make_args(form)
    exact = [high_precision.values([form, *terms], dict(zip(variables, point))) for point in points.T]
    scale = max(sum(abs(float(term)) for term in parts if term is not None) for _, *parts in exact)
    for point, value, (reference, *_) in zip(points.T, found, exact):
        if reference is None or not abs(value - float(reference)) <= ACCURACY * scale:
            known = "it is not defined" if reference is None else f"it is {float(reference):.9g}"
            place = ", ".join(f"{x:.6g}" for x in point)
            raise InvalidInputError(f"{expression} is {value:.9g} in floating point at {place}, where {known}")
    return form


def _axes(ends: Sequence[tuple[float, float]]) -> list[np.ndarray]:
    return [np.linspace(left, right, PROBES[len(ends)]) for left, right in ends]


def _with_series(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], ends: tuple[tuple[float, float], ...]
) -> sympy.Expr:
    found: list[Series] = []
    for violation in domain.violations(expression, variables, ends):
        one = series_at(expression, variables[0], violation.point[0]) if len(variables) == 1 else None
        if one is None:
            raise InvalidInputError(str(violation))
        if not any(abs(one.point - other.point) < other.radius for other in found):
            found.append(one)
    pieces = []
    for one in sorted(found):
        pieces += [(expression, variables[0] < one.point - one.radius)]
        pieces += [(one.derivative(variables[0], 0), variables[0] <= one.point + one.radius)]
    return sympy.Piecewise(*pieces, (expression, True), evaluate=False) if pieces else expression
