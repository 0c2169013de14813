"""Kinks and jumps of expressions in one variable, and the smooth pieces between them.

Positions and sizes are symbolic and therefore exact, or have 40 digits where an equation has no closed solution.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import mpmath
import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import expressions, high_precision
from rectified.formulas.roots import real_roots

JUMP_ORDERS = 12
NONSMOOTH = (sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside)


@dataclass(frozen=True)
class Kink:
    """A point where a function of one variable is not smooth.

    Attributes:
        point: position.
        jumps: right limit minus left limit of the function and of its derivatives of order 1, 2, …, 11; infinite if
            one of the limits is, as for the derivative of √|x|.
    """

    point: float
    jumps: tuple[float, ...]

    @property
    def order(self) -> int:
        """Order of the lowest derivative that jumps or is infinite: 0 for a step function, p for RePU_p."""
        return next(order for order, jump in enumerate(self.jumps) if jump != 0)


@contextmanager
def analysing(expression: sympy.Expr) -> Iterator[None]:
    """Raise InvalidInputError in place of errors of SymPy, as where a part of an expression has no real value."""
    try:
        yield
    except InvalidInputError:
        raise
    except (TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError, RecursionError):
        raise InvalidInputError(f"{expression} cannot be analysed; a part of it may have no real value") from None


@cache
def find_kinks(expression: sympy.Expr, variable: sympy.Symbol) -> tuple[Kink, ...]:
    """Return every kink and jump of an expression in one variable, in ascending order.

    Positions and sizes are computed symbolically. Jumps of derivatives beyond order 11 are not detected.

    Raises:
        InvalidInputError: if the switching points cannot be solved for or are infinitely many, or if the function is
            not finite at one of them.
    """
    with analysing(expression):
        return _kinks(expression, variable)


def _kinks(expression: sympy.Expr, variable: sympy.Symbol) -> tuple[Kink, ...]:
    result = []
    for point in sorted(_switching_points(expression, variable), key=float):
        right, left = (_smooth_branch(expression, variable, point, side) for side in (1, -1))
        jumps = _jumps(right, left, variable, point)
        if math.isinf(jumps[0]):
            raise InvalidInputError(f"{expression} is not finite at {variable} = {point}")
        if any(jumps):
            result.append(Kink(float(point), jumps))
    return tuple(result)


def is_piecewise_linear(expression: sympy.Expr, variable: sympy.Symbol) -> bool:
    """Return True if the expression is a straight line between its kinks, like ReLU and |x|."""
    seconds = (sympy.diff(piece, variable, 2) for _, piece in pieces(expression, variable))
    return all(high_precision.vanishes(second, variable) for second in seconds)


def pieces(expression: sympy.Expr, variable: sympy.Symbol) -> list[tuple[float, sympy.Expr]]:
    """Return the smooth pieces of an expression from left to right, each with its left end.

    The left end of the first piece is −∞; the others begin at the kinks.

    Raises:
        InvalidInputError: see ``kinks``.
    """
    with analysing(expression):
        return _pieces(expression, variable)


def _pieces(expression: sympy.Expr, variable: sympy.Symbol) -> list[tuple[float, sympy.Expr]]:
    points = sorted(_switching_points(expression, variable), key=float)
    if not points:
        return [(-math.inf, _smooth_branch(expression, variable, sympy.S.Zero, +1))]
    first = _smooth_branch(expression, variable, points[0], -1)
    rough = {kink.point for kink in find_kinks(expression, variable)}
    rest = [(float(p), _smooth_branch(expression, variable, p, +1)) for p in points if float(p) in rough]
    return [(-math.inf, first), *rest]


def _jumps(right: sympy.Expr, left: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr) -> tuple[float, ...]:
    """Jumps of a function given on both sides of a point, and of its derivatives; beyond an infinite one all are."""
    jumps: list[float] = []
    while len(jumps) < JUMP_ORDERS and math.inf not in jumps:
        jumps.append(_jump(right, left, variable, point))
        right, left = _derivative(right, variable), _derivative(left, variable)
    return (*jumps, *[math.inf] * (JUMP_ORDERS - len(jumps)))


def _derivative(expression: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    """Derivative of a smooth function, short also at high order.

    Products of s(u)(1 − s(u)) double with each order, polynomials in s(u) do not.
    """
    derivative = sympy.diff(expression, variable)
    return sympy.expand_mul(derivative) if derivative.has(expressions.sigmoid) else derivative


def _jump(right: sympy.Expr, left: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr) -> float:
    """Right limit minus left limit of a function given on both sides; infinite if one of them is."""
    value = _value((right - left).subs(variable, point))
    if value is not None:
        return value
    limits = [limit(branch, variable, point, side) for branch, side in ((right, 1), (left, -1))]
    if any(map(math.isinf, limits)):
        return math.inf
    return 0.0 if abs(limits[0] - limits[1]) < 1e-20 else limits[0] - limits[1]


def limit(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: int) -> float:
    """Return the limit of an expression at a point from the right (+1) or left (−1); infinite if it grows.

    Raises:
        InvalidInputError: if the expression is not defined on that side.
    """
    value = _value(expression.subs(variable, point))
    if value is not None:
        return value
    near, nearer = (_beside(expression, variable, point, side, digits) for digits in (30, 60))
    if abs(nearer) > 1.5 * abs(near) + 1:  # a logarithm doubles
        return math.inf
    return 0.0 if abs(nearer) < 1e-20 else float(nearer)


def _value(expression: sympy.Expr) -> float | None:
    """Value of a constant, with rounding errors of 0 removed; None if it is not finite and real."""
    value = complex(sympy.N(expression, 30, chop=True))
    if not math.isfinite(value.real) or value.imag:
        return None
    return 0.0 if abs(value.real) < 1e-20 else value.real


def _beside(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: int, digits: int) -> mpmath.mpf:
    with mpmath.workdps(100):
        place = mpmath.mpmathify(sympy.N(point, 100)) + side * mpmath.mpf(10) ** -digits
    (value,) = high_precision.values([expression], {variable: place})
    if value is None:
        raise InvalidInputError(f"{expression} is not defined beside {variable} = {point}")
    return value


def _switching_points(expression: sympy.Expr, variable: sympy.Symbol) -> set:
    points = set()
    for argument in expression.args:
        points |= _switching_points(argument, variable)
    if isinstance(expression, NONSMOOTH) or _is_root(expression):
        for switch in _switches(expression):
            points |= _roots(switch, variable)
    return points


def _is_root(node: sympy.Expr) -> bool:
    """True for a power that is not smooth where its base is 0, such as √u."""
    return isinstance(node, sympy.Pow) and bool(node.base.free_symbols) and not node.exp.is_integer


def _switches(node: sympy.Expr) -> list[sympy.Expr]:
    if isinstance(node, (sympy.Max, sympy.Min)):
        args = node.args
        return [a - b for i, a in enumerate(args) for b in args[i + 1 :]]
    return [node.args[0]]


def _roots(switch: sympy.Expr, variable: sympy.Symbol) -> set:
    """Real roots of a switching function, solved for on each of its smooth pieces."""
    inner = sorted(_switching_points(switch, variable), key=float)
    branches = [_smooth_branch(switch, variable, inner[0], -1)] if inner else [switch]
    branches += [_smooth_branch(switch, variable, point, +1) for point in inner]
    ends = [-sympy.oo, *inner, sympy.oo]
    roots = set()
    for branch, left, right in zip(branches, ends, ends[1:]):
        if variable not in branch.free_symbols:
            continue
        roots |= {root for root in real_roots(branch, variable) if left <= root <= right}
    return roots


def _smooth_branch(expression: sympy.Expr, variable: sympy.Symbol, point, side: int) -> sympy.Expr:
    """The smooth expression that equals this one immediately to the right (+1) or left (−1) of a point."""
    if not expression.args:
        return expression
    args = [_smooth_branch(argument, variable, point, side) for argument in expression.args]
    if isinstance(expression, (sympy.Max, sympy.Min)):
        sense = 1 if isinstance(expression, sympy.Max) else -1
        chosen = args[0]
        for candidate in args[1:]:
            if sense * _sign_beside(candidate - chosen, variable, point, side) > 0:
                chosen = candidate
        return chosen
    if isinstance(expression, NONSMOOTH):
        sign = _sign_beside(args[0], variable, point, side)
        if isinstance(expression, sympy.Abs):
            return sign * args[0]
        return sympy.Integer(sign) if isinstance(expression, sympy.sign) else sympy.Rational(1 + sign, 2)
    return expression.func(*args)


def _sign_beside(expression: sympy.Expr, variable: sympy.Symbol, point, side: int) -> int:
    """Sign of an expression immediately to the right (+1) or left (−1) of a point."""
    for order in range(JUMP_ORDERS):
        value = _value(sympy.diff(expression, variable, order).subs(variable, point))
        if value is None:
            break
        if value:
            return int(math.copysign(1, value)) * side**order
    else:
        return 0
    return int(mpmath.sign(_beside(expression, variable, point, side, 30)))


def growth_exponent(expression: sympy.Expr, variable: sympy.Symbol, point: float, side: int) -> float:
    """Return the exponent α of the slope |x − p|^α beside a point p; 0 if the slope is finite there.

    Args:
        side: +1 for the right side of p, −1 for its left side.
    """
    slope = sympy.diff(expression, variable)
    if math.isfinite(limit(slope, variable, sympy.nsimplify(point), side)):
        return 0.0
    near, nearer = (_beside(slope, variable, sympy.nsimplify(point), side, digits) for digits in (30, 60))
    return float(mpmath.log(abs(near) / abs(nearer)) / mpmath.log(mpmath.mpf(10) ** 30))
