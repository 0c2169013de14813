"""Activations that are polynomials between their kinks."""

from functools import cache
from typing import NamedTuple

import numpy as np
import sympy

from rectified.formulas.activation import Activation, X
from rectified.formulas.kinks import pieces

LARGEST_DEGREE = 4


class PiecewisePolynomial(NamedTuple):
    """An activation between its kinks, as coefficients of ascending powers of z.

    Attributes:
        first, last: of the pieces that extend to −∞ and to ∞.
        kinks: the points between the pieces.
        jumps: polynomial on the right less that on the left of each kink.
    """

    first: tuple[float, ...]
    last: tuple[float, ...]
    kinks: tuple[float, ...]
    jumps: tuple[tuple[float, ...], ...]


@cache
def piecewise_polynomial(activation: Activation) -> PiecewisePolynomial | None:
    """Return an activation as polynomials of degree 1 to ``LARGEST_DEGREE``; None for one that is no such function."""
    if not activation.kink_points:
        return None
    found = pieces(activation.expression, X)
    if not all(piece.is_polynomial(X) for _, piece in found):
        return None
    polynomials = [sympy.Poly(piece, X) for _, piece in found]
    degree = max(1, *(polynomial.degree() for polynomial in polynomials))
    if degree > LARGEST_DEGREE:
        return None
    rows = np.array([[float(p.coeff_monomial(X**power)) for power in range(degree + 1)] for p in polynomials])
    jumps = tuple(tuple(row) for row in np.diff(rows, axis=0).tolist())
    first, last = (tuple(row.tolist()) for row in (rows[0], rows[-1]))
    return PiecewisePolynomial(first, last, tuple(point for point, _ in found[1:]), jumps)
