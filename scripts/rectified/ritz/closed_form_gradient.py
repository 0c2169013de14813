"""Closed form of the kink-aware gradient of piecewise linear networks with one hidden layer, by Leibniz's rule.

The derivative of an integral over pieces with moving ends is the integral of the derivative plus the jump of the
integrand at each end times the derivative of that end. The second term corresponds to the delta functions in the mixed
derivatives (Rowan, arXiv:2512.11184, eq. 8): at the kink ξ of a neuron the integrand ½κû'² − bû jumps by
κ(ξ)·ū'(ξ)·[û'], with ū' the mean of the slopes on both sides.

Between two kinks û = D(Ax + B) with constant A and B, which jump at the kinks. With sorted kinks and cumulative sums
the cost is proportional to neurons + points.
"""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.quadrature import KinkAware


class ClosedFormGradient:
    """Energy and gradient of a ``RitzEnergy`` with kink-aware quadrature, without automatic differentiation.

    Where kinks coincide, the gradient is one-sided like that of ``RitzEnergy``. Kinks at a smaller distance than the
    resolution of the network are in the order of their values here, but in that of their neurons there.

    Attributes:
        objective: the energy, which can also be differentiated twice for a Hessian.
        work: cost of one call in evaluations of the field at a point, with the gradient counted as two.

    Raises:
        InvalidInputError: unless the quadrature is kink-aware and the network has one hidden layer and a piecewise
            linear activation with kinks.
    """

    def __init__(self, energy: RitzEnergy):
        if not has_closed_form_gradient(energy):
            raise InvalidInputError(
                "the closed-form gradient needs kink-aware quadrature of a network with one hidden layer "
                "and a piecewise linear activation with kinks"
            )
        self.objective, self.network, self.rule = energy, energy.network, energy.rule
        activation = self.network.activation
        self.kink_points, self.slope_jumps, self.intercept_jumps = (
            torch.tensor(values, dtype=torch.float64).to(self.rule.cuts)
            for values in (activation.kink_points, activation.slope_jumps, activation.intercept_jumps)
        )
        self.per_neuron = len(self.kink_points)
        self.first_slope, self.first_intercept = activation.line(self.kink_points[:1] - 1)
        panels = len(self.rule.cuts) - 1 + self.network.width * self.per_neuron
        self.work = 3 * len(self.rule.nodes) * panels

    @torch.no_grad()
    def __call__(
        self, theta: Float[Tensor, "networks parameters"]
    ) -> tuple[Float[Tensor, " networks"], Float[Tensor, "networks parameters"]]:
        p = self.network.blocks(theta)
        a, b, c = p["a"], p["b"], p["c"]
        kinks, side, slope, intercept = self._pieces(a, b)
        ends, order = torch.cat([self.rule.cuts.expand(len(a), -1), kinks], 1).sort(dim=-1, stable=True)
        place = order.argsort(-1)[:, len(self.rule.cuts) :]  # index of each kink among the sorted ends
        slope_steps = side * self._each(self.slope_jumps, a)
        intercept_steps = side * self._each(self.intercept_jumps, a)

        # A and B to the right of each end: their values at the left end of the domain plus the jumps up to there.
        rows = torch.stack([c * a, c * b], 1)
        jumps = self._per_kink(rows) * slope_steps[:, None]
        jumps[:, 1] += self._per_kink(c) * intercept_steps
        steps = torch.zeros(len(a), 2, ends.shape[1], dtype=theta.dtype, device=theta.device)
        steps.scatter_(2, place[:, None].expand(-1, 2, -1), jumps)
        steps[:, :, 0] += (rows * slope[:, None]).sum(-1)
        steps[:, 1, 0] += (c * intercept).sum(-1)
        lines = steps.cumsum(-1)

        # Integral of the derivative: each neuron contributes through A and B.
        value, sums, at_kinks = self._integrate(lines, *self.rule.points_between(ends), kinks)
        beyond = torch.nn.functional.pad(
            sums.flip(-1).cumsum(-1).flip(-1), (0, 1)
        )  # integrals from each end to the right end of the domain
        right = beyond.gather(2, place[:, None].expand(-1, 2, -1))
        along = slope[:, None] * beyond[:, :, :1] + self._per_neuron(slope_steps[:, None] * right)
        along_intercept = intercept * beyond[:, 1, :1] + self._per_neuron(intercept_steps * right[:, 1])

        # Jump of the integrand at each kink times the derivative of the kink: −1/a in b, −ξ/a in a.
        mean = (lines - steps / 2).gather(2, place[:, None].expand(-1, 2, -1))
        half_coefficient, distance, distance_slope = at_kinks
        mean_slope = distance_slope * (mean[:, 0] * kinks + mean[:, 1]) + distance * mean[:, 0]
        delta = 2 * half_coefficient * mean_slope * distance * slope_steps * self._per_kink(c)

        gradient = [
            c * along[:, 0] + self._per_neuron(kinks * delta),
            c * along[:, 1] + self._per_neuron(delta),
            a * along[:, 0] + b * along[:, 1] + along_intercept,
        ]
        return value, torch.cat(gradient, 1)

    def _pieces(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Kinks of all neurons, sign of a at each, and slope and intercept of σ at the left end of the domain.

        Kinks at the ends and outside the domain are replaced by the right end and sign 0. The comparison that decides
        whether a kink is inside also decides on which side of it the left end is.
        """
        left, right = self.network.domain
        a = (a + 0.0)[..., None]  # −0 becomes 0, so that a neuron without slope has its kink at ∞ on the right side
        kinks = (self.kink_points - b[..., None]) / a
        beyond_left = kinks > left
        inside = beyond_left & (kinks < right)
        passed = torch.where(a >= 0, kinks <= left, beyond_left).to(kinks)
        slope = self.first_slope + passed @ self.slope_jumps
        intercept = self.first_intercept + passed @ self.intercept_jumps
        return torch.where(inside, kinks, right).flatten(1), (a.sign() * inside).flatten(1), slope, intercept

    def _integrate(self, lines: Tensor, x: Tensor, weights: Tensor, kinks: Tensor):
        """Energy, integrals of its derivatives in A and B over each piece, and κ/2, D and D' at the kinks."""
        everywhere = torch.cat([x.flatten(1), kinks], 1)
        values = (*self.objective.data(everywhere), *self.network.distance(everywhere))
        inner, at_kinks = zip(*(value.split([x[0].numel(), kinks.shape[1]], 1) for value in values))
        half_coefficient, source, distance, distance_slope = (value.view(x.shape) for value in inner)
        slope, intercept = lines[:, 0, :-1, None], lines[:, 1, :-1, None]
        field = slope * x + intercept
        derivative = distance_slope * field + distance * slope
        flux = half_coefficient * weights * derivative
        load = source * weights * distance
        value = (flux * derivative - load * field).sum((1, 2))
        flux = 2 * flux
        per_intercept = flux * distance_slope - load
        per_slope = per_intercept * x + flux * distance
        sums = torch.stack([per_slope.sum(-1), per_intercept.sum(-1)], 1)
        return value, sums, (at_kinks[0], at_kinks[2], at_kinks[3])

    def _each(self, jumps: Tensor, a: Tensor) -> Tensor:
        """Jumps of σ repeated for every neuron, in the order of the kinks."""
        return jumps if self.per_neuron == 1 else jumps.repeat(a.shape[1])

    def _per_kink(self, values: Tensor) -> Tensor:
        """Values per neuron repeated for each of its kinks."""
        return values if self.per_neuron == 1 else values.repeat_interleave(self.per_neuron, -1)

    def _per_neuron(self, values: Tensor) -> Tensor:
        """Values per kink summed over the kinks of each neuron."""
        return values if self.per_neuron == 1 else values.unflatten(-1, (-1, self.per_neuron)).sum(-1)


def has_closed_form_gradient(energy: RitzEnergy) -> bool:
    """Return True if ``ClosedFormGradient`` supports the quadrature rule and the network of an energy."""
    network = energy.network
    lines = network.hidden_layers == 1 and network.activation.is_piecewise_linear
    return isinstance(energy.rule, KinkAware) and lines and len(network.activation.kink_points) > 0
