"""Points at which the losses of physics-informed networks are evaluated: collocation points and conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float, Int
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator, numpy_generator
from rectified.problems.conditions import Condition, grid_of
from rectified.problems.problem import Problem


def as_tensor(values: np.ndarray) -> Float[Tensor, "..."]:
    """A copy of an array as a float64 tensor."""
    return torch.from_numpy(np.array(values, dtype=np.float64))


def uniform_points(problem: Problem, count: int, *names: object) -> Float[Tensor, "2 points"]:
    """Points drawn uniformly from the box of a problem, from the random stream of the given names, in float64."""
    unit = torch.rand(2, count, generator=generator(*names), dtype=torch.float64)
    low, high = torch.from_numpy(problem.box).T[:, :, None]
    return low + (high - low) * unit


class ConditionPoints(NamedTuple):
    """The points of all conditions of a problem.

    Attributes:
        points: where u is prescribed.
        values: of u there.
        weights: of the squared errors in the loss.
    """

    points: Float[np.ndarray, "2 conditions"]
    values: Float[np.ndarray, " conditions"]
    weights: Float[np.ndarray, " conditions"]


def joined(conditions: Sequence[Condition], weights: Mapping[str, float]) -> ConditionPoints:
    """Concatenate conditions, given the weights of their mean squared errors in the loss, by kind."""
    return ConditionPoints(
        np.concatenate([condition.points for condition in conditions], 1),
        np.concatenate([condition.values for condition in conditions]),
        np.concatenate([np.full(len(c.values), weights[c.kind] / len(c.values)) for c in conditions]),
    )


class Minibatches:
    """Minibatches of a fixed pool of collocation points, drawn without replacement.

    Args:
        pool: all points.
        batch: points of a minibatch; None takes the whole pool.
        stream: name of the random stream.

    Raises:
        InvalidInputError: if the pool is smaller than a minibatch.
    """

    def __init__(self, pool: Float[Tensor, "1 2 points"], batch: int | None, stream: str):
        points = pool.shape[-1]
        self.size = points if batch is None else batch
        if not 1 <= self.size <= points:
            raise InvalidInputError(f"batch must be between 1 and the {points} points of the pool; got {self.size}")
        self.pool, self.stream = pool, stream

    def first(self) -> Float[Tensor, "1 2 batch"]:
        """The first points of the pool."""
        return self.pool[:, :, : self.size]

    def draw(self, epoch: int) -> Float[Tensor, "1 2 batch"]:
        """The minibatch of an epoch, which depends on nothing else."""
        points = self.pool.shape[-1]
        if self.size == points:
            return self.pool
        chosen = torch.randperm(points, generator=generator(self.stream, "minibatch", epoch))[: self.size]
        return self.pool[:, :, chosen.to(self.pool.device)]


@dataclass(frozen=True)
class TrainingPoints:
    """Points at which a ``CollocationLoss`` is evaluated.

    Attributes:
        collocation: points that go through the network for the equation; all nodes of a grid.
        conditions: points of the conditions.
        inner: indices of the collocation points at which the equation is imposed, all but the boundary of a grid.
        on_grid: indices of the collocation points at which the conditions are imposed; None if these have other points.
        forcing: right-hand side of the equation where it is imposed.
        targets: prescribed values of the conditions.
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
    """Draws the points of a loss: the conditions once, the collocation points once or at every epoch.

    Args:
        problem: the equation and its conditions.
        sampling: "cells" for the midpoints of equal cells, "uniform" for uniform points, "resampled" for uniform points
            drawn anew at every epoch, "nodes" for the nodes of a grid, with the conditions on its boundary.
        count: number of collocation points.
        initial, boundary: numbers of points of the conditions.
        weights: of the mean squared errors of the conditions, by kind.
        stream: name of the random stream.
        device: of the points of an epoch.

    Attributes:
        points, values, weights: of the conditions, as in ``ConditionPoints``.
    """

    def __init__(
        self,
        problem: Problem,
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
        random = numpy_generator(stream, "conditions")
        conditions = problem.conditions(random.random(initial), random.random(boundary))
        self.points, self.values, self.weights = joined(conditions, weights)
        self.boundary_weight = weights["boundary"]

    def draw(self, epoch: int) -> TrainingPoints:
        """The points of an epoch, which depend on nothing else."""
        points = self._nodes() if self.sampling == "nodes" else self._scattered(epoch)
        return points.to(self.device)

    def _scattered(self, epoch: int) -> TrainingPoints:
        """Points of the equation, and other points of the conditions."""
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
        """All nodes of a grid: the equation at the inner ones, the exact solution at those on the boundary."""
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
