"""Deep Ritz energy, regression loss, and errors of a trained network against the exact solution."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.formulas.torch_functions import torch_function
from rectified.problems.elliptic import EllipticProblem, X
from rectified.ritz.network import Network
from rectified.ritz.quadrature import Gauss, KinkAware, Quadrature


class RitzEnergy:
    """Π[û] = ∫ (½κû'² − bû) dx by a quadrature rule (Rowan, arXiv:2512.11184, eq. 2).

    A call with parameters [networks, parameters] returns the energies [networks]. They are differentiable in the
    parameters; only with kink-aware quadrature are the derivatives those of the integral. Where the integral has none,
    they are one-sided. If kinks of neurons i < j of the first layer coincide, they are the limits of the derivatives
    as these kinks meet, that of i to the left of that of j. A kink at an end of the domain counts as outside, which
    matters only for second derivatives. A neuron with a = 0 and b at a kink of σ counts as below the kink. Kinks of
    deeper layers that coincide with others are not moved apart: the derivatives there need not be one-sided.
    """

    def __init__(self, problem: EllipticProblem, network: Network, rule: Quadrature):
        self.problem, self.network, self.rule = problem, network, rule
        self.data = torch_function([problem.coefficient / 2, problem.source], [X])
        self._kept = self._weighted(rule.points, rule.weights) if rule.fixed else None
        self._kept_distance = network.distance(rule.points) if rule.fixed else None

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        if not self.rule.fixed:
            theta = self.network.separate_kinks(theta)
        x, weights = self.rule(theta)
        distance, slope = self._kept_distance or self.network.distance(x)
        value, derivative = self.network.output(theta, x)
        return self.integrate(distance * value, slope * value + distance * derivative, x, weights)

    def integrate(self, value: Tensor, derivative: Tensor, x: Tensor, weights: Tensor) -> Tensor:
        """Return the energies [networks] of fields û and û' given at the points of the rule."""
        stiffness, load = self.weighted_data(x, weights)
        return (stiffness * derivative * derivative - load * value).sum(-1)

    def weighted_data(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return ½κ and b multiplied by the weights; computed once for rules with fixed points."""
        return self._kept or self._weighted(x, weights)

    def _weighted(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        half_coefficient, source = self.data(x)
        return half_coefficient * weights, source * weights


class RegressionLoss:
    """Squared L² distance ∫ (û − u)² dx to the exact solution u, by a quadrature rule.

    It has a derivative everywhere; where kinks coincide or meet an end of the domain, the second derivatives are
    one-sided like those of ``RitzEnergy``.
    """

    def __init__(self, problem: EllipticProblem, network: Network, rule: Quadrature):
        self.network, self.rule = network, rule
        self._solution = torch_function([problem.solution], [X])

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        if not self.rule.fixed:
            theta = self.network.separate_kinks(theta)
        x, weights = self.rule(theta)
        value, _ = self.network.fields(theta, x)
        return (weights * (value - self._solution(x)[0]) ** 2).sum(-1)


class Errors(NamedTuple):
    """Errors of trained networks.

    Attributes:
        energy: Π[û] of each network.
        relative_l2: ‖û − u‖/‖u‖ of each network.
    """

    energy: Tensor
    relative_l2: Tensor


class TrueErrors:
    """Energy Π[û] and ‖û − u‖/‖u‖ in L², without the quadrature error of training.

    Both integrals use kink-aware quadrature on fine panels and are accurate to rounding. If the kinks of a deep network
    cannot be located, a fixed rule with 32 times as many panels is used; its relative error is about 1e-8 for an
    activation with a continuous slope.

    Args:
        order, panels: Gauss–Legendre nodes per piece, and number of equal panels.
    """

    def __init__(
        self, problem: EllipticProblem, network: Network, order: int = 8, panels: int = 64, device: Device = "cpu"
    ):
        fixed = Gauss(order, 32 * panels, network.domain, device)
        rule = KinkAware(network, order, panels, device) if network.locates_kinks else fixed
        self.energy = RitzEnergy(problem, network, rule)
        self.distance = RegressionLoss(problem, network, rule)
        self.norm = problem.solution_norm

    @torch.no_grad()
    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Errors:
        return Errors(self.energy(theta), self.distance(theta).sqrt() / self.norm)
