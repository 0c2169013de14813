"""Discrete delta function: σ'' at a kink, represented on a grid (Rowan, arXiv:2512.11184, eq. 10)."""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.formulas.torch_activation import TorchActivation


def discrete_deltas(
    activation: TorchActivation,
    a: Float[Tensor, "networks neurons 1"],
    b: Float[Tensor, "networks neurons 1"],
    points: Float[Tensor, " points"],
) -> Float[Tensor, "networks neurons points"]:
    """Return the delta part of σ''(ax + b) on a uniform grid.

    Where σ' jumps by J at the kink ξ of a neuron, σ'' contains (J/|a|) δ(x − ξ). The discrete delta is 1/Δx at the grid
    point nearest to ξ, the right one of two, and 0 elsewhere. Kinks at the ends of the grid and outside contribute
    nothing.

    Args:
        a, b: slopes and biases of the neurons.
        points: the grid, in ascending order.
    """
    spacing = points[1] - points[0]
    total = torch.zeros(*a.shape[:2], len(points), dtype=a.dtype, device=a.device)
    for kink in activation.symbolic.kinks:
        location = (kink.point - b) / a
        inside = (location > points[0]) & (location < points[-1])
        index = torch.where(inside, ((location - points[0]) / spacing + 0.5).floor(), 0).long()
        height = torch.where(inside, kink.jumps[1] / (a.abs() * spacing), 0.0)
        total.scatter_add_(-1, index, height)
    return total
