"""Quadrature rules whose points are fixed or move with the kinks of the network.

A rule maps parameters [networks, parameters] to points and weights, [networks or 1, points] each. They are on the
device passed to the rule, which must be that of the parameters.
"""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.ritz.network import Network


@runtime_checkable
class Quadrature(Protocol):
    """Interface of a quadrature rule.

    Attributes:
        fixed: True if the points are the same for all parameters.
    """

    fixed: bool

    def __call__(self, theta: Tensor) -> tuple[Tensor, Tensor]: ...


class UniformGrid:
    """Trapezoidal rule on equally spaced points including both ends, as in arXiv:2512.11184."""

    fixed = True

    def __init__(self, points: int, domain: tuple[float, float] = (0.0, 1.0), device: Device = "cpu"):
        left, right = domain
        self.points = torch.linspace(left, right, points, dtype=torch.float64)[None].to(device)
        weights = torch.full((1, points), (right - left) / (points - 1), dtype=torch.float64)
        weights[0, [0, -1]] /= 2
        self.weights = weights.to(device)

    def __call__(self, theta: Tensor) -> tuple[Float[Tensor, "1 points"], Float[Tensor, "1 points"]]:
        return self.points, self.weights


class Gauss:
    """Composite Gauss–Legendre rule on equal panels, independent of kinks.

    Args:
        order: nodes per panel.
        panels: number of panels.
    """

    fixed = True

    def __init__(self, order: int, panels: int, domain: tuple[float, float] = (0.0, 1.0), device: Device = "cpu"):
        nodes, weights = np.polynomial.legendre.leggauss(order)
        ends = np.linspace(*domain, panels + 1)
        width = (domain[1] - domain[0]) / panels
        points = ends[:-1, None] + width * (1 + nodes) / 2
        self.points = torch.from_numpy(points.reshape(1, -1)).to(device)
        self.weights = torch.from_numpy(np.tile(weights * width / 2, panels)[None]).to(device)

    def __call__(self, theta: Tensor) -> tuple[Float[Tensor, "1 points"], Float[Tensor, "1 points"]]:
        return self.points, self.weights


class KinkAware:
    """Composite Gauss–Legendre rule with panels cut at every kink of the network.

    The domain is cut at equally spaced points and at the kinks, and each piece has its own Gauss–Legendre rule. No
    piece contains a kink, so that the rule has its full order, 2·order in the width of the panels, for a network that
    is smooth between its kinks. The ends of the pieces are differentiable in θ: automatic differentiation of the energy
    contains the contributions of the moving kinks, which are the delta terms missing on a fixed grid. A cut that meets
    a kink moves with it. Coinciding kinks must be moved apart first, see ``Network.separate_kinks``.

    Args:
        network: provides the kinks.
        order: Gauss–Legendre nodes per piece.
        panels: number of equal panels before the cuts at kinks.
    """

    fixed = False

    def __init__(self, network: Network, order: int = 5, panels: int = 10, device: Device = "cpu"):
        left, right = network.domain
        self.network = network
        self.cuts = torch.linspace(left, right, panels + 1, dtype=torch.float64).to(device)
        nodes, weights = np.polynomial.legendre.leggauss(order)
        self.nodes, self.weights = (torch.from_numpy(part).to(device) for part in ((1 + nodes) / 2, weights / 2))

    def __call__(
        self, theta: Float[Tensor, "networks parameters"]
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks points"]]:
        kinks = self.network.kinks(theta)
        ends, order = torch.cat([self.cuts.expand(len(theta), -1), kinks], -1).sort(-1)
        points, weights = self.points_between(self._merge_cuts(ends, order))
        return points.flatten(1), weights.flatten(1)

    def _merge_cuts(self, ends: Tensor, order: Tensor) -> Tensor:
        """Return the sorted ends with every cut that meets a kink, up to rounding, replaced by that kink.

        A piece between the two would be too narrow to have its points on one side of the kink.
        """
        last = len(self.cuts) - 1
        is_cut, is_kink = (order > 0) & (order < last), order > last
        close = ends.detach().diff() <= self.network.resolution / 4
        pad = torch.nn.functional.pad
        left = pad(is_cut[:, 1:] & is_kink[:, :-1] & close, (1, 0))
        right = pad(is_cut[:, :-1] & is_kink[:, 1:] & close, (0, 1))
        return torch.where(left, ends.roll(1, -1), torch.where(right, ends.roll(-1, -1), ends))

    def points_between(
        self, ends: Float[Tensor, "networks ends"]
    ) -> tuple[Float[Tensor, "networks pieces order"], Float[Tensor, "networks pieces order"]]:
        """Return points and weights on each piece between consecutive ends."""
        widths = ends.diff(dim=-1)[..., None]
        return ends[:, :-1, None] + widths * self.nodes, widths * self.weights
