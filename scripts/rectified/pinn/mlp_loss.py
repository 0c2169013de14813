"""The loss of fully connected physics-informed networks on minibatches, and its gradient by hand-written jets."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.optimization.value_and_gradient import ValueAndGradient
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.pinn.sampling import Minibatches

CHUNK_BYTES = 1 << 20  # of the jets of a layer, so that those of neighbouring layers stay in cache


class MLPLoss:
    """The loss and its gradient on minibatches of a fixed pool of collocation points, one per seed of the residuals.

    A gradient rule: called with parameters [networks, parameters], float32 or float64, it returns the loss
    [networks] and its gradient [networks, parameters]. The loss is the mean of r² over the minibatch plus the weighted
    mean squares of the errors of the conditions. Until ``redraw`` is called the minibatch is the first of the pool.

    Args:
        residuals: of the equation and the conditions.
        points: number of collocation points in the pool.
        batch: points of a minibatch, drawn without replacement; None takes the whole pool.
        compiled: compile with torch.compile at the first call, which takes 10 to 30 s and needs a C++ compiler.

    Attributes:
        points: the current minibatches, [seeds, 2, batch].

    Raises:
        InvalidInputError: if the pool is smaller than a minibatch; at the first call, if compilation fails.
    """

    def __init__(self, residuals: MLPResiduals, points: int = 10_000, batch: int | None = None, compiled: bool = False):
        self.residuals = residuals
        pool = residuals.uniform(points, "collocation")
        self._minibatches = Minibatches(pool, batch, residuals.seeds, residuals.stream)
        self.batch, self.points = self._minibatches.size, self._minibatches.first()
        self._share = _compiled(self._eager_share) if compiled else self._eager_share

    def redraw(self, epoch: int, theta: Float[Tensor, "networks parameters"]) -> None:
        """Draw the minibatches of an epoch, which depend on nothing else."""
        self.points = self._minibatches.draw(epoch).to(theta)

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """The loss on the minibatch, differentiable in theta."""
        return self.residuals.loss(theta, self.points.to(theta))

    @torch.no_grad()
    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        shares = [self._share(theta, None, None)]
        shares += [self._share(theta, part, self.residuals.forcing(part)) for part in self._parts(theta)]
        values, gradients = zip(*shares)
        return sum(values), sum(gradients)

    def _parts(self, theta: Tensor) -> Sequence[Tensor]:
        """The minibatch in parts so small that the jets of a layer stay in cache, equal parts if possible."""
        points = self.points.shape[-1]
        bytes_per_point = len(theta) * self.residuals.network.width * self.residuals.jets.components * theta.itemsize
        fewest = math.ceil(points * bytes_per_point / CHUNK_BYTES)
        equal = (count for count in range(fewest, min(2 * fewest, points) + 1) if points % count == 0)
        return self.points.to(theta).split(math.ceil(points / next(equal, fewest)), -1)

    def _eager_share(self, theta: Tensor, x: Tensor | None, forcing: Tensor | None) -> tuple[Tensor, Tensor]:
        """Contribution of some collocation points, or of the conditions if x is None, to the loss and its gradient."""
        if x is None:
            errors, tape = self.residuals.record_conditions(theta)
            weighted = errors * self.residuals.condition_weights.to(theta)
            return (weighted * errors).sum(1), tape.gradient(2 * weighted[:, None])
        r, partials, tape = self.residuals.record_equation(theta, x, forcing)
        return r.square().sum(1) / self.batch, tape.gradient((2 / self.batch) * r[:, None] * partials)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors compiled by torch.compile at its first call.

    It is compiled as one graph: with graph breaks torch would run parts of it without compilation and more slowly,
    without a message.

    Raises:
        InvalidInputError: at the first call, if compilation fails.
    """
    within = torch.compile(function, fullgraph=True, dynamic=False)

    def call(*arguments: Any) -> Any:
        try:
            return within(*arguments)
        except (RuntimeError, OSError) as error:
            reason = [*str(error).strip().splitlines(), ""][0]
            raise InvalidInputError(
                f"compile: torch.compile failed: {reason}; it needs a C++ compiler and its headers"
            ) from error

    return call
