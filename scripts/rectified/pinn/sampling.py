"""Points at which the losses of physics-informed networks are evaluated: collocation points and conditions.

Every network has points of its own, from random streams that contain its seed, so that networks of different seeds are
independent replicates. A single seed gives points that all networks share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float, Int
from rectified.errors import InvalidInputError
from rectified.networks.seeding import drawn_indices, numpy_generator
from rectified.problems.conditions import Condition, grid_of
from rectified.problems.problem import Problem


def as_tensor(values: np.ndarray) -> Float[Tensor, "..."]:
    """A copy of an array as a float64 tensor."""
    return torch.from_numpy(np.array(values, dtype=np.float64))


def uniform_points(
    problem: Problem, count: int, seeds: Sequence[int], *names: object
) -> Float[Tensor, "seeds 2 points"]:
    """Points drawn uniformly from the box of a problem for each seed, from a random stream of names, in float64."""
    unit = np.stack([numpy_generator(*names, seed).random((2, count)) for seed in seeds])
    low, high = problem.box.T[:, :, None]
    return torch.from_numpy(low + (high - low) * unit)


def forcing_at(
    problem: Problem, points: Float[np.ndarray, "networks 2 points"]
) -> Float[np.ndarray, "networks points"]:
    """The right-hand side of an equation at the points of several networks."""
    return problem.forcing(points.swapaxes(0, 1).reshape(2, -1)).reshape(len(points), -1)


class ConditionPoints(NamedTuple):
    """The points of all conditions of a problem, one set per seed.

    Attributes:
        points: where u is prescribed.
        values: of u there.
        weights: of the squared errors in the loss.
    """

    points: Float[np.ndarray, "seeds 2 conditions"]
    values: Float[np.ndarray, "seeds conditions"]
    weights: Float[np.ndarray, " conditions"]


def condition_points(
    problem: Problem, initial: int, boundary: int, weights: Mapping[str, float], seeds: Sequence[int], stream: str
) -> ConditionPoints:
    """Draw points of the conditions of a problem for each seed.

    Args:
        problem: that has the conditions.
        initial, boundary: numbers of points.
        weights: of the mean squared errors of the conditions in the loss, by kind.
        seeds: of the networks.
        stream: name of the random stream.
    """
    drawn = [_joined(_conditions(problem, initial, boundary, stream, seed), weights) for seed in seeds]
    points, values, same = zip(*drawn)
    return ConditionPoints(np.stack(points), np.stack(values), same[0])


def _conditions(problem: Problem, initial: int, boundary: int, stream: str, seed: int) -> Sequence[Condition]:
    random = numpy_generator(stream, "conditions", seed)
    return problem.conditions(random.random(initial), random.random(boundary))


def _joined(conditions: Sequence[Condition], weights: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, values and weights of several conditions."""
    return (
        np.concatenate([condition.points for condition in conditions], 1),
        np.concatenate([condition.values for condition in conditions]),
        np.concatenate([np.full(len(c.values), weights[c.kind] / len(c.values)) for c in conditions]),
    )


class Minibatches:
    """Minibatches of fixed pools of collocation points, drawn without replacement.

    Args:
        pool: all points of each network.
        batch: points of a minibatch; None takes the whole pool.
        seeds: of the networks.
        stream: name of the random stream.

    Raises:
        InvalidInputError: if the pool is smaller than a minibatch.
    """

    def __init__(self, pool: Float[Tensor, "seeds 2 points"], batch: int | None, seeds: Sequence[int], stream: str):
        points = pool.shape[-1]
        self.size = points if batch is None else batch
        if not 1 <= self.size <= points:
            raise InvalidInputError(f"batch must be between 1 and the {points} points of the pool; got {self.size}")
        self.pool, self.seeds, self.stream = pool, seeds, stream

    def first(self) -> Float[Tensor, "seeds 2 batch"]:
        """The first points of the pools."""
        return self.pool[:, :, : self.size]

    def draw(self, epoch: int) -> Float[Tensor, "seeds 2 batch"]:
        """The minibatches of an epoch, which depend on nothing else."""
        points = self.pool.shape[-1]
        if self.size == points:
            return self.pool
        chosen = drawn_indices(points, self.size, self.seeds, self.stream, "minibatch", epoch).to(self.pool.device)
        return self.pool.gather(2, chosen[:, None].expand(-1, 2, -1))


@dataclass(frozen=True)
class TrainingPoints:
    """Points at which a ``CollocationLoss`` is evaluated.

    Attributes:
        collocation: points that go through the network for the equation; all nodes of a grid. The first axis has one
            entry per network, or a single one for points that all networks share.
        conditions: points of the conditions.
        inner: indices of the collocation points at which the equation is imposed, all but the boundary of a grid.
        on_grid: indices of the collocation points at which the conditions are imposed; None if these have other points.
        forcing: right-hand side of the equation where it is imposed.
        targets: prescribed values of the conditions.
        weights: of the squared errors of the conditions in the loss.
    """

    collocation: Float[Tensor, "networks_or_1 2 points"]
    conditions: Float[Tensor, "seeds_or_1 2 conditions"]
    inner: Int[Tensor, " equations"]
    on_grid: Int[Tensor, " conditions"] | None
    forcing: Float[Tensor, "networks_or_1 equations"]
    targets: Float[Tensor, "seeds_or_1 conditions"]
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
        seeds: of the networks; the points of a network depend on its own seed alone.
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
        seeds: Sequence[int] = (0,),
        device: Device = "cpu",
    ):
        self.problem, self.sampling, self.count = problem, sampling, count
        self.stream, self.seeds, self.device = stream, seeds, device
        self.points, self.values, self.weights = condition_points(problem, initial, boundary, weights, seeds, stream)
        self.boundary_weight = weights["boundary"]

    def draw(self, epoch: int) -> TrainingPoints:
        """The points of an epoch, which depend on nothing else."""
        points = self._nodes() if self.sampling == "nodes" else self._scattered(epoch)
        return points.to(self.device)

    def _scattered(self, epoch: int) -> TrainingPoints:
        """Points of the equation, and other points of the conditions."""
        interior = self.interior(epoch)
        return TrainingPoints(
            as_tensor(interior),
            as_tensor(self.points),
            torch.arange(interior.shape[-1]),
            None,
            as_tensor(forcing_at(self.problem, interior)),
            as_tensor(self.values),
            as_tensor(self.weights),
        )

    def interior(self, epoch: int) -> Float[np.ndarray, "seeds_or_1 2 points"]:
        """The collocation points of an epoch; ``cells`` are the same for all seeds."""
        if self.sampling != "cells":
            names = ("collocation", epoch) if self.sampling == "resampled" else ("collocation",)
            return uniform_points(self.problem, self.count, self.seeds, self.stream, *names).numpy()
        low, high = self.problem.box.T[:, :, None]
        unit = grid_of(*[(np.arange(self._side) + 0.5) / self._side] * 2)
        return (low + (high - low) * unit)[None]

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
            as_tensor(self.problem.forcing(nodes[:, equation]))[None],
            as_tensor(self.problem.exact(nodes[:, conditions]))[None],
            torch.full((len(conditions),), self.boundary_weight / len(conditions), dtype=torch.float64),
        )
