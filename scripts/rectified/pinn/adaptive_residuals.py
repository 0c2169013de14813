"""All residuals of a physics-informed network as one vector, at collocation points that follow them.

With fixed points, least squares methods overfit: r decreases at the points and nowhere else. New points are therefore
drawn from a fresh uniform pool, with a probability that increases with |r| (Wu et al., Comput. Methods Appl. Mech.
Engrg. 403 (2023), arXiv:2207.10289).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.networks.seeding import numpy_generator
from rectified.optimization.value_and_gradient import ValueAndGradient
from rectified.pinn.mlp_residuals import MLPResiduals

CHUNK_POINTS = 512  # whose jets and gradients stay in cache


class AdaptiveResiduals:
    """Residuals of the equation and the conditions as one vector per network, each network with its own points.

    Each residual is scaled by √(weight/count), so that |r|² is the loss of ``pinn``. A ``ResidualSystem`` for
    Levenberg–Marquardt, and also a gradient rule.

    Args:
        pinn: the equation and its conditions.
        points: number of collocation points of each network.
        candidates: number of uniform points from which they are drawn.

    Attributes:
        points: the current collocation points, [networks, 2, points]; uniform points until ``redraw`` is called.

    Raises:
        InvalidInputError: if there are fewer candidates than points.
    """

    def __init__(self, pinn: MLPResiduals, points: int = 1500, candidates: int = 6000):
        if not 1 <= points <= candidates:
            raise InvalidInputError(f"points must be between 1 and the {candidates} candidates; got {points}")
        self.pinn, self.count, self.candidates = pinn, points, candidates
        self.points = pinn.uniform(points, "adaptive")

    @torch.no_grad()
    def redraw(self, epoch: int, theta: Float[Tensor, "networks parameters"]) -> None:
        """Draw the points of an epoch with probability ∝ 1 + |r|/mean|r|.

        The points of a network depend on the epoch, its seed and its parameters alone.
        """
        pools = self.pinn.uniform(self.candidates, "candidates", epoch).to(theta)
        waiting = [self._waiting_times(epoch, seed).to(theta) for seed in self.pinn.seeds]
        chosen = []
        for row, one in enumerate(theta.split(1)):
            pool, times = (every[row if len(every) > 1 else 0] for every in (pools, waiting))
            parts = pool[None].split(CHUNK_POINTS, -1)
            r = torch.cat([self.pinn.equation(one, part) for part in parts], 1)[0].abs()
            # The smallest exponential waiting times are a weighted sample without replacement.
            first = (times / (1 + r / r.mean())).topk(self.count, largest=False).indices
            chosen.append(pool[:, first])
        self.points = torch.stack(chosen)

    def _waiting_times(self, epoch: int, seed: int) -> Float[Tensor, " candidates"]:
        random = numpy_generator(self.pinn.stream, "choice", epoch, seed)
        return torch.from_numpy(random.standard_exponential(self.candidates))

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """The loss of each network at its points, differentiable in theta."""
        return self.pinn.loss(theta, self.points.to(theta))

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        parts = [self.linearized(row, part) for row, part in enumerate(theta.split(1))]
        return torch.stack([r @ r for r, _ in parts]), torch.stack([2 * jacobian @ r for r, jacobian in parts])

    @torch.no_grad()
    def residuals(self, row: int, theta: Float[Tensor, "1 parameters"]) -> Float[Tensor, " residuals"]:
        """The residuals of one network, those of the equation before those of the conditions."""
        equation = [self.pinn.equation(theta, part)[0] for part in self._parts(row, theta)]
        scale = self.pinn.condition_weights.to(theta).sqrt()
        return torch.cat(
            [*(r / math.sqrt(self.count) for r in equation), scale * self.pinn.condition_errors(theta, row)[0]]
        )

    @torch.no_grad()
    def linearized(
        self, row: int, theta: Float[Tensor, "1 parameters"]
    ) -> tuple[Float[Tensor, " residuals"], Float[Tensor, "parameters residuals"]]:
        """The residuals of one network and their transposed Jacobian, by the backward pass of the jets."""
        residuals, gradients = [], []
        for part in self._parts(row, theta):
            r, partials, tape = self.pinn.record_equation(theta, part, self.pinn.forcing(part))
            residuals.append(r[0] / math.sqrt(self.count))
            gradients.append(tape.gradients(partials / math.sqrt(self.count))[0])
        errors, tape = self.pinn.record_conditions(theta, row)
        scale = self.pinn.condition_weights.to(theta).sqrt()
        residuals.append(scale * errors[0])
        gradients.append(tape.gradients(scale[None, None])[0])
        return torch.cat(residuals), torch.cat(gradients, 1)

    def _parts(self, row: int, theta: Tensor) -> Sequence[Tensor]:
        own = self.points[row if len(self.points) > 1 else 0]
        return own[None].to(theta).split(CHUNK_POINTS, -1)
