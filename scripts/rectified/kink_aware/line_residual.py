"""Mean squared residual of the Poisson equation for shallow powers of ReLU, along lines that are cut at the kinks.

For u = Σ c ReLU(w·x + b)^k with k ≥ 2, Δu = Σ ck(k − 1)|w|² ReLU(w·x + b)^(k − 2) is a polynomial between the kinks
of a line. For k = 2 it jumps there. Automatic differentiation at fixed points misses the motion of these jumps, which
is most of the derivative of the loss in w and b; the ends of the pieces contribute it here.
Source: ours; the rule along a line is that of ``rectified.kink_aware.integrate``.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float, Int
from rectified.errors import InvalidInputError
from rectified.kink_aware.lines import Lines, fixed_lines
from rectified.kink_aware.piecewise import kinks_along, pieces_along
from rectified.networks.pinn_architectures import Towers

Forcing = Callable[[Tensor, Tensor], Tensor]


class LineResidual:
    """The mean of (Δu − q)² over a rectangle, along lines parallel to both axes, as a function of the parameters.

    A call with parameters [networks, parameters] returns the means [networks], differentiable in the parameters.

    Args:
        network: u, towers of one hidden layer each.
        powers: k of each tower, at least 2; ReLU itself has no second derivative.
        forcing: q, a function of the tensors x and y.
        box: lower and upper end of each axis.
        lines: nodes of the Gauss–Legendre rule across the lines, a multiple of panels; as many lines along each axis.
        panels: equal panels of each axis, across the lines and along them.
        order: Gauss–Legendre nodes per piece.
        moving: False to leave out the motion of the kinks from the derivative. The value is the same.

    Raises:
        InvalidInputError: for other networks and powers.
    """

    def __init__(
        self,
        network: Towers,
        powers: Sequence[int],
        forcing: Forcing,
        box: Float[Tensor, "2 2"],
        lines: int,
        panels: int = 4,
        order: int = 2,
        moving: bool = True,
    ):
        depth = max(trunk.layers for trunk in network.parts)
        if depth > 1 or min(powers) < 2:
            raise InvalidInputError(
                "lines along which the residual is integrated need towers with one hidden layer of ReLU^k, k ≥ 2; got "
                f"{depth} hidden layers and the powers {', '.join(map(str, powers))}"
            )
        self.network, self.powers, self.forcing, self.box = network, tuple(powers), forcing, box
        self.panels, self.moving = panels, moving
        nodes, weights = np.polynomial.legendre.leggauss(order)
        self._shares, self._weights = (torch.from_numpy(part).to(box) for part in ((1 + nodes) / 2, weights / 2))
        self._lines = fixed_lines(box, lines, panels)

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        area = float(torch.prod(self.box[:, 1] - self.box[:, 0]))
        return sum(self._along(theta, axis) for axis in range(2)) / area

    @torch.no_grad()
    def points(self, theta: Float[Tensor, "networks parameters"]) -> Int[Tensor, " networks"]:
        """Return the number of points at which the residual is evaluated, those in pieces of length > 0."""
        pieces = [self._pieces(theta, axis, self._family(axis))[0].diff(dim=-1) > 0 for axis in range(2)]
        return len(self._shares) * sum(part.flatten(1).sum(1) for part in pieces)

    def _family(self, axis: int) -> Lines:
        chosen = self._lines.axes == axis
        return Lines(*(getattr(self._lines, name)[chosen] for name in ("origins", "axes", "weights", "low", "high")))

    def _along(self, theta: Tensor, axis: int) -> Float[Tensor, " networks"]:
        """Return the integral along the lines parallel to an axis, times their weights."""
        lines = self._family(axis)
        ends, coefficients = self._pieces(theta, axis, lines)
        width = ends.diff(dim=-1)[..., None]
        t = ends[..., :-1, None] + width * self._shares.to(theta)
        laplacian = coefficients[-1][..., None].expand_as(t)
        for part in reversed(coefficients[:-1]):
            laplacian = torch.addcmul(part[..., None], laplacian, t)
        across = lines.origins[:, 1 - axis].to(theta)[:, None, None].expand_as(t)
        along = t + self.box[axis].mean().to(theta)
        residual = laplacian - self.forcing(*((along, across) if axis == 0 else (across, along)))
        integrals = ((residual.square() * width) @ self._weights.to(theta)).sum(-1)
        return integrals @ lines.weights.to(theta)

    def _pieces(self, theta: Tensor, axis: int, lines: Lines) -> tuple[Tensor, list[Tensor]]:
        """Return the ends of the pieces, and the coefficients of Δu there, about the middle of the line."""
        half = float(self.box[axis, 1] - self.box[axis, 0]) / 2
        distance = (lines.origins[:, 1 - axis] - self.box[1 - axis].mean()).to(theta)
        kinks, added = [], []
        slopes, degree = [], max(self.powers) - 2
        for trunk, power in zip(self.network.parts, self.powers):
            w, b, c = self._neurons(theta, trunk.prefix)
            slope = w[..., axis][:, None]
            offset = torch.addcmul(b[:, None], w[..., 1 - axis][:, None], distance[:, None])
            factor = (power * (power - 1) * c * w.square().sum(-1))[:, None]
            kinks.append(kinks_along(slope, offset, half))
            added.append(_expanded(power - 2, slope, offset, factor, degree))
            slopes.append(slope)
        places = torch.cat(kinks, -1)
        cuts = torch.linspace(-half, half, self.panels + 1, dtype=theta.dtype, device=theta.device)
        forward = (torch.cat(slopes, -1).detach() >= 0).to(theta)
        return pieces_along(
            places if self.moving else places.detach(), cuts, forward, [torch.cat(part, -1) for part in zip(*added)]
        )

    def _neurons(self, theta: Tensor, prefix: str) -> tuple[Tensor, Tensor, Tensor]:
        """Return w [networks, neurons, 2], b and c [networks, neurons] of u = Σ c σ(w·(x − middle of the box) + b)."""
        p = self.network.blocks(theta)
        weights, biases = p[f"W{prefix}1"], p[f"b{prefix}1"]
        box = self.box.to(theta)
        if self.network.scaling.box is None:
            return weights, biases + weights @ box.mean(1), p[f"W{prefix}out"][:, 0]
        return weights * (2 / (box[:, 1] - box[:, 0])), biases, p[f"W{prefix}out"][:, 0]


def _expanded(power: int, slope: Tensor, offset: Tensor, factor: Tensor, degree: int) -> list[Tensor]:
    """Return the coefficients of factor·(slope·t + offset)^power in ascending powers of t, up to a degree."""
    found = [
        math.comb(power, i) * factor * slope**i * (offset ** (power - i) if power > i else torch.ones_like(offset))
        for i in range(power + 1)
    ]
    return found + [torch.zeros_like(offset)] * (degree - power)
