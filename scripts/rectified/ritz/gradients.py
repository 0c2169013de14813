"""Rules for the parameter gradient of the Ritz energy: automatic, by differences, with discrete deltas, kink-aware.

A rule called with parameters [networks, parameters] returns the objective [networks] and its gradient
[networks, parameters]. Its attribute ``objective`` is the function differentiated, ``work`` the cost of a call in
evaluations of the field at a point. Source: Rowan, arXiv:2512.11184, eqs. 5–10.
"""

import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.optimization import chunked_evaluation
from rectified.optimization.central_differences import first_difference
from rectified.optimization.value_and_gradient import GradientRule, Objective, ValueAndGradient, value_and_gradient
from rectified.ritz import closed_form_gradient
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.network import Network
from rectified.ritz.pointwise_gradient import DiscreteDelta, PointwiseGradient
from rectified.ritz.quadrature import KinkAware, UniformGrid

GRADIENTS = ("autodiff", "discrete_delta", "finite_difference", "kink_aware")


class Autodiff:
    """Automatic differentiation of an objective.

    On a fixed grid the contributions of moving kinks to the gradient of the integral are missing; with kink-aware
    quadrature the result is the gradient of the integral.

    Args:
        objective: maps parameters [networks, parameters] to [networks].
        points: quadrature points of the objective; ``work`` counts the backward pass as two evaluations.
    """

    def __init__(self, objective: Objective, points: int):
        self.objective = objective
        self.work = 3 * points

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        return value_and_gradient(self.objective, theta)


class FiniteDifference:
    """Central differences [Π(θ + εe) − Π(θ − εe)]/2ε in all parameters of all networks, in one batch.

    Args:
        objective: maps parameters [networks, parameters] to [networks].
        step: ε, in the units of the parameters; one for all parameters or one for each.
        points: quadrature points of the objective.
        network: the network that the objective evaluates.
    """

    def __init__(self, objective: Objective, step: float | Tensor, points: int, network: Network):
        self.objective, self.step = objective, step
        self.values_per_network = points * network.width
        self.work = 2 * network.parameters * points

    @torch.no_grad()
    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        networks, parameters = theta.shape
        shifts = self.step * torch.eye(parameters, dtype=theta.dtype, device=theta.device)
        shifted = (theta[:, None] + torch.cat([shifts, -shifts])).flatten(0, 1)
        values = chunked_evaluation.evaluate(self.objective, shifted, self.values_per_network)
        up, down = values.view(networks, 2, parameters).unbind(1)
        return self.objective(theta), first_difference(down, up, self.step)


def steps_within_kinks(
    network: Network, theta: Float[Tensor, " parameters"], largest: float
) -> Float[Tensor, " parameters"]:
    """Return the step of each parameter of a network, at most the largest, that moves no kink to another or to an end.

    Between such events the exact energy is smooth in the parameter. Kinks of deeper layers are not considered. Kinks
    closer than rounding allows are crossed: no step is smaller than 1e-4 of the largest.
    """
    steps = {name: torch.full_like(block, largest) for name, block in network.blocks(theta[None]).items()}
    points = torch.as_tensor(network.activation.kink_points, dtype=theta.dtype, device=theta.device)
    if len(points):
        p = network.blocks(theta[None])
        slope = p["a"].abs()
        kinks = (points - p["b"][:, :, None]) / p["a"][:, :, None]
        ends = torch.as_tensor(network.domain, dtype=theta.dtype, device=theta.device).expand(len(kinks), -1)
        gaps = (kinks[..., None] - torch.cat([kinks.flatten(1), ends], 1)[:, None, None]).abs()
        own = torch.eye(kinks[0].numel(), gaps.shape[-1], dtype=torch.bool, device=theta.device)
        gaps = gaps.masked_fill(own.view(*kinks.shape[1:], -1), torch.inf).amin((-2, -1))
        furthest = kinks.abs().amax(-1).clamp(min=1)
        steps["b"] = steps["b"].minimum(gaps * slope / 2)
        steps["a"] = steps["a"].minimum(torch.minimum(gaps / furthest, torch.ones_like(gaps)) * slope / 4)
    return network.row(steps)[0].clamp(min=1e-4 * largest)


class NeuronwiseFiniteDifference:
    """Central differences of the energy of networks with one hidden layer on a fixed grid.

    The result equals that of ``FiniteDifference`` up to rounding, in a fraction of the time: a shifted parameter
    changes the contribution of one neuron, so that each of the 2P energies needs the values of that neuron only.

    Args:
        energy: an energy with a fixed quadrature rule.
        step: ε, in the units of the parameters.
    """

    def __init__(self, energy: RitzEnergy, step: float):
        self.objective = self.energy = energy
        self.network, self.step = energy.network, step
        points = energy.rule.points.shape[-1]
        self.work = 2 * self.network.parameters * points

    @torch.no_grad()
    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        x, weights = self.energy.rule(theta)
        stiffness, load = self.energy.weighted_data(x, weights)
        distance, distance_slope = self.network.distance(x)
        p = self.network.blocks(theta)
        neurons, slopes = self._contributions(p, x)
        value, slope = neurons.sum(1, keepdim=True), slopes.sum(1, keepdim=True)
        others, others_slope = value - neurons, slope - slopes

        def energies(blocks: dict[str, Tensor]) -> Tensor:
            shifted, shifted_slope = self._contributions(blocks, x)
            value, slope = others + shifted, others_slope + shifted_slope
            derivative = distance_slope * value + distance * slope
            return (derivative * derivative) @ stiffness[0] - value @ (load * distance)[0]

        def difference(name: str) -> Tensor:
            up, down = (energies({**p, name: p[name] + shift}) for shift in (self.step, -self.step))
            return first_difference(down, up, self.step)

        gradient = self.network.row({name: difference(name) for name in p})
        derivative = distance_slope * value + distance * slope
        total = self.energy.integrate((distance * value)[:, 0], derivative[:, 0], x, weights)
        return total, gradient

    def _contributions(self, p: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        """Terms cᵢσ(zᵢ) of N and cᵢaᵢσ'(zᵢ) of N', [networks, neurons, points]."""
        a, b, c = (p[name][:, :, None] for name in "abc")
        sigma, slope = self.network.activation.values_and_slopes(torch.addcmul(b, a, x[:, None]))
        return c * sigma, (c * a) * slope


def ritz_gradient(
    name: str,
    problem,
    network: Network,
    *,
    points: int,
    step: float,
    order: int,
    panels: int,
    device: Device = "cpu",
) -> GradientRule:
    """Return the gradient rule with that name for the Ritz energy of a network.

    Args:
        name: ``autodiff``, ``discrete_delta`` or ``finite_difference`` on a uniform grid, or ``kink_aware``. Networks
            with one hidden layer take the closed form of ``autodiff``, equal up to rounding and four times as fast.
        problem: the elliptic problem.
        points: points of the uniform grid.
        step: step ε of the finite differences.
        order, panels: Gauss–Legendre nodes per piece and number of equal panels of kink-aware quadrature.
        device: device of the parameters.

    Raises:
        InvalidInputError: for another name, or for ``discrete_delta`` and more than one hidden layer.
    """
    if name not in GRADIENTS:
        raise InvalidInputError(f"unknown gradient {name!r}; it must be one of {', '.join(GRADIENTS)}")
    if name == "kink_aware":
        energy = RitzEnergy(problem, network, KinkAware(network, order, panels, device))
        if closed_form_gradient.has_closed_form_gradient(energy):
            return closed_form_gradient.ClosedFormGradient(energy)
        kinks = network.width * network.hidden_layers * len(network.activation.kink_points)
        return Autodiff(energy, (panels + kinks) * order)
    grid = UniformGrid(points, network.domain, device)
    energy = RitzEnergy(problem, network, grid)
    if name == "finite_difference" and network.hidden_layers == 1:
        return NeuronwiseFiniteDifference(energy, step)
    if name == "finite_difference":
        return FiniteDifference(energy, step, points, network)
    if name == "discrete_delta":
        return DiscreteDelta(energy)
    return PointwiseGradient(energy) if network.hidden_layers == 1 else Autodiff(energy, points)
