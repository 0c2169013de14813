"""Forms in which an activation is evaluated in floating point.

The floating-point evaluation of a formula can be another function: (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ) gives ∞/∞ at x = 1000, the
derivative of max(0, x) + min(0, eˣ − 1) gives 1 + 0·∞ there, and sin(x)/x gives 0/0 at 0. The derivatives that follow
from the formula are used if they agree with multiprecision values, in single and double precision, on a grid that
contains 0, all kinks and the largest arguments. Otherwise each smooth piece is evaluated on its own interval alone, a
power series replaces the formula at a removable singularity, and an asymptotic form at large arguments. An activation
that no such form reproduces is refused.
"""

import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import accuracy, expressions
from rectified.formulas.asymptotics import Tail, tail
from rectified.formulas.exponentials import decaying
from rectified.formulas.kinks import NONSMOOTH, analysing, find_kinks, pieces
from rectified.formulas.removable import Series, series

TAIL_FACTORS = (4.0, 2.0, 1.0)  # multiples of the argument at which an asymptotic form is accurate to rounding

Forms = tuple[sympy.Expr, ...]


class Region(NamedTuple):
    """An interval with the expressions that are evaluated in it.

    Attributes:
        right: right end, which belongs to the region.
        derivatives: σ, σ', σ'' and σ''' there.
    """

    right: float
    derivatives: tuple[sympy.Expr, ...]


@cache
def evaluation_forms(expression: sympy.Expr, variable: sympy.Symbol) -> Forms:
    """Return σ, σ', σ'' and σ''' in the form in which they are evaluated.

    Raises:
        InvalidInputError: if σ is not defined everywhere, or if no form reproduces it; the message names the argument.
    """
    with analysing(expression):
        return _forms(expression, variable)


def _forms(expression: sympy.Expr, variable: sympy.Symbol) -> Forms:
    if not expression.has(*NONSMOOTH):
        series(expression, variable, -np.inf, np.inf)  # refuses a function that is not defined before more is done
    parts = pieces(expression, variable)
    ends = [*(start for start, _ in parts[1:]), np.inf]
    singularities = [series(part, variable, start, end) for (start, part), end in zip(parts, ends)]
    kinks = [kink.point for kink in find_kinks(expression, variable)]
    removable = [one.point for group in singularities for one in group]
    plain = tuple(
        expressions.pointwise_derivative(expression, variable.name, order) for order in range(accuracy.ORDERS)
    )
    exact = [_derivatives(part, variable, accuracy.ORDERS + 1) for _, part in parts]
    reference = accuracy.Reference(
        [(start, derivatives) for (start, _), derivatives in zip(parts, exact)], variable, kinks, removable
    )
    deviation = _deviation(plain, variable, reference)
    if deviation is None:
        return plain
    for forms in _candidates([part for _, part in parts], ends, singularities, variable):
        remaining = _deviation(forms, variable, reference)
        if remaining is None:
            return forms
        deviation = max(deviation, remaining, key=lambda one: abs(one.point))
    raise InvalidInputError(f"{expression} cannot be evaluated in floating point: {deviation}")


def _deviation(
    forms: Sequence[sympy.Expr], variable: sympy.Symbol, reference: accuracy.Reference
) -> accuracy.Deviation | None:
    evaluation = accuracy.compiled(forms, variable)
    found = (reference.deviation(evaluation, precision) for precision in accuracy.PRECISIONS)
    return next((deviation for deviation in found if deviation is not None), None)


def _candidates(
    parts: Sequence[sympy.Expr],
    ends: Sequence[float],
    singularities: Sequence[Sequence[Series]],
    variable: sympy.Symbol,
) -> Iterator[Forms]:
    """The smooth pieces with series at removable singularities, then with asymptotic forms beside them."""
    regions = []
    for part, end, group in zip(parts, ends, singularities):
        derivatives = _derivatives(part, variable)
        for one in group:
            nested = tuple(one.derivative(variable, order) for order in range(accuracy.ORDERS))
            regions += [Region(one.point - one.radius, derivatives), Region(one.point + one.radius, nested)]
        regions.append(Region(end, derivatives))
    yield _piecewise(regions, variable)
    left, right = tail(parts[0], variable, -1), tail(parts[-1], variable, +1)
    if len(regions) == 1 and left is not None and right is not None:
        yield from (_continued(regions[0].derivatives, left, right, factor, variable) for factor in TAIL_FACTORS)
    for factor in TAIL_FACTORS:
        yield _piecewise(_with_tails(regions, left, right, factor, variable), variable)
    if len(parts) == 1:
        rescaled = _with_decaying_exponentials(parts[0], regions, variable)
        if rescaled:
            yield _piecewise(_with_tails(rescaled, left, right, 1.0, variable), variable)


def _continued(
    derivatives: Sequence[sympy.Expr], left: Tail, right: Tail, factor: float, variable: sympy.Symbol
) -> Forms:
    """The function between two arguments, continued by straight lines; four times faster than pieces."""
    ends = [sympy.Float(factor * tail.start, 17) for tail in (left, right)]
    slopes = [sympy.diff(tail.expression, variable).subs(variable, end) for tail, end in zip((left, right), ends)]
    inside = sympy.Min(ends[1], sympy.Max(ends[0], variable))
    value, *others = (derivative.subs(variable, inside) for derivative in derivatives)
    below, above = sympy.Max(0, ends[0] - variable), sympy.Max(0, variable - ends[1])
    return value - slopes[0] * below + slopes[1] * above, *others


def _with_decaying_exponentials(part: sympy.Expr, regions: Sequence[Region], variable: sympy.Symbol) -> list[Region]:
    """Regions on both sides of 0 or of a series around it; none if the function has no exponentials."""
    sides = [decaying(part, variable, side) for side in (-1, 1)]
    if None in sides:
        return []
    left, right = (_derivatives(side, variable) for side in sides)
    if len(regions) == 1:
        return [Region(0.0, left), Region(np.inf, right)]
    inner = regions[1:-1] if regions[0].right < 0 < regions[-2].right else []
    return [Region(regions[0].right, left), *inner, Region(np.inf, right)] if inner else []


def _with_tails(
    regions: Sequence[Region], left: Tail | None, right: Tail | None, factor: float, variable: sympy.Symbol
) -> list[Region]:
    """Regions with asymptotic forms from a multiple of the arguments at which they equal the function to rounding."""
    regions = list(regions)
    if left is not None and factor * left.start < regions[0].right:
        regions.insert(0, Region(factor * left.start, _derivatives(left.expression, variable)))
    if right is not None and (len(regions) == 1 or factor * right.start > regions[-2].right):
        regions[-1] = Region(factor * right.start, regions[-1].derivatives)
        regions.append(Region(np.inf, _derivatives(right.expression, variable)))
    return regions


def _derivatives(expression: sympy.Expr, variable: sympy.Symbol, count: int = accuracy.ORDERS) -> Forms:
    if expression.is_polynomial(variable):
        expression = sympy.expand(expression)  # terms that cancel do so exactly
    return tuple(sympy.diff(expression, variable, order) for order in range(count))


def _piecewise(regions: Sequence[Region], variable: sympy.Symbol) -> Forms:
    return tuple(_derivative_by_region(regions, variable, order) for order in range(accuracy.ORDERS))


def _derivative_by_region(regions: Sequence[Region], variable: sympy.Symbol, order: int) -> sympy.Expr:
    groups = itertools.groupby(regions, key=lambda region: region.derivatives[order])
    merged = [(expression, list(members)[-1].right) for expression, members in groups]
    if len(merged) == 1:
        return merged[0][0]
    inner = [(expression, variable <= sympy.Float(right, 17)) for expression, right in merged[:-1]]
    return sympy.Piecewise(*inner, (merged[-1][0], True), evaluate=False)
