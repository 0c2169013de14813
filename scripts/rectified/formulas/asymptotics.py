"""Asymptotic forms of a function at ±∞, for arguments at which its formula overflows.

Beyond some argument most activations equal c₀ + c₁x, or another sum of a few powers and logarithms, to rounding. The
coefficients are those of the sum that agrees with the function at very large arguments, to many digits.
"""

from typing import NamedTuple

import mpmath
import sympy

from rectified.formulas import high_precision

Y = sympy.Symbol("y", positive=True)
BASIS = (sympy.Integer(1), Y, Y**2, Y**3, sympy.log(Y), sympy.sqrt(Y), Y * sympy.log(Y), 1 / Y, sympy.log(Y) / Y)
DIGITS = 700
EXPONENTS = range(200, 200 + 10 * len(BASIS), 10)  # the coefficients follow from the values at these powers of 2
CHECKS = (203, 311, 645)
ACCURACY = mpmath.mpf(10) ** -25
ROUNDING = 2.0**-60
LARGEST_COEFFICIENT = 1e100
SMALLEST, LARGEST = -30.0, 62.0  # range of log₂ of the argument where an asymptotic form begins


class Tail(NamedTuple):
    """Asymptotic form of a function.

    Attributes:
        start: argument beyond which the function equals the expression to rounding.
        expression: sum of powers and logarithms of the variable.
    """

    start: float
    expression: sympy.Expr


def tail(expression: sympy.Expr, variable: sympy.Symbol, side: int) -> Tail | None:
    """Return the asymptotic form of a function that is smooth at large arguments; None if it has none.

    Args:
        side: +1 for x → ∞, −1 for x → −∞.
    """
    mirrored = expression.subs(variable, side * Y)
    form = _asymptotic_sum(mirrored)
    if form is None:
        return None
    low, high = SMALLEST, LARGEST
    if not _equal(mirrored, form, high):
        return None
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if _equal(mirrored, form, middle) else (middle, high)
    return Tail(side * 2.0**high, form.subs(Y, side * variable))


def _asymptotic_sum(function: sympy.Expr) -> sympy.Expr | None:
    with mpmath.workdps(DIGITS):
        values = [_value(function, exponent) for exponent in EXPONENTS]
        if None in values:
            return None
        rows = [[_value(term, exponent) for term in BASIS] for exponent in EXPONENTS]
        coefficients = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(values))
        if max(map(abs, coefficients)) > LARGEST_COEFFICIENT:
            return None
        form = sum((_rounded(c) * term for c, term in zip(coefficients, BASIS)), sympy.Integer(0))
        for exponent in CHECKS:
            value, expected = _value(function, exponent), _value(form, exponent)
            if value is None or abs(value - expected) > ACCURACY * max(1, abs(value)):
                return None
    return form


def _rounded(coefficient: mpmath.mpf) -> sympy.Expr:
    nearest = mpmath.nint(coefficient)
    if abs(coefficient - nearest) < ACCURACY:
        return sympy.Integer(int(nearest))
    return sympy.Float(mpmath.nstr(coefficient, 40), 40)


def _value(function: sympy.Expr, exponent: float) -> mpmath.mpf | None:
    (value,) = high_precision.values([function], {Y: mpmath.mpf(2) ** exponent})
    return value


def _equal(function: sympy.Expr, form: sympy.Expr, exponent: float) -> bool:
    """True if both agree to rounding at some arguments from 2^exponent on."""
    for step in (0, 0.3, 1, 2.5, 6):
        value, expected = (_value(one, exponent + step) for one in (function, form))
        if value is None or expected is None or not abs(value - expected) <= ROUNDING * max(1, abs(value)):
            return False
    return True
