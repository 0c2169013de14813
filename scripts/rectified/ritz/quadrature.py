"""Quadrature rules: points and weights, either fixed or moving with the kinks of the network.

A rule maps parameters [networks, parameters] to points and weights, [networks or 1, points] each. Its points lie on the
device that it is given, which must be that of the parameters.
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
    """A rule that may place its points where the integrand of the given networks needs them.

    Attributes:
        fixed: whether the points are the same for all parameters.
    """

    fixed: bool

    def __call__(self, theta: Tensor) -> tuple[Tensor, Tensor]: ...


class UniformGrid:
    """The trapezoidal rule on equally spaced points, ends included: the published choice."""

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
    """Composite Gauss–Legendre on equal panels, blind to kinks."""

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
    """Composite Gauss–Legendre with panels cut at every kink of the network.

    The domain is cut at equally spaced nodes and at the kinks, and each piece gets its own
    Gauss–Legendre rule. No piece contains a kink, so the rule converges at its full order, 2·order in
    the width of the panels, for a network that is smooth between its kinks. The ends of the pieces are
    differentiable in θ: automatic differentiation of the energy then contains the terms that the moving
    kinks contribute, which are the delta terms that a fixed grid loses.

    Args:
        network: tells where the kinks are.
        order: Gauss–Legendre nodes per piece.
        panels: equal parts the domain is cut into besides the kinks.
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
        ends = torch.cat([self.cuts.expand(len(theta), -1), kinks], -1).sort(-1).values
        points, weights = self.points_between(ends)
        return points.flatten(1), weights.flatten(1)

    def points_between(
        self, ends: Float[Tensor, "networks ends"]
    ) -> tuple[Float[Tensor, "networks pieces order"], Float[Tensor, "networks pieces order"]]:
        """Points and weights on each piece between neighbouring ends."""
        widths = ends.diff(dim=-1)[..., None]
        return ends[:, :-1, None] + widths * self.nodes, widths * self.weights
