"""Central differences of values at equally spaced points, of second and of fourth order in the spacing.

Values are tensors of any common shape; the functions act elementwise. Source: Fornberg, Mathematics of Computation
51 (1988), table 1.
"""

from collections.abc import Mapping

from torch import Tensor

Step = float | Tensor
Stencil = Mapping[int, float]  # weights of u(x + mh) by m; to be divided by h to the order of the derivative


def _central(odd: bool, centre: float, *right: float) -> Stencil:
    """Return a stencil from the weights of m = 0, 1, 2, …, which is odd or even in m."""
    sides = dict(enumerate(right, 1))
    return {0: centre} | sides | {-m: -weight if odd else weight for m, weight in sides.items()}


FOURTH_ORDER: Mapping[int, Stencil] = {
    1: _central(True, 0, 8 / 12, -1 / 12),
    2: _central(False, -30 / 12, 16 / 12, -1 / 12),
    3: _central(True, 0, -13 / 8, 8 / 8, -1 / 8),
    4: _central(False, 56 / 6, -39 / 6, 12 / 6, -1 / 6),
}  # by the order of the derivative; errors are O(h⁴)
SECOND_ORDER: Mapping[int, Stencil] = {
    1: _central(True, 0, 1 / 2),
    2: _central(False, -2, 1),
    3: _central(True, 0, -1, 1 / 2),
    4: _central(False, 6, -4, 1),
    5: _central(True, 0, 5 / 2, -4 / 2, 1 / 2),
}  # likewise; errors are O(h²)


def difference(stencil: Stencil, values: Mapping[int, Tensor], step: Step, order: int) -> Tensor:
    """Return a derivative from values u(x + mh) by m.

    Args:
        stencil: entry of ``FOURTH_ORDER`` or ``SECOND_ORDER``.
        values: one tensor for every m with a weight other than 0.
        step: the spacing h.
        order: of the derivative.
    """
    return sum(weight * values[m] for m, weight in stencil.items() if weight) / step**order


def first_difference(left: Tensor, right: Tensor, step: Step) -> Tensor:
    """Return u' from u(x − h) and u(x + h); the error is u'''h²/6 + O(h⁴)."""
    return (right - left) / (2 * step)


def second_difference(left: Tensor, middle: Tensor, right: Tensor, step: Step) -> Tensor:
    """Return u'' from u(x − h), u(x) and u(x + h); the error is u''''h²/12 + O(h⁴)."""
    return (right - 2 * middle + left) / step**2
