"""The loss of physics-informed training at collocation points, for a network in any variant, and its gradient.

Loss: the mean of r² over collocation points, r = operator(u) − forcing, plus weighted mean squares of what u misses of
the initial and the boundary condition. Input derivatives come from one of the rules of ``derivatives``; the gradient in
the parameters is automatic. Source: Raissi, Perdikaris, Karniadakis, J. Comput. Phys. 378 (2019); Bischof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float, Int
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import FieldNetwork
from rectified.networks.seeding import numpy_generator
from rectified.optimization.value_and_gradient import ValueAndGradient, value_and_gradient
from rectified.pinn.input_derivatives import RULES, Jets

MASS_TIMES, MASS_POINTS = 16, 64


@dataclass(frozen=True)
class TrainingPoints:
    """What a loss is evaluated at.

    Attributes:
        collocation: points of the equation, [1, 2, points]; of a grid all nodes.
        conditions: points of the conditions, [1, 2, conditions].
        inner: which of the collocation points count for the equation; all but those on the boundary of a grid.
        on_grid: which of the collocation points are those of the conditions, or None if they are others.
        forcing: right side of the equation at its points.
        targets: values of the conditions.
        weights: of the squared errors of the conditions in the loss.
    """

    collocation: Float[Tensor, "1 2 points"]
    conditions: Float[Tensor, "1 2 conditions"]
    inner: Int[Tensor, " equations"]
    on_grid: Int[Tensor, " conditions"] | None
    forcing: Float[Tensor, " equations"]
    targets: Float[Tensor, " conditions"]
    weights: Float[Tensor, " conditions"]

    def to(self, device: Device) -> "TrainingPoints":
        """The same points on a device."""
        return TrainingPoints(*(part if part is None else part.to(device) for part in vars(self).values()))


class Sampler:
    """Draws the points of a loss: the conditions once, the collocation points once or at every step.

    Args:
        problem: with ``box``, ``forcing``, ``conditions`` and ``exact``.
        sampling: "cells", "uniform", "resampled" or "nodes".
        count: collocation points.
        initial, boundary: points of the conditions.
        weights: of the conditions, by kind.
        stream: name that the random numbers are derived from.
        device: where the points of an epoch lie; those of the conditions are NumPy arrays.
    """

    def __init__(
        self,
        problem,
        sampling: str,
        count: int,
        initial: int,
        boundary: int,
        weights: Mapping[str, float],
        stream: str,
        device: Device = "cpu",
    ):
        self.problem, self.sampling, self.count = problem, sampling, count
        self.stream, self.device = stream, device
        drawn = problem.conditions(initial, boundary, numpy_generator(stream, "conditions"))
        self.points = np.concatenate([condition.points for condition in drawn], 1)
        self.values = np.concatenate([condition.values for condition in drawn])
        self.weights = np.concatenate([np.full(len(c.values), weights[c.kind] / len(c.values)) for c in drawn])
        self.boundary_weight = weights["boundary"]

    def draw(self, epoch: int) -> TrainingPoints:
        """The points of an epoch; they depend on nothing else."""
        points = self._nodes() if self.sampling == "nodes" else self._scattered(epoch)
        return points.to(self.device)

    def _scattered(self, epoch: int) -> TrainingPoints:
        """Points inside, and the conditions at points of their own."""
        interior = self.interior(epoch)
        return TrainingPoints(
            as_tensor(interior)[None],
            as_tensor(self.points)[None],
            torch.arange(interior.shape[1]),
            None,
            as_tensor(self.problem.forcing(interior)),
            as_tensor(self.values),
            as_tensor(self.weights),
        )

    def interior(self, epoch: int) -> Float[np.ndarray, "2 points"]:
        """The collocation points of an epoch."""
        low, high = self.problem.box.T[:, :, None]
        if self.sampling == "cells":
            unit = grid_of(*[(np.arange(self._side) + 0.5) / self._side] * 2)
        else:
            names = ("collocation", epoch) if self.sampling == "resampled" else ("collocation",)
            unit = numpy_generator(self.stream, *names).random((2, self.count))
        return low + (high - low) * unit

    @property
    def _side(self) -> int:
        return round(self.count**0.5)

    def _nodes(self) -> TrainingPoints:
        """All nodes of a grid in one pass: the equation at inner nodes, the exact solution at those on the boundary."""
        nodes = grid_of(*(np.linspace(*ends, self._side) for ends in self.problem.box))
        inner = np.zeros((self._side, self._side), dtype=bool)
        inner[1:-1, 1:-1] = True
        equation, conditions = np.flatnonzero(inner), np.flatnonzero(~inner)
        return TrainingPoints(
            as_tensor(nodes)[None],
            as_tensor(nodes[:, conditions])[None],
            torch.from_numpy(equation),
            torch.from_numpy(conditions),
            as_tensor(self.problem.forcing(nodes[:, equation])),
            as_tensor(self.problem.exact(nodes[:, conditions])),
            torch.full((len(conditions),), self.boundary_weight / len(conditions), dtype=torch.float64),
        )


def grid_of(first: np.ndarray, second: np.ndarray) -> Float[np.ndarray, "2 points"]:
    """All pairs of two sets of coordinates, the second running fastest."""
    return np.stack([axis.ravel() for axis in np.meshgrid(first, second, indexing="ij")])


def as_tensor(values: np.ndarray) -> Tensor:
    """A tensor in float64 with memory of its own."""
    return torch.from_numpy(np.array(values, dtype=np.float64))


class CollocationLoss:
    """The loss and its gradient: a gradient rule, called with parameters [networks, parameters].

    Args:
        problem: the equation.
        network: u.
        sampler: of the points.
        rule: how input derivatives are taken, a key of ``derivatives.RULES``.
        joint: whether the points of equation and conditions go through the network as one batch.
        mass_weight: of the squared error of ∫u dx, where the problem knows the mass.

    Attributes:
        points: those in use.
    """

    def __init__(
        self,
        problem,
        network: FieldNetwork,
        sampler: Sampler,
        rule: str = "reverse",
        joint: bool = False,
        mass_weight: float = 0.0,
    ):
        self.problem, self.network, self.sampler = problem, network, sampler
        self.joint, self.mass_weight = joint, mass_weight
        self.rule = RULES[rule]
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
        """Draw the points of an epoch, and let running statistics in the parameters follow them."""
        if self.sampler.sampling == "resampled":
            self.points = self.sampler.draw(epoch)
        if self.network.has_statistics:
            for x in self._passes():
                theta.copy_(self.network.with_statistics(theta, x.to(theta)))

    def _passes(self) -> list[Tensor]:
        """The batches that go through the network in a step."""
        if self.points.on_grid is not None:
            return [self.points.collocation]
        passes = [self.points.collocation, self.points.conditions]
        return [torch.cat(passes, -1)] if self.joint else passes

    def field(self, theta: Tensor, inputs: Float[Tensor, "networks 2 inputs"], of: Pass) -> Float[Tensor, "networks _"]:
        """u in a pass of training; in a joint pass the points of the conditions are in the batch, but do not move."""
        if not self.joint:
            return self.network.evaluate(theta, inputs, of)
        beside = self.points.conditions.to(theta).expand(len(theta), -1, -1)
        return self.network.evaluate(theta, torch.cat([inputs, beside], -1), of)[:, : inputs.shape[-1]]

    def jets(
        self, theta: Tensor, x: Float[Tensor, "1 2 points"], of: Pass, wanted: Sequence[str] | None = None
    ) -> Jets:
        """u and its derivatives at points x as training takes them; those that the equation needs, or those wanted."""
        inputs = self.network.batch(x.to(theta)).repeat(len(theta), 1, 1)
        names = self.problem.derivatives if wanted is None else wanted
        jets = self.rule(lambda inner: self.field(theta, inner, of), inputs, names, self.problem.axes)
        count = x.shape[-1]
        return {name: value if value.shape[-1] == count else self.network.own(value) for name, value in jets.items()}

    def terms(self, theta: Float[Tensor, "networks parameters"]) -> dict[str, Float[Tensor, " networks"]]:
        """What adds up to the loss, differentiable in theta: equation, conditions, and penalty or mass if any."""
        points, of = self.points, Pass()
        jets = self.jets(theta, points.collocation, of)
        residual = self.problem.operator({name: value[:, points.inner] for name, value in jets.items()})
        residual = residual - points.forcing.to(theta)
        errors = self._at_conditions(theta, jets["u"]) - points.targets.to(theta)
        terms = {"equation": residual.square().mean(1), "conditions": errors.square() @ points.weights.to(theta)}
        if isinstance(of.penalty, Tensor):
            terms["penalty"] = of.penalty
        if self.mass_weight:
            terms["mass"] = self.mass_weight * self._mass_error(theta)
        return terms

    def _at_conditions(self, theta: Tensor, u: Tensor) -> Tensor:
        """u at the points of the conditions: of the same grid, of the joint batch, or of a pass of their own."""
        if self.points.on_grid is not None:
            return u[:, self.points.on_grid]
        x = torch.cat(self._passes(), -1) if self.joint else self.points.conditions
        return self.network.evaluate(theta, x.to(theta), Pass())[:, -len(self.points.targets) :]

    def _mass_error(self, theta: Tensor) -> Tensor:
        u = self.network.evaluate(theta, self._mass_points.to(theta), Pass())
        mass = self._length * u.unflatten(-1, (MASS_POINTS, MASS_TIMES)).mean(1)
        return (mass - self._mass.to(theta)).square().mean(1)

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """The loss, differentiable in theta."""
        return sum(self.terms(theta).values())

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        return value_and_gradient(self.objective, theta)
