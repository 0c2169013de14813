"""Interval arithmetic: rigorous bounds of an expression over boxes, many boxes at a time.

Source: Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), ch. 5.
"""

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
import scipy  # submodules are loaded on first use
import sympy

from rectified.formulas import expressions

Interval = tuple[np.ndarray, np.ndarray]  # lower and upper bounds, each [boxes]

INCREASING: dict[type, Callable] = {
    sympy.atan: np.arctan,
    sympy.erf: scipy.special.erf,
    sympy.exp: np.exp,
    sympy.sign: np.sign,
    sympy.sinh: np.sinh,
    sympy.tanh: np.tanh,
    expressions.sigmoid: scipy.special.expit,
    expressions.softplus: lambda u: np.logaddexp(0, u),
}


def bounds(expression: sympy.Expr, box: Mapping[sympy.Symbol, Interval]) -> Interval:
    """Return lower and upper bounds of an expression over boxes; they contain all values where it is defined.

    A bound that cannot be computed is infinite.

    Args:
        box: for every symbol its lower and upper ends, each [boxes].
    """
    with np.errstate(all="ignore"):
        return _bounds(expression, box)


def mean_value_bounds(expression: sympy.Expr, variable: sympy.Symbol, ends: np.ndarray) -> Interval:
    """Return bounds of an expression in one variable over intervals [2, boxes], also from f(c) + f'(u)(x − c).

    With the derivative, the bounds of a difference such as x − tanh x shrink faster than the interval.
    """
    low, high = bounds(expression, {variable: (ends[0], ends[1])})
    centre = ends[0] / 2 + ends[1] / 2
    at_centre = bounds(expression, {variable: (centre, centre)})
    slope = bounds(sympy.diff(expression, variable), {variable: (ends[0], ends[1])})
    with np.errstate(all="ignore"):
        change = np.maximum(abs(slope[0]), abs(slope[1])) * (ends[1] - ends[0])
        return np.fmax(low, at_centre[0] - change), np.fmin(high, at_centre[1] + change)


def _bounds(node: sympy.Expr, box: Mapping[sympy.Symbol, Interval]) -> Interval:
    if isinstance(node, sympy.Symbol):
        return box[node]
    if node.is_number:
        value = np.full_like(next(iter(box.values()))[0], float(node))
        return _widened(value, value)
    parts = [_bounds(argument, box) for argument in node.args]
    if isinstance(node, sympy.Add):
        return reduce(lambda a, b: _widened(a[0] + b[0], a[1] + b[1]), parts)
    if isinstance(node, sympy.Mul):
        return reduce(_product, parts)
    if isinstance(node, (sympy.Max, sympy.Min)):
        choose = np.maximum if isinstance(node, sympy.Max) else np.minimum
        return reduce(lambda a, b: (choose(a[0], b[0]), choose(a[1], b[1])), parts)
    if isinstance(node, sympy.Pow):
        return _power(node, parts)
    return _function(node, parts[0])


def _function(node: sympy.Expr, part: Interval) -> Interval:
    low, high = part
    if node.func in INCREASING:
        return _widened(*map(INCREASING[node.func], part))
    if isinstance(node, sympy.Heaviside):
        return (low > 0).astype(float), (high > 0).astype(float)
    if isinstance(node, sympy.log):
        return _widened(np.log(np.maximum(low, 0)), np.log(np.maximum(high, 0)))
    if isinstance(node, sympy.Abs):
        return _magnitude(part)
    if isinstance(node, sympy.cosh):
        return _widened(*map(np.cosh, _magnitude(part)))
    if isinstance(node, (sympy.sin, sympy.cos)):
        return _cosine(part, 0.25 if isinstance(node, sympy.sin) else 0.0)
    if isinstance(node, sympy.tan):
        return _tangent(part)
    return np.full_like(low, -np.inf), np.full_like(high, np.inf)


def _power(node: sympy.Expr, parts: list[Interval]) -> Interval:
    base, exponent = parts
    if node.base == sympy.E:
        return _widened(np.exp(exponent[0]), np.exp(exponent[1]))
    if node.exp.is_Rational:
        return _rational_power(base, node.exp) if node.exp > 0 else _reciprocal(_rational_power(base, -node.exp))
    logarithm = np.log(np.maximum(base[0], 0)), np.log(np.maximum(base[1], 0))
    return _widened(*map(np.exp, _product(logarithm, exponent)))


def _rational_power(base: Interval, exponent: sympy.Expr) -> Interval:
    if exponent.is_Integer and exponent % 2 == 0:
        base = _magnitude(base)
    if exponent.is_Integer:
        return _widened(*(end ** int(exponent) for end in base))
    return _widened(*(np.maximum(end, 0) ** float(exponent) for end in base))


def _product(a: Interval, b: Interval) -> Interval:
    ends = np.stack([x * y for x in a for y in b])
    ends = np.where(np.isnan(ends), 0, ends)  # 0·∞ is 0 here: ∞ stands for arbitrarily large numbers
    return _widened(ends.min(0), ends.max(0))


def _reciprocal(part: Interval) -> Interval:
    low, high = part
    inside = (low <= 0) & (high >= 0)
    return _widened(np.where(inside, -np.inf, 1 / high), np.where(inside, np.inf, 1 / low))


def _magnitude(part: Interval) -> Interval:
    low, high = part
    return np.maximum(0, np.maximum(low, -high)), np.maximum(abs(low), abs(high))


def _cosine(part: Interval, turns: float) -> Interval:
    """Bounds of cos(u − 2π·turns): ±1 if an extremum lies inside, else the values at the ends."""
    low, high = (end / (2 * np.pi) - turns for end in part)
    slack = 1e-15 * (1 + np.maximum(abs(low), abs(high)))
    ends = np.cos(2 * np.pi * np.stack([low, high]))
    top = np.floor(high + slack) >= np.ceil(low - slack)
    bottom = np.floor(high + 0.5 + slack) >= np.ceil(low + 0.5 - slack)
    unknown = ~np.isfinite(ends).all(0)
    error = 8 * slack
    lower = np.where(bottom | unknown, -1, np.maximum(-1, ends.min(0) - error))
    return lower, np.where(top | unknown, 1, np.minimum(1, ends.max(0) + error))


def _tangent(part: Interval) -> Interval:
    """Bounds of tan u; infinite if a pole may lie inside."""
    low, high = part
    slack = 1e-15 * (1 + np.maximum(abs(low), abs(high)))
    same_branch = np.floor(low / np.pi + 0.5 - slack) == np.floor(high / np.pi + 0.5 + slack)
    error = 8 * slack * (1 + np.maximum(np.tan(low) ** 2, np.tan(high) ** 2))
    return np.where(same_branch, np.tan(low) - error, -np.inf), np.where(same_branch, np.tan(high) + error, np.inf)


def _widened(low: np.ndarray, high: np.ndarray) -> Interval:
    """Bounds widened by the rounding error of elementary functions; undefined bounds become infinite."""
    for _ in range(2):
        low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
