"""Multiprecision values of expressions, also where floating point overflows or cancels."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import sympy

from rectified.formulas.expressions import sigmoid, softplus

DIGITS = 30  # correct digits of a value, relative or after the point
LARGEST_ARGUMENT = mpmath.mpf(10) ** 1200  # of exp, sin and cos; larger ones take too much memory and time

LARGEST_OF_TANH = 1e6  # beyond it, tanh and erf are ±1 to more digits than are used
PROBES = (1e-6, 1e-3, 0.03, 0.3, 2.0, 7.0, 1e3)

FUNCTIONS: dict[type, Callable] = {
    sympy.Abs: abs,
    sympy.atan: mpmath.atan,
    sympy.cos: lambda u: mpmath.cos(_reducible(u)),
    sympy.cosh: lambda u: (_exp(u) + _exp(-u)) / 2,
    sympy.erf: lambda u: mpmath.erf(u) if abs(u) < LARGEST_OF_TANH else mpmath.sign(u),
    sympy.exp: lambda u: _exp(u),
    sympy.log: lambda u: mpmath.log(u),
    sympy.sign: mpmath.sign,
    sympy.sin: lambda u: mpmath.sin(_reducible(u)),
    sympy.sinh: lambda u: (_exp(u) - _exp(-u)) / 2,
    sympy.tan: lambda u: mpmath.tan(_reducible(u)),
    sympy.tanh: lambda u: mpmath.tanh(u) if abs(u) < LARGEST_OF_TANH else mpmath.sign(u),
    sigmoid: lambda u: 1 / (1 + _exp(-u)) if u > 0 else _exp(u) / (1 + _exp(u)),
    softplus: lambda u: mpmath.log(1 + _exp(-abs(u))) + max(u, 0),
}


class UndefinedValueError(ValueError):
    """An expression has no finite real value at a point."""


def value(expression: sympy.Expr, point: Mapping[sympy.Symbol, Any]) -> mpmath.mpf:
    """Return the value of an expression at a point, to 30 digits, relative to the value or to 1.

    The number of digits of intermediate results is raised until two results agree. Numbers of any size are allowed:
    e^1000000 is a value.

    Args:
        point: value of each symbol, a float or a number of mpmath; it is taken as it is, without rounding.

    Raises:
        UndefinedValueError: if the expression is not real or not finite there, or if it cannot be computed.
    """
    (result,) = values([expression], point)
    if result is None:
        raise UndefinedValueError(f"{expression} is not defined at {point}")
    return result


def values(expressions: Sequence[sympy.Expr], point: Mapping[sympy.Symbol, Any]) -> list[mpmath.mpf | None]:
    """Return the values of several expressions as ``value`` does; None for an expression that is not defined."""
    size = max((abs(math.frexp(float(x))[1]) for x in point.values()), default=0)
    digits = DIGITS + size  # more than those of x² + 1 and of x²
    coarse = _values(expressions, point, digits)
    for more in (digits + DIGITS, 2 * digits, 4 * digits):
        fine = _values(expressions, point, more)
        if all(map(_agree, fine, coarse)):
            return fine
        coarse = fine
    return [x if _agree(x, y) else None for x, y in zip(fine, coarse)]


def vanishes(expression: sympy.Expr, variable: sympy.Symbol) -> bool:
    """Return True if an expression in one variable is zero everywhere.

    Its values at arguments of different size decide before SymPy simplifies it, which can take minutes.
    """
    found = (values([expression], {variable: x})[0] for x in PROBES)
    if any(value is not None and abs(value) > mpmath.mpf(10) ** -DIGITS for value in found):
        return False
    return sympy.simplify(expression) == 0


def _agree(fine: mpmath.mpf | None, coarse: mpmath.mpf | None) -> bool:
    if fine is None or coarse is None:
        return fine is coarse
    least = mpmath.mpf(10) ** -DIGITS
    return abs(fine - coarse) <= least * abs(fine) or max(abs(fine), abs(coarse)) <= least


def _values(expressions: Sequence[sympy.Expr], point: Mapping[sympy.Symbol, Any], digits: int) -> list:
    with mpmath.workdps(digits):
        known = {symbol: mpmath.mpf(x) for symbol, x in point.items()}
        return [_real(expression, known) for expression in expressions]


def _real(expression: sympy.Expr, known: dict) -> mpmath.mpf | None:
    try:
        result = _evaluate(expression, known)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    return None if isinstance(result, mpmath.mpc) or not mpmath.isfinite(result) else result


def _evaluate(node: sympy.Expr, known: dict) -> mpmath.mpf:
    if node in known:
        return known[node]
    if isinstance(node, sympy.Piecewise):
        return _evaluate(_chosen(node, known), known)
    if node.is_Rational:
        result = mpmath.mpf(node.p) / node.q
    elif not node.args:
        result = mpmath.mpmathify(node.evalf(mpmath.mp.dps))
    else:
        result = _combine(node, [_evaluate(argument, known) for argument in node.args])
    known[node] = result
    return result


def _chosen(node: sympy.Expr, known: dict) -> sympy.Expr:
    """The piece of a Piecewise at a point; conditions compare the variable with a number."""
    for piece, condition in node.args:
        if condition == True:  # noqa: E712
            return piece
        difference = _evaluate(condition.lhs - condition.rhs, known)
        if difference < 0 or (difference == 0 and isinstance(condition, sympy.LessThan)):
            return piece
    raise ValueError


def _combine(node: sympy.Expr, parts: list) -> mpmath.mpf:
    if isinstance(node, sympy.Add):
        return mpmath.fsum(parts)
    if isinstance(node, sympy.Mul):
        return mpmath.fprod(parts)
    if isinstance(node, sympy.Pow):
        return _exp(parts[1]) if node.base == sympy.E else _real_power(*parts)
    if isinstance(node, sympy.Max):
        return max(parts)
    if isinstance(node, sympy.Min):
        return min(parts)
    if isinstance(node, sympy.Heaviside):
        return mpmath.mpf(parts[0] > 0)
    return FUNCTIONS[node.func](parts[0])


def _reducible(angle: mpmath.mpf) -> mpmath.mpf:
    """An angle that can be reduced to one period, which takes as many digits as it has before the point."""
    if abs(angle) > LARGEST_ARGUMENT:
        raise OverflowError
    return angle


def _exp(argument: mpmath.mpf) -> mpmath.mpf:
    if argument > LARGEST_ARGUMENT:
        raise OverflowError
    return mpmath.mpf(0) if argument < -LARGEST_ARGUMENT else mpmath.exp(argument)


def _real_power(base: mpmath.mpf, exponent: mpmath.mpf) -> mpmath.mpf:
    if base < 0 and exponent != int(exponent):
        raise ValueError
    if exponent == int(exponent) or base == 0:
        return base**exponent
    return _exp(exponent * mpmath.log(base))
