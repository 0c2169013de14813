"""Real roots of expressions in one variable."""

from collections.abc import Iterable

import mpmath
import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import domain, high_precision

MOST_ROOTS = 8
GAP = 1e-7  # between an enclosure of a root and the points where the sign is compared, relative


def real_roots(expression: sympy.Expr, variable: sympy.Symbol) -> Iterable[sympy.Expr]:
    """Return the real roots of a smooth expression, exact where SymPy finds them, else to 40 digits.

    Where SymPy finds none, roots at which the sign does not change are left out.

    Raises:
        InvalidInputError: if the roots are infinitely or too many.
    """
    try:
        solutions = sympy.solveset(expression, variable, sympy.S.Reals)
    except (ValueError, TypeError, NotImplementedError):  # as for erf(x) = 2
        solutions = sympy.ConditionSet(variable, expression)
    if isinstance(solutions, sympy.FiniteSet) or solutions is sympy.S.EmptySet:
        return solutions
    roots = None if isinstance(solutions, sympy.ImageSet) else _changes_of_sign(expression, variable)
    if roots is None:
        raise InvalidInputError(f"cannot list the points where {expression} changes sign; they must be finitely many")
    return roots


def _changes_of_sign(expression: sympy.Expr, variable: sympy.Symbol) -> list[sympy.Expr] | None:
    """The points where an expression changes sign, to 40 digits; None if it has too many zeros."""
    enclosures = domain.enclosures_of_zeros(expression, variable)
    if enclosures is None or len(enclosures) > MOST_ROOTS:
        return None
    found = (_change_of_sign(expression, variable, *ends) for ends in enclosures)
    return [root for root in found if root is not None]


def _change_of_sign(expression: sympy.Expr, variable: sympy.Symbol, left: float, right: float) -> sympy.Expr | None:
    """The root in an interval, by bisection; None if the sign is the same on both sides."""
    margin = GAP * max(1.0, abs(left), abs(right))
    with mpmath.workdps(80):
        low, high = mpmath.mpf(left) - margin, mpmath.mpf(right) + margin
        sign = _sign(expression, variable, low)
        if sign * _sign(expression, variable, high) >= 0:
            return None
        while high - low > mpmath.mpf(10) ** -45:
            middle = (low + high) / 2
            low, high = (middle, high) if _sign(expression, variable, middle) == sign else (low, middle)
        nearest = sympy.Rational(domain.simplest(left, right))
        if abs(nearest.p / mpmath.mpf(nearest.q) - low) < 1e-30:
            return nearest
        return sympy.Float(mpmath.nstr(low, 40), 40)


def _sign(expression: sympy.Expr, variable: sympy.Symbol, x: mpmath.mpf) -> int:
    (value,) = high_precision.values([expression], {variable: x})
    return 0 if value is None else int(mpmath.sign(value))
