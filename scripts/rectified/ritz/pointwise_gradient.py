"""Gradient of the Ritz energy on a fixed grid in closed form, for networks with one hidden layer.

With û = D·N, N = Σ cᵢσ(zᵢ) and zᵢ = aᵢx + bᵢ, the weighted sum Π over the points has the gradient

    ∂Π/∂cᵢ = Σ gσ(zᵢ) + g'aᵢσ'(zᵢ),
    ∂Π/∂bᵢ = cᵢ Σ gσ'(zᵢ) + g'aᵢσ''(zᵢ),
    ∂Π/∂aᵢ = cᵢ Σ (gx + g')σ'(zᵢ) + g'aᵢxσ''(zᵢ),

with g = ∂Π/∂N and g' = ∂Π/∂N' at a point. With the pointwise σ'' this is what automatic differentiation returns; for
ReLU it lacks the deltas of σ'' at the kinks (Rowan, arXiv:2512.11184, eqs. 5–8).
"""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.optimization.value_and_gradient import ValueAndGradient
from rectified.ritz.discrete_delta import discrete_deltas
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.quadrature import UniformGrid


class PointwiseGradient:
    """Energy and gradient with pointwise derivatives of σ, as automatic differentiation returns them.

    Args:
        energy: an energy with a fixed quadrature rule.

    Attributes:
        objective: the energy.
        work: cost of a call in evaluations of the field at a point, with the gradient counted as two.

    Raises:
        InvalidInputError: if the network has more than one hidden layer.
    """

    def __init__(self, energy: RitzEnergy):
        if energy.network.hidden_layers != 1:
            raise InvalidInputError(f"hidden_layers must be 1 for a closed form; got {energy.network.hidden_layers}")
        self.objective = self.energy = energy
        self.network, self.rule = energy.network, energy.rule
        self.work = 3 * energy.rule.points.shape[-1]

    @torch.no_grad()
    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        x, weights = self.rule(theta)
        p = self.network.blocks(theta)
        a, b, c = p["a"], p["b"], p["c"]
        sigma, slope, curvature = self._derivatives(a[:, :, None], b[:, :, None], x)
        value, derivative = torch.bmm(c[:, None], sigma)[:, 0], torch.bmm((c * a)[:, None], slope)[:, 0]
        distance, distance_slope = self.network.distance(x)
        u, du = distance * value, distance_slope * value + distance * derivative
        stiffness, load = self.energy.weighted_data(x, weights)
        flux = 2 * stiffness * du
        g, g_slope = distance_slope * flux - distance * load, distance * flux
        on_sigma, on_slope, weighted = self._sums(slope, g, g_slope, g * x + g_slope).unbind(-1)
        blocks = {
            "a": c * weighted,
            "b": c * on_sigma,
            "c": torch.baddbmm((a * on_slope)[:, :, None], sigma, g[:, :, None])[:, :, 0],
        }
        if curvature is not None:
            on_curvature, with_x = self._sums(curvature, g_slope, g_slope * x).unbind(-1)
            blocks["a"] += c * a * with_x
            blocks["b"] += c * a * on_curvature
        return self.energy.integrate(u, du, x, weights), self.network.row(blocks)

    @staticmethod
    def _sums(factor: Tensor, *fields: Tensor) -> Float[Tensor, "networks neurons fields"]:
        """Sums over the points of a factor times fields."""
        return torch.bmm(factor, torch.stack(fields, -1))

    def _derivatives(self, a: Tensor, b: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return σ, σ' and σ'' at every neuron and point; None for a σ'' that is zero."""
        z = torch.addcmul(b, a, x[:, None])
        if self.network.activation.is_piecewise_linear:
            return *self.network.activation.values_and_slopes(z), None
        return self.network.activation.values_to_second_order(z)


class DiscreteDelta(PointwiseGradient):
    """The gradient with discrete deltas for σ'' at the kinks, on a uniform grid (Rowan, arXiv:2512.11184, eq. 10).

    Args:
        energy: an energy whose quadrature is a uniform grid.

    Raises:
        InvalidInputError: if the network has more than one hidden layer, or if the quadrature is another one.
    """

    def __init__(self, energy: RitzEnergy):
        if not isinstance(energy.rule, UniformGrid):
            raise InvalidInputError(f"quadrature must be a uniform grid; got {type(energy.rule).__name__}")
        super().__init__(energy)

    def _derivatives(self, a: Tensor, b: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sigma, slope, curvature = super()._derivatives(a, b, x)
        deltas = discrete_deltas(self.network.activation, a, b, x[0])
        return sigma, slope, deltas if curvature is None else curvature + deltas
