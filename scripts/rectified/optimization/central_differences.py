"""Central differences of values at equally spaced points, of second and of fourth order in the spacing.

Values are tensors of any common shape; the functions act elementwise. Source: Fornberg, Mathematics of Computation
51 (1988), table 1.
"""

from torch import Tensor

Step = float | Tensor


def first_difference(left: Tensor, right: Tensor, step: Step) -> Tensor:
    """Return u' from u(x − h) and u(x + h); the error is u'''h²/6 + O(h⁴)."""
    return (right - left) / (2 * step)


def second_difference(left: Tensor, middle: Tensor, right: Tensor, step: Step) -> Tensor:
    """Return u'' from u(x − h), u(x) and u(x + h); the error is u''''h²/12 + O(h⁴)."""
    return (right - 2 * middle + left) / step**2


def first_difference_of_fourth_order(
    far_left: Tensor, left: Tensor, right: Tensor, far_right: Tensor, step: Step
) -> Tensor:
    """Return u' from u(x ± h) and u(x ± 2h); the error is O(h⁴)."""
    return (8 * (right - left) - (far_right - far_left)) / (12 * step)


def second_difference_of_fourth_order(
    far_left: Tensor, left: Tensor, middle: Tensor, right: Tensor, far_right: Tensor, step: Step
) -> Tensor:
    """Return u'' from u(x), u(x ± h) and u(x ± 2h); the error is O(h⁴)."""
    return (16 * (right + left) - (far_right + far_left) - 30 * middle) / (12 * step**2)
