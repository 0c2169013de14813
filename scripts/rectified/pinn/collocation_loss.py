"""The loss of physics-informed training for any network of two inputs, and its gradient.

Loss: the mean of r² over collocation points, with r = N(u, ∂u) − q, plus weighted mean squares of the errors of the
initial and boundary conditions. Input derivatives come from one of the rules of ``input_derivatives``; the gradient in
the parameters is by automatic differentiation. Smooth networks whose outputs depend on their own point alone have
hand-written jets instead, if the equation is of second order.
Source: Raissi, Perdikaris, Karniadakis, J. Comput. Phys. 378 (2019); Bischof.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks import field_jets
from rectified.networks.field_jets import FieldJets
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import FieldNetwork
from rectified.optimization.value_and_gradient import ValueAndGradient, value_and_gradient
from rectified.pinn.input_derivatives import RULES, FieldDerivatives
from rectified.pinn.mlp_residuals import jet_inputs
from rectified.pinn.sampling import Sampler, as_tensor
from rectified.problems.conditions import grid_of
from rectified.problems.problem import Problem

MASS_TIMES, MASS_POINTS = 16, 64


class CollocationLoss:
    """The loss and its gradient.

    A gradient rule: called with parameters [networks, parameters], it returns the loss [networks] and its gradient
    [networks, parameters].

    Args:
        problem: the equation and its conditions.
        network: the field u.
        sampler: draws the points.
        rule: of the input derivatives, a key of ``input_derivatives.RULES``.
        joint: whether the points of the equation and of the conditions go through the network as one batch.
        mass_weight: weight of the mean squared error of ∫u dx, for a problem with the method ``mass``.
        residual: the mean squared residual [networks] of parameters [networks, parameters] and a pass, by a rule of its
            own; None takes the mean over collocation points.

    Attributes:
        points: the current ``TrainingPoints``.
        uses_jets: True if jets replace the rule, which gives the same derivatives more slowly.
    """

    def __init__(
        self,
        problem: Problem,
        network: FieldNetwork,
        sampler: Sampler,
        rule: str = "reverse",
        joint: bool = False,
        mass_weight: float = 0.0,
        residual: Callable[[Tensor, Pass], Tensor] | None = None,
    ):
        self.problem, self.network, self.sampler = problem, network, sampler
        self.joint, self.mass_weight, self.residual = joint, mass_weight, residual
        self.rule = RULES[rule]
        curved = any(len(name) > 1 for name in problem.derivatives)  # first derivatives are as fast by autodiff
        self.uses_jets = rule != "stencil" and curved and field_jets.suits(network)
        if self.uses_jets:
            first, second, self._names = jet_inputs(problem)
            self._jets, self._values = FieldJets(network, first, second), FieldJets(network)
        self.points = sampler.draw(0)
        if mass_weight:
            self._set_mass_points()

    def _set_mass_points(self) -> None:
        (left, right), (start, end) = self.problem.box
        x = left + (right - left) * (np.arange(MASS_POINTS) + 0.5) / MASS_POINTS
        t = start + (end - start) * (np.arange(MASS_TIMES) + 1) / MASS_TIMES
        self._mass_points = as_tensor(grid_of(x, t))[None].to(self.sampler.device)
        self._mass, self._length = as_tensor(self.problem.mass(t)).to(self.sampler.device), right - left

    def redraw(self, epoch: int, theta: Float[Tensor, "networks parameters"]) -> None:
        """Draw the points of an epoch and update the running statistics in theta with them, in place."""
        self.network.at_epoch(epoch)
        if self.sampler.sampling == "resampled":
            self.points = self.sampler.draw(epoch)
        if self.network.has_statistics:
            for x in self._passes():
                theta.copy_(self.network.with_statistics(theta, x.to(theta)))

    def _passes(self) -> list[Tensor]:
        """The batches that go through the network in one step."""
        if self.points.on_grid is not None:
            return [self.points.collocation]
        passes = [self.points.collocation, self.points.conditions]
        return [_side_by_side(passes)] if self.joint else passes

    def field(self, theta: Tensor, inputs: Float[Tensor, "networks 2 inputs"], of: Pass) -> Float[Tensor, "networks _"]:
        """u in a pass of training; a joint pass adds the points of the conditions to the batch, as constants."""
        if not self.joint:
            return self.network.evaluate(theta, inputs, of)
        beside = self.points.conditions.to(theta).expand(len(theta), -1, -1)
        return self.network.evaluate(theta, torch.cat([inputs, beside], -1), of)[:, : inputs.shape[-1]]

    def jets(
        self, theta: Tensor, x: Float[Tensor, "networks_or_1 2 points"], of: Pass, wanted: Sequence[str] | None = None
    ) -> FieldDerivatives:
        """u and its derivatives at points x by the rule of training.

        Args:
            wanted: names of the derivatives; None takes those of the equation.
        """
        if self.uses_jets and wanted is None:
            return dict(zip(self._names, self._jets(theta, x.to(theta)).unbind(1)))
        batch = self.network.batch(x.to(theta))
        inputs = batch.repeat(len(theta) // len(batch), 1, 1)
        names = self.problem.derivatives if wanted is None else wanted
        jets = self.rule(lambda inner: self.field(theta, inner, of), inputs, names, self.problem.axes)
        count = x.shape[-1]
        return {name: value if value.shape[-1] == count else self.network.own(value) for name, value in jets.items()}

    def terms(self, theta: Float[Tensor, "networks parameters"]) -> dict[str, Float[Tensor, " networks"]]:
        """The terms of the loss, differentiable in theta: equation, conditions, and penalty and mass if present."""
        points, of = self.points, Pass()
        equation, u = self._equation(theta, of) if self.residual is None else (self.residual(theta, of), None)
        errors = self._at_conditions(theta, u) - points.targets.to(theta)
        terms = {"equation": equation, "conditions": errors.square() @ points.weights.to(theta)}
        if isinstance(of.penalty, Tensor):
            terms["penalty"] = of.penalty
        if self.mass_weight:
            terms["mass"] = self.mass_weight * self._mass_error(theta)
        return terms

    def _equation(self, theta: Tensor, of: Pass) -> tuple[Float[Tensor, " networks"], Tensor]:
        """The mean squared residual over the collocation points, and u there."""
        points = self.points
        jets = self.jets(theta, points.collocation, of)
        residual = self.problem.operator({name: value[:, points.inner] for name, value in jets.items()})
        return (residual - points.forcing.to(theta)).square().mean(1), jets["u"]

    def _at_conditions(self, theta: Tensor, u: Tensor | None) -> Tensor:
        """u at the points of the conditions: on the same grid, in the joint batch, or in a separate pass."""
        if self.points.on_grid is not None:
            return u[:, self.points.on_grid]
        (x,) = self._passes() if self.joint else [self.points.conditions]
        return self._u(theta, x)[:, -self.points.targets.shape[-1] :]

    def _u(self, theta: Tensor, x: Tensor) -> Float[Tensor, "networks points"]:
        """u in a pass of its own."""
        if self.uses_jets:
            return self._values(theta, x.to(theta))[:, 0]
        return self.network.evaluate(theta, x.to(theta), Pass())

    def _mass_error(self, theta: Tensor) -> Tensor:
        u = self._u(theta, self._mass_points)
        mass = self._length * u.unflatten(-1, (MASS_POINTS, MASS_TIMES)).mean(1)
        return (mass - self._mass.to(theta)).square().mean(1)

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """The loss, differentiable in theta."""
        return sum(self.terms(theta).values())

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        return value_and_gradient(self.objective, theta)


def _side_by_side(batches: Sequence[Float[Tensor, "networks_or_1 2 _"]]) -> Float[Tensor, "networks_or_1 2 _"]:
    """Points of several batches as one batch."""
    networks = max(map(len, batches))
    return torch.cat([batch.expand(networks, -1, -1) for batch in batches], -1)
