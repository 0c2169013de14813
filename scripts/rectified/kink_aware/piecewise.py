"""Functions that are polynomials between the kinks of a shallow network on lines, by sums over the sorted kinks.

On a line, each neuron of a shallow network of powers of ReLU adds a polynomial on one side of its kink and nothing on
the other. All pieces of a line together cost as much as sorting its kinks.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from rectified.array_types import Float

Coefficients = list[Float[Tensor, "networks lines pieces"]]


def kinks_along(
    slope: Float[Tensor, "networks 1 neurons"], offset: Float[Tensor, "networks lines neurons"], half: float
) -> Float[Tensor, "networks lines neurons"]:
    """Return the roots t of slope·t + offset on lines −half ≤ t ≤ half, differentiable in both.

    A root outside of the line, or of slope 0, is replaced by the end of the line that lies on its side; it is constant.
    """
    root = (-offset / slope).detach().nan_to_num(half)
    inside = root.abs() < half
    moving = -offset / torch.where(inside, slope, 1.0)
    return torch.where(inside, moving, root.clamp(-half, half))


def pieces_along(
    kinks: Float[Tensor, "networks lines neurons"],
    cuts: Float[Tensor, " cuts"],
    forward: Float[Tensor, "networks 1 neurons"],
    added: Sequence[Float[Tensor, "networks lines neurons"]],
) -> tuple[Float[Tensor, "networks lines ends"], Coefficients]:
    """Return the ends of the pieces of lines, and the coefficients of a sum over neurons on every piece.

    Args:
        kinks: coordinate of the kink of each neuron, between the first and the last cut.
        cuts: coordinates at which all lines begin, end and are cut, in ascending order.
        forward: 1 for a neuron that is active beyond its kink, 0 for one that is active before it.
        added: coefficients, of any number of polynomials, that a neuron adds where it is active.
    """
    inner = cuts[1:-1].expand(*kinks.shape[:2], -1)
    at = torch.cat([kinks, inner], -1)
    order = at.detach().argsort(-1)
    first, last = (cuts[end].expand(*kinks.shape[:2], 1) for end in (0, -1))
    ends = torch.cat([first, at.gather(-1, order), last], -1)
    unchanged = torch.zeros_like(inner)
    coefficients = []
    for part in added:
        start = (part * (1 - forward)).sum(-1, keepdim=True)
        steps = torch.cat([part * (2 * forward - 1), unchanged], -1).gather(-1, order)
        coefficients.append(torch.cat([start, start + steps.cumsum(-1)], -1))
    return ends, coefficients
