"""Dependence of the value at a point on the other points of a batch."""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.rounding import EPSILON
from rectified.audit.user_errors import in_words
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

ROWS = 64  # number of outputs whose derivatives in all points are computed
SAME = 1e-9  # change of a value, relative to the spread of the values, below which it does not depend on other points

Points = Float[Tensor, "points inputs"]
Field = Callable[[Points], Float[Tensor, " points"]]


def is_pointwise(field: Field, points: Points) -> bool:
    """Return True if the value at a point depends neither on the other points nor on its place among them.

    Compared are the values of all points, of all in random order, and of either random half alone.
    """
    order = torch.randperm(len(points), generator=generator("coupling"))
    half = len(points) // 2
    try:
        among = field(points.clone()).detach()
        tolerance = SAME * float((among - among.mean()).abs().max()) + 64 * EPSILON * float(among.abs().max())
        return all(
            bool(((field(points[part].clone()).detach() - among[part]).abs() <= tolerance).all())
            for part in (order, order[:half], order[half:])
        )
    except InvalidInputError:
        return False


def off_diagonal_share(function: Field, points: Points, extent: Float[Tensor, " inputs"]) -> float | None:
    """Return the share of Σ|∂u_i/∂x_j| with i ≠ j, over up to 64 outputs i and all points j; lengths in extents.

    None if the values do not depend on the points in the graph of automatic differentiation.

    Raises:
        InvalidInputError: if PyTorch cannot differentiate the network.
    """
    x = points.clone().requires_grad_(True)
    u = function(x)
    rows = torch.linspace(0, len(x) - 1, min(ROWS, len(x)), dtype=torch.float64).round().long()
    if not u.requires_grad:
        return None
    with in_words("network"):
        sizes = [torch.autograd.grad(u[row], x, retain_graph=True, allow_unused=True)[0] for row in rows.tolist()]
    if any(size is None for size in sizes):
        return None
    shares = (torch.stack(sizes).abs() * extent).sum(-1)
    largest = float(shares.max())
    if not largest > 0:
        return 0.0
    shares = shares / largest  # sums of tiny derivatives would underflow
    total = float(shares.sum())
    shares[torch.arange(len(rows)), rows] = 0
    return float(shares.sum()) / total
