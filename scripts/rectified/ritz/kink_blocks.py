"""Second derivatives of the Ritz energy in the kinks and output weights of shallow networks, in closed form.

The energy Π = ∫ (½κû'² − bû) of û = D(x) Σ cᵢφᵢ(x), φᵢ(x) = σ(aᵢx + bᵢ), is quadratic in c. Moving the kink tᵢ at fixed
aᵢ shifts the neuron, ∂φᵢ/∂tᵢ = −φᵢ', so that ∂û'/∂tᵢ = −cᵢ(D'φᵢ' + Dwδ(x − tᵢ)) with the jump w of φᵢ' at its kink. All
blocks follow by integrating the deltas; at a kink, slopes are the means of both sides.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rectified.array_types import Bool, Float
from rectified.errors import InvalidInputError
from rectified.ritz.closed_form_gradient import has_closed_form_gradient
from rectified.ritz.energy import RitzEnergy


class WeightSystem(NamedTuple):
    """The energy ½cᵀMc − fᵀc of given kinks.

    Attributes:
        stiffness: M, [neurons, neurons].
        load: f, [neurons].
    """

    stiffness: Float[Tensor, "neurons neurons"]
    load: Float[Tensor, " neurons"]


class KinkDerivatives(NamedTuple):
    """Derivatives of the energy in the kinks t at fixed slopes a.

    Attributes:
        gradient: ∂Π/∂t, [neurons].
        kinks: ∂²Π/∂t², [neurons, neurons].
        mixed: ∂²Π/∂t∂c, [kinks, weights].
    """

    gradient: Float[Tensor, " neurons"]
    kinks: Float[Tensor, "neurons neurons"]
    mixed: Float[Tensor, "kinks weights"]


class _Fields(NamedTuple):
    """Neurons φ, their slopes φ' and the slopes (Dφ)' at points, [neurons, points]; D' and κ, b times the weights."""

    values: Tensor
    slopes: Tensor
    field_slopes: Tensor
    distance: Tensor
    distance_slope: Tensor
    coefficient: Tensor
    source: Tensor


class KinkBlocks:
    """Blocks of the Hessian of an energy with kink-aware quadrature.

    The integrals use the points of the quadrature rule. A call costs a few products of matrices [neurons, points].

    Raises:
        InvalidInputError: unless the quadrature is kink-aware and the network has one hidden layer and a piecewise
            linear activation with exactly one kink.
    """

    def __init__(self, energy: RitzEnergy):
        if not has_one_kink_per_neuron(energy):
            raise InvalidInputError(
                "the Hessian in the kinks needs kink-aware quadrature of a network with one hidden layer and a "
                "piecewise linear activation with one kink"
            )
        self.energy, self.network = energy, energy.network
        activation = self.network.activation
        (self.kink_point,), (self.jump,) = activation.kink_points, activation.slope_jumps
        left_slope = activation.line(torch.tensor([self.kink_point - 1.0], dtype=torch.float64))[0]
        self.mean_slope = float(left_slope) + self.jump / 2

    def kinks(self, row: Float[Tensor, " parameters"]) -> Float[Tensor, " neurons"]:
        """Return the kinks of all neurons, also outside the domain; infinite where a = 0."""
        p = self.network.blocks(row[None])
        at = (self.kink_point - p["b"][0]) / p["a"][0]
        return torch.where(p["a"][0] == 0, torch.inf, at)

    @torch.no_grad()
    def weight_system(self, row: Float[Tensor, " parameters"]) -> WeightSystem:
        """Return the linear system of the output weights at the kinks of a network."""
        fields = self._fields(row)
        stiffness = (fields.field_slopes * fields.coefficient) @ fields.field_slopes.T
        return WeightSystem(stiffness, (fields.values * (fields.source * fields.distance)).sum(1))

    @torch.no_grad()
    def __call__(self, row: Float[Tensor, " parameters"]) -> KinkDerivatives:
        """Return the derivatives in the kinks at given parameters."""
        fields, c = self._fields(row), self.network.blocks(row[None])["c"][0]
        jumps, values, slopes, field_slopes, data = self._at_kinks(row)
        coefficient, coefficient_slope, source, distance, distance_slope, distance_bend = data
        value, slope, field_slope = values @ c, slopes @ c, field_slopes @ c

        stress = fields.coefficient * (c @ fields.field_slopes)
        along = fields.distance_slope * stress - fields.source * fields.distance
        pull = (fields.slopes * along).sum(1) + jumps * coefficient * distance * field_slope
        moved = c[:, None] * fields.slopes
        weight = c * jumps * coefficient * distance
        kinks = (moved * (fields.coefficient * fields.distance_slope**2)) @ moved.T
        cross = (weight * distance_slope)[:, None] * (slopes * c)
        residual = source + coefficient_slope * field_slope
        residual = residual + coefficient * (distance_bend * value + 2 * distance_slope * slope)
        kinks = kinks + cross + cross.T - torch.diag(c * jumps * distance * residual)
        mixed = (moved * (fields.coefficient * fields.distance_slope)) @ fields.field_slopes.T
        mixed = -(mixed + weight[:, None] * field_slopes + torch.diag(pull))
        return KinkDerivatives(-c * pull, kinks, mixed)

    def _fields(self, row: Tensor) -> _Fields:
        x, weights = (part[0] for part in self.energy.rule(row[None]))
        p = self.network.blocks(row[None])
        values, slopes = self.network.activation.values_and_slopes(p["a"][0][:, None] * x + p["b"][0][:, None])
        slopes = p["a"][0][:, None] * slopes
        half_coefficient, source = self.energy.data(x)
        distance, distance_slope = self.network.distance(x)
        field_slopes = distance_slope * values + distance * slopes
        data = (2 * half_coefficient * weights, source * weights)
        return _Fields(values, slopes, field_slopes, distance, distance_slope, *data)

    def _at_kinks(self, row: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """Jumps of φ' at its kink, 0 outside the domain; φ, φ', (Dφ)' of neurons at kinks; κ, κ', b, D, D', D''."""
        p, t = self.network.blocks(row[None]), self.kinks(row)
        a, b = p["a"][0], p["b"][0]
        inside = self.inside(t)
        t = torch.where(inside, t, self.network.domain[0])
        values, slopes = self.network.activation.values_and_slopes(a * t[:, None] + b)
        own = torch.eye(len(t), dtype=torch.bool, device=t.device)
        slopes = a * torch.where(own, self.mean_slope, slopes)

        def data(at: Tensor) -> tuple[Tensor, ...]:
            return *self.energy.data(at), *self.network.distance(at)

        (half, source, distance, slope), (half_slope, _, _, bend) = torch.func.jvp(data, (t,), (torch.ones_like(t),))
        field_slopes = slope[:, None] * values + distance[:, None] * slopes
        jumps = torch.where(inside, a.abs() * self.jump, 0.0)
        return jumps, values, slopes, field_slopes, (2 * half, 2 * half_slope, source, distance, slope, bend)

    def inside(self, kinks: Float[Tensor, " neurons"]) -> Bool[Tensor, " neurons"]:
        """True for kinks inside the domain."""
        left, right = self.network.domain
        return (kinks > left) & (kinks < right)


def has_one_kink_per_neuron(energy: RitzEnergy) -> bool:
    """Return True if ``KinkBlocks`` supports the quadrature rule and the network of an energy."""
    return has_closed_form_gradient(energy) and len(energy.network.activation.kink_points) == 1
