"""Kinks and jumps of expressions in one variable, and the smooth pieces between them.

Positions and sizes are symbolic and therefore exact.
"""

import math
from dataclasses import dataclass
from functools import cache

import sympy

from rectified.errors import InvalidInputError

JUMP_ORDERS = 12
NONSMOOTH = (sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside)


@dataclass(frozen=True)
class Kink:
    """A point where a function of one variable is not smooth.

    Attributes:
        point: position.
        jumps: right limit minus left limit of the function and of its derivatives of order 1, 2, …, 11.
    """

    point: float
    jumps: tuple[float, ...]

    @property
    def order(self) -> int:
        """Order of the lowest derivative that jumps: 0 for a step function, 1 for ReLU, p for RePU_p."""
        return next(order for order, jump in enumerate(self.jumps) if jump != 0)


@cache
def find_kinks(expression: sympy.Expr, variable: sympy.Symbol) -> tuple[Kink, ...]:
    """Return every kink and jump of an expression in one variable, in ascending order.

    Positions and sizes are computed symbolically. Jumps of derivatives beyond order 11 are not detected.

    Raises:
        InvalidInputError: if the switching points cannot be solved for or are infinitely many, or if a derivative is
            not finite at one of them.
    """
    result = []
    for point in sorted(_switching_points(expression, variable), key=float):
        right = _smooth_branch(expression, variable, point, +1)
        left = _smooth_branch(expression, variable, point, -1)
        jumps = tuple(_limit_difference(right, left, variable, point, k) for k in range(JUMP_ORDERS))
        if any(jumps):
            result.append(Kink(float(point), jumps))
    return tuple(result)


def is_piecewise_linear(expression: sympy.Expr, variable: sympy.Symbol) -> bool:
    """Return True if the expression is a straight line between its kinks, like ReLU and |x|."""
    return all(sympy.simplify(sympy.diff(piece, variable, 2)) == 0 for _, piece in pieces(expression, variable))


def pieces(expression: sympy.Expr, variable: sympy.Symbol) -> list[tuple[float, sympy.Expr]]:
    """Return the smooth pieces of an expression from left to right, each with its left end.

    The left end of the first piece is −∞; the others begin at the kinks.

    Raises:
        InvalidInputError: see ``kinks``.
    """
    points = sorted(_switching_points(expression, variable), key=float)
    if not points:
        return [(-math.inf, expression)]
    first = _smooth_branch(expression, variable, points[0], -1)
    rough = {kink.point for kink in find_kinks(expression, variable)}
    rest = [(float(p), _smooth_branch(expression, variable, p, +1)) for p in points if float(p) in rough]
    return [(-math.inf, first), *rest]


def _limit_difference(right, left, variable, point, order) -> float:
    difference = sympy.diff(right - left, variable, order).subs(variable, point)
    value = complex(sympy.N(difference, 30, chop=True))
    if not math.isfinite(value.real) or value.imag:
        raise InvalidInputError(f"derivative of order {order} of {right} is not finite at {variable} = {point}")
    return 0.0 if abs(value.real) < 1e-20 else value.real


def _switching_points(expression: sympy.Expr, variable: sympy.Symbol) -> set:
    points = set()
    for argument in expression.args:
        points |= _switching_points(argument, variable)
    if isinstance(expression, NONSMOOTH):
        for switch in _switches(expression):
            points |= _roots(switch, variable)
    return points


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
        solutions = sympy.solveset(branch, variable, sympy.S.Reals)
        if not isinstance(solutions, sympy.FiniteSet) and solutions is not sympy.S.EmptySet:
            raise InvalidInputError(
                f"cannot list the points where {branch} changes sign; they must be finitely many and solvable"
            )
        roots |= {root for root in solutions if left <= root <= right}
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
        value = sympy.N(sympy.diff(expression, variable, order).subs(variable, point), 30, chop=True)
        if abs(value) > 1e-20:
            return int(sympy.sign(value)) * side**order
    return 0
