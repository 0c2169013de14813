"""Deep Ritz energy of shallow networks with a piecewise polynomial activation, along lines that are cut at the kinks.

On a line parallel to an axis, N(x) = Σ cᵢ σ(aᵢ·x + bᵢ) and its gradient are polynomials between the kinks. Their
coefficients are cumulative sums over the sorted kinks, so that all pieces of a line together cost as much as N log N.
All networks and lines are evaluated together.
"""

import math

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.formulas.piecewise_polynomial import LARGEST_DEGREE, piecewise_polynomial
from rectified.formulas.torch_functions import torch_function
from rectified.kink_aware.piecewise import kinks_along
from rectified.problems.diffusion import DiffusionProblem
from rectified.ritz.boxes.network import BoxNetwork
from rectified.ritz.boxes.points import Family, FixedLines, RandomLines

CHUNK = 1 << 19  # nodes of all networks evaluated at once


class LineEnergy:
    """Π[û] = ∫ (½κ|∇û|² − fû) dx by lines parallel to the axes, cut at every kink of the network.

    A call with parameters [networks, parameters] returns the energies [networks]. The ends of the pieces are
    differentiable in θ: the automatic derivatives are those of the integral along the lines, with the contributions of
    moving kinks. It is ``rectified.kink_aware.integrate`` for many shallow networks at once.

    Args:
        problem: with κ and f.
        network: û, with one hidden layer and a piecewise polynomial activation with kinks.
        rule: the lines.
        order: Gauss–Legendre nodes per piece.
        panels: equal panels of each line before the cuts at kinks.

    Raises:
        InvalidInputError: for another network.
    """

    def __init__(
        self,
        problem: DiffusionProblem,
        network: BoxNetwork,
        rule: FixedLines | RandomLines,
        order: int = 4,
        panels: int = 8,
    ):
        sigma = piecewise_polynomial(network.activation.symbolic)
        if network.hidden_layers != 1 or sigma is None:
            raise InvalidInputError(
                "network must have one hidden layer and an activation of polynomials of degree at most "
                f"{LARGEST_DEGREE} between kinks; got {network.hidden_layers} hidden layers of "
                f"{network.activation.symbolic.formula!r}"
            )
        self.problem, self.network, self.rule, self.sigma = problem, network, rule, sigma
        self.panels, self.order = panels, order
        nodes, weights = np.polynomial.legendre.leggauss(order)
        self._shares, self._weights = torch.from_numpy((1 + nodes) / 2), torch.from_numpy(weights / 2)
        self._data = torch_function([problem.coefficient / 2, problem.source], problem.symbols)

    @property
    def nodes(self) -> int:
        """Points at which the field of one network is evaluated."""
        return sum(family.origins.shape[1] for family in self.rule.families) * self._per_line

    @property
    def _per_line(self) -> int:
        return (self.panels + self.network.width * len(self.sigma.kinks)) * self.order

    def redraw(self, epoch: int, theta: Tensor) -> None:
        """Draw the lines of an epoch, if they are not fixed."""
        self.rule.draw(epoch)

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        blocks = self.network.blocks(theta)
        size = max(1, CHUNK // (len(theta) * self._per_line))
        total = theta.new_zeros(len(theta))
        for axis, family in enumerate(self.rule.families):
            for origins, weights in zip(family.origins.split(size, 1), family.weights.split(size)):
                total = total + self._along(blocks, axis, Family(origins, weights))
        return total

    def _along(self, p: dict[str, Tensor], axis: int, lines: Family) -> Float[Tensor, " networks"]:
        """The integral along lines parallel to an axis, times their weights."""
        low, high = self.network.box[axis]
        middle, half = (low + high) / 2, (high - low) / 2
        origins = lines.origins.clone()
        origins[..., axis] = middle
        slope = p["a"][..., axis]  # z = slope·t + offset, with t the coordinate less the middle
        offset = torch.baddbmm(p["b"][:, None], origins.expand(len(slope), -1, -1), p["a"].mT)
        ends, channels = self._pieces(p, axis, slope, offset, half)

        width = ends.diff(dim=-1)[..., None]
        t = ends[..., :-1, None] + width * self._shares.to(width)
        value, gradient = self._fields([part[..., :-1, None] for part in channels], axis, t)
        x = [middle + t if index == axis else origins[..., index, None, None] for index in range(self.network.inputs)]
        integrals = (self._density(x, value, gradient) * width) @ self._weights.to(width)
        return integrals.sum(-1) @ lines.weights

    def _density(self, x: list[Tensor], value: Tensor, gradient: list[Tensor]) -> Tensor:
        """½κ|∇û|² − fû at nodes, from N and ∇N."""
        distance, slopes = self.network.distance(*x)
        squares = sum((distance * inner + slope * value).square() for inner, slope in zip(gradient, slopes))
        half_coefficient, source = self._data(*x)
        return half_coefficient * squares - source * distance * value

    def _pieces(
        self, p: dict[str, Tensor], axis: int, slope: Tensor, offset: Tensor, half: float
    ) -> tuple[Float[Tensor, "networks lines ends"], list[Float[Tensor, "networks lines ends"]]]:
        """Sorted ends of the pieces, and the coefficients of N and ∇N on the piece that begins at each end."""
        forward = (slope.detach() >= 0).to(slope)
        at, steps = [], []
        for point, jump in zip(self.sigma.kinks, self.sigma.jumps):
            at.append(kinks_along(slope[:, None], offset - point, half))
            steps.append(self._channels(p, axis, slope, offset, jump, 2 * forward - 1))
        first, last = self.sigma.first, self.sigma.last
        one, other = (self._channels(p, axis, slope, offset, *side) for side in ((first, forward), (last, 1 - forward)))
        start = [(first + last).sum(-1, keepdim=True) for first, last in zip(one, other)]
        cuts = torch.linspace(-half, half, self.panels + 1, dtype=slope.dtype, device=slope.device)
        cuts = cuts.expand(*at[0].shape[:2], -1)
        ends, order = torch.cat([cuts, *at], -1).sort(-1)
        zeros = torch.zeros_like(cuts)
        channels = [
            first + torch.cat([zeros, *parts], -1).gather(-1, order).cumsum(-1) for first, *parts in zip(start, *steps)
        ]
        return ends, channels

    def _channels(
        self, p: dict[str, Tensor], axis: int, slope: Tensor, offset: Tensor, q: tuple[float, ...], factor: Tensor
    ) -> list[Float[Tensor, "networks lines neurons"]]:
        """Coefficients in t of factor·c·q(z), then of factor·c·aₗ·q′(z) for the other inputs l."""
        derivative = tuple(power * factor for power, factor in enumerate(q))[1:]
        c = (factor * p["c"])[:, None]
        found = _composed(q, slope[:, None], offset, c)
        for index in range(self.network.inputs):
            if index != axis:
                found += _composed(derivative, slope[:, None], offset, c * p["a"][:, None, :, index])
        return found

    def _fields(self, channels: list[Tensor], axis: int, t: Tensor) -> tuple[Tensor, list[Tensor]]:
        """N and the components of ∇N at nodes."""
        degree = len(self.sigma.first) - 1
        own, others = channels[: degree + 1], channels[degree + 1 :]
        gradient = [_horner(others[i : i + degree], t) for i in range(0, len(others), degree)]
        gradient.insert(axis, _horner([power * part for power, part in enumerate(own)][1:], t))
        return _horner(own, t), gradient


def _composed(q: tuple[float, ...], slope: Tensor, offset: Tensor, factor: Tensor) -> list[Tensor]:
    """Coefficients of factor·q(slope·t + offset) in ascending powers of t."""
    found = []
    for power in range(len(q)):
        terms = [(q[r] * math.comb(r, power), r - power) for r in range(power, len(q)) if q[r]]
        scaled = factor * slope**power if power else factor
        if not terms:
            found.append(torch.zeros_like(scaled).expand_as(offset))
        elif terms[-1][1] == 0:
            found.append((scaled * terms[-1][0]).expand_as(offset))
        else:
            found.append(scaled * sum(number * offset**degree for number, degree in terms))
    return found


def _horner(coefficients: list[Tensor], t: Tensor) -> Tensor:
    """The polynomial with coefficients of ascending powers."""
    total = coefficients[-1].expand_as(t)
    for part in reversed(coefficients[:-1]):
        total = torch.addcmul(part, total, t)
    return total
