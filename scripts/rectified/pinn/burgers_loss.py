"""The physics-informed loss of the Burgers equation for an ensemble of networks u(x, t), and its gradient.

Loss: the mean of r² over collocation points, r = u_t + u u_x − νu_xx, plus the weighted mean squares of
u(x, 0) − u₀(x) and of u at both ends. Inputs of the networks are x and t, in this order, as they are.
Source: Raissi, Perdikaris, Karniadakis, J. Comput. Phys. 378 (2019); Kim and Kang, arXiv:2408.02697, sec. 5.2.
"""

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.networks.jets import Jets, Tape
from rectified.networks.mlp import MLP
from rectified.networks.seeding import generator
from rectified.problems.burgers import BurgersProblem

log = logging.getLogger(__name__)

X, T = 0, 1  # the inputs of a network
CHUNK_BYTES = 1 << 20  # of the jets of a layer, so that those of neighbouring layers stay in cache


class BurgersResiduals:
    """What a network does wrong: residuals of the equation, errors of the initial and the boundary condition.

    The points of the conditions are drawn once, uniformly; half of those on the boundary lie at each end.

    Args:
        network: of the two inputs x and t.
        initial, boundary: numbers of points of the conditions.
        initial_weight, boundary_weight: of their mean squares in the loss, beside 1 for the equation.
        stream: name that the random numbers are derived from.
        device: where the points lie.

    Attributes:
        conditions: points of the initial and then of the boundary condition, [1, 2, conditions], float64.
        targets: what u should be there.
        condition_weights: weights in the loss, the number of points divided out.

    Raises:
        InvalidInputError: if the network has other inputs, or there are no points of a condition.
    """

    def __init__(
        self,
        problem: BurgersProblem,
        network: MLP,
        initial: int = 50,
        boundary: int = 50,
        initial_weight: float = 1.0,
        boundary_weight: float = 1.0,
        stream: str = "burgers",
        device: Device = "cpu",
    ):
        if network.inputs != 2:
            raise InvalidInputError(
                f"a network for the Burgers equation has the 2 inputs x and t, not {network.inputs}"
            )
        if min(initial, boundary) < 1:
            raise InvalidInputError(f"{initial} initial and {boundary} boundary points: at least 1 of each is needed")
        self.problem, self.network, self.stream, self.device = problem, network, stream, device
        self.jets, self.values = Jets(network, first=(X, T), second=(X,)), Jets(network)
        at_start = self._drawn(initial, "initial")
        at_start[T] = 0
        at_ends = self._drawn(boundary, "boundary")
        at_ends[X] = torch.tensor(problem.domain, dtype=torch.float64).repeat(boundary)[:boundary]
        self.conditions = torch.cat([at_start, at_ends], 1)[None].to(device)
        start = torch.from_numpy(problem.initial_condition(at_start[X].numpy()))
        self.targets = torch.cat([start, torch.zeros(boundary, dtype=torch.float64)]).to(device)
        counts = torch.tensor([initial, boundary])
        weights = torch.tensor([initial_weight, boundary_weight], dtype=torch.float64) / counts
        self.condition_weights = weights.repeat_interleave(counts).to(device)

    def uniform(self, points: int, *names: object) -> Float[Tensor, "2 points"]:
        """Points drawn uniformly from the domain and the time, by the names of what they are for, in float64."""
        return self._drawn(points, *names).to(self.device)

    def _drawn(self, points: int, *names: object) -> Float[Tensor, "2 points"]:
        unit = torch.rand(2, points, generator=generator(self.stream, *names), dtype=torch.float64)
        (left, right), end = self.problem.domain, self.problem.final_time
        return torch.stack([left + (right - left) * unit[X], end * unit[T]])

    def equation(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 2 points"]
    ) -> Float[Tensor, "networks points"]:
        """r at points, differentiable in theta."""
        return self._residual(self.jets(theta, x))

    def condition_errors(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, "networks conditions"]:
        """u less what it should be at the points of the conditions, differentiable in theta."""
        return self.values(theta, self.conditions.to(theta))[:, 0] - self.targets.to(theta)

    def loss(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 2 points"]
    ) -> Float[Tensor, " networks"]:
        """The loss with collocation points x, differentiable in theta."""
        return self.equation(theta, x).square().mean(1) + self._weighted(self.condition_errors(theta).square())

    def record_equation(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 2 points"]
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks 4 points"], Tape]:
        """r at points, its derivatives in the jets of u, and the tape that carries those on to theta."""
        tape = self.jets.record(theta, x)
        u, u_x, _, _ = tape.values.unbind(1)
        one = torch.ones_like(u)
        return self._residual(tape.values), torch.stack([u_x, u, one, -self.problem.viscosity * one], 1), tape

    def record_conditions(
        self, theta: Float[Tensor, "networks parameters"]
    ) -> tuple[Float[Tensor, "networks conditions"], Tape]:
        """The errors at the points of the conditions, and the tape that carries their derivatives on to theta."""
        tape = self.values.record(theta, self.conditions.to(theta))
        return tape.values[:, 0] - self.targets.to(theta), tape

    def _residual(self, jets: Tensor) -> Tensor:
        u, u_x, u_t, u_xx = jets.unbind(1)
        return u_t + u * u_x - self.problem.viscosity * u_xx

    def _weighted(self, values: Tensor) -> Tensor:
        return values @ self.condition_weights.to(values)


class PinnLoss:
    """The loss and its gradient on minibatches of a fixed pool of collocation points, all networks on the same ones.

    A gradient rule: called with parameters [networks, parameters], float32 or float64, it returns the loss
    [networks] and its gradient [networks, parameters]. Until ``redraw`` is called the batch is the first of the pool.

    Args:
        residuals: equation and conditions.
        points: collocation points in the pool.
        batch: points of a minibatch, drawn from the pool without repetition; None takes them all.
        compiled: compile with torch.compile at the first call, which then takes 10 to 30 s; where that fails,
            the log says why and the same is computed without.

    Attributes:
        points: the collocation points in use, [1, 2, batch].

    Raises:
        InvalidInputError: if the pool is smaller than a batch.
    """

    def __init__(
        self, residuals: BurgersResiduals, points: int = 10_000, batch: int | None = None, compiled: bool = False
    ):
        batch = points if batch is None else batch
        if not 1 <= batch <= points:
            raise InvalidInputError(f"minibatches of {batch} points cannot be drawn from a pool of {points}")
        self.residuals, self.batch = residuals, batch
        self._pool = residuals.uniform(points, "collocation")[None]
        self.points = self._pool[:, :, :batch]
        self._share = CompiledOrEager(self._eager_share) if compiled else self._eager_share

    def redraw(self, epoch: int, theta: Float[Tensor, "networks parameters"]) -> None:
        """Draw the minibatch of an epoch; it depends on nothing else."""
        chosen = self._pool
        if self.batch < self._pool.shape[-1]:
            random = generator(self.residuals.stream, "minibatch", epoch)
            first = torch.randperm(self._pool.shape[-1], generator=random)[: self.batch]
            chosen = self._pool[:, :, first.to(self._pool.device)]
        self.points = chosen.to(theta)

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """The loss on the minibatch, differentiable in theta."""
        return self.residuals.loss(theta, self.points.to(theta))

    @torch.no_grad()
    def __call__(
        self, theta: Float[Tensor, "networks parameters"]
    ) -> tuple[Float[Tensor, " networks"], Float[Tensor, "networks parameters"]]:
        shares = [self._share(theta, part) for part in (None, *self._parts(theta))]
        values, gradients = zip(*shares)
        return sum(values), sum(gradients)

    def _parts(self, theta: Tensor) -> Sequence[Tensor]:
        """The minibatch cut so that the jets of a layer stay in cache, into equal parts if possible."""
        points = self.points.shape[-1]
        bytes_per_point = len(theta) * self.residuals.network.width * self.residuals.jets.components * theta.itemsize
        fewest = math.ceil(points * bytes_per_point / CHUNK_BYTES)
        equal = (count for count in range(fewest, min(2 * fewest, points) + 1) if points % count == 0)
        return self.points.to(theta).split(math.ceil(points / next(equal, fewest)), -1)

    def _eager_share(self, theta: Tensor, x: Tensor | None) -> tuple[Tensor, Tensor]:
        """What some collocation points, or the conditions where x is None, add to the loss and its gradient."""
        if x is None:
            errors, tape = self.residuals.record_conditions(theta)
            weighted = errors * self.residuals.condition_weights.to(theta)
            return (weighted * errors).sum(1), tape.gradient(2 * weighted[:, None])
        r, derivatives, tape = self.residuals.record_equation(theta, x)
        return r.square().sum(1) / self.batch, tape.gradient((2 / self.batch) * r[:, None] * derivatives)


class CompiledOrEager:
    """A function compiled by torch.compile when first called, or the function itself where that fails.

    It is compiled whole or not at all: torch would otherwise leave out parts without a word and be slower for it.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self._compiled: Callable[..., Any] | None = None
        self.failed = False

    def __call__(self, *arguments: Any) -> Any:
        if self.failed:
            return self._function(*arguments)
        try:
            self._compiled = self._compiled or torch.compile(self._function, fullgraph=True, dynamic=False)
            return self._compiled(*arguments)
        except Exception as error:
            self.failed = True
            reason = [*str(error).strip().splitlines(), ""][0]
            log.info("torch.compile failed, going on without: %s: %s", type(error).__name__, reason)
            return self._function(*arguments)


class RelativeError:
    """‖û − u‖/‖u‖ in L² over the domain and the time, by sums over a grid on which u is known.

    Args:
        x, t: of the grid.
        exact: u, one row per time.
        device: where the parameters will lie.
    """

    def __init__(
        self,
        network: MLP,
        x: Float[np.ndarray, " points"],
        t: Float[np.ndarray, " times"],
        exact: Float[np.ndarray, "times points"],
        device: Device = "cpu",
    ):
        self.network, self.exact = network, torch.tensor(exact, device=device)
        self._grid = torch.cartesian_prod(torch.tensor(t), torch.tensor(x)).flip(1).T[None].to(device)

    @torch.no_grad()
    def fields(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, "networks times points"]:
        """û on the grid, in float64."""
        rows = theta.double()
        parts = self._grid.split(max(1, CHUNK_BYTES // (8 * len(rows) * self.network.width)), -1)
        u = torch.cat([self.network.output(rows, part) for part in parts], 1)
        return u.unflatten(1, self.exact.shape)

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        return (self.fields(theta) - self.exact).flatten(1).norm(dim=1) / self.exact.norm()
