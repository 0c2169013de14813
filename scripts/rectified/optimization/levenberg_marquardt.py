"""Levenberg–Marquardt on the residuals of a PINN, at collocation points that follow them.

On points that stay the method overfits: r falls at the points and nowhere else. Points are therefore drawn anew
from a fresh uniform pool, with a probability that grows with |r| (Wu et al., Comput. Methods Appl. Mech. Engrg.
403 (2023), arXiv:2207.10289). Damping: Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999).
"""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator
from rectified.optimization.optimizers import PerNetwork
from rectified.optimization.value_and_gradient import GradientRule
from rectified.pinn.burgers_loss import BurgersResiduals

SCALE_FLOOR = 1e-2  # added to the scale of each parameter, as a part of the mean scale
LEAST_DAMPING = 1e-12
TRIALS = 10
CHUNK_POINTS = 512  # whose jets and gradients stay in cache


@runtime_checkable
class ResidualSystem(Protocol):
    """An objective |r|², for each network r of its own."""

    def residuals(self, row: int, theta: Float[Tensor, "1 parameters"]) -> Float[Tensor, " residuals"]:
        """r of one network."""
        ...

    def linearized(
        self, row: int, theta: Float[Tensor, "1 parameters"]
    ) -> tuple[Float[Tensor, " residuals"], Float[Tensor, "parameters residuals"]]:
        """r of one network and its Jacobian, transposed."""
        ...


class AdaptiveResiduals:
    """All residuals of a Burgers PINN as one vector per network, on collocation points of its own.

    Each residual is scaled by √(weight/count), so that |r|² is the loss of ``pinn``. Also a gradient rule.

    Args:
        pinn: equation and conditions.
        points: collocation points of each network.
        candidates: uniform points that they are chosen from.

    Attributes:
        points: the collocation points in use, [networks, 2, points]; one uniform draw until ``redraw`` is called.

    Raises:
        InvalidInputError: if there are fewer candidates than points.
    """

    def __init__(self, pinn: BurgersResiduals, points: int = 1500, candidates: int = 6000):
        if not 1 <= points <= candidates:
            raise InvalidInputError(f"{points} points cannot be chosen from {candidates} candidates")
        self.pinn, self.count, self.candidates = pinn, points, candidates
        self.points = pinn.uniform(points, "adaptive")[None]

    @torch.no_grad()
    def redraw(self, epoch: int, theta: Float[Tensor, "networks parameters"]) -> None:
        """Draw the points of an epoch with probability ∝ 1 + |r|/mean|r|, from what epoch and theta are alone."""
        pool = self.pinn.uniform(self.candidates, "candidates", epoch)[None].to(theta)
        random = generator(self.pinn.stream, "choice", epoch)
        waiting = torch.empty(self.candidates, dtype=torch.float64).exponential_(generator=random).to(theta)
        chosen = []
        for row in theta.split(1):
            r = torch.cat([self.pinn.equation(row, part) for part in pool.split(CHUNK_POINTS, -1)], 1)[0].abs()
            # The smallest of exponential waiting times are a weighted draw without repetition.
            first = (waiting / (1 + r / r.mean())).topk(self.count, largest=False).indices
            chosen.append(pool[:, :, first])
        self.points = torch.cat(chosen)

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """The loss of each network on its points, differentiable in theta."""
        return self.pinn.loss(theta, self.points.to(theta))

    def __call__(
        self, theta: Float[Tensor, "networks parameters"]
    ) -> tuple[Float[Tensor, " networks"], Float[Tensor, "networks parameters"]]:
        parts = [self.linearized(row, part) for row, part in enumerate(theta.split(1))]
        return torch.stack([r @ r for r, _ in parts]), torch.stack([2 * jacobian @ r for r, jacobian in parts])

    @torch.no_grad()
    def residuals(self, row: int, theta: Float[Tensor, "1 parameters"]) -> Float[Tensor, " residuals"]:
        """r of one network, equation before conditions."""
        equation = [self.pinn.equation(theta, part)[0] for part in self._parts(row, theta)]
        scale = self.pinn.condition_weights.to(theta).sqrt()
        return torch.cat([*(r / math.sqrt(self.count) for r in equation), scale * self.pinn.condition_errors(theta)[0]])

    @torch.no_grad()
    def linearized(
        self, row: int, theta: Float[Tensor, "1 parameters"]
    ) -> tuple[Float[Tensor, " residuals"], Float[Tensor, "parameters residuals"]]:
        """r of one network and its Jacobian, transposed, by the backward pass of the jets at every point."""
        residuals, gradients = [], []
        for part in self._parts(row, theta):
            r, derivatives, tape = self.pinn.record_equation(theta, part)
            residuals.append(r[0] / math.sqrt(self.count))
            gradients.append(tape.gradients(derivatives / math.sqrt(self.count))[0])
        errors, tape = self.pinn.record_conditions(theta)
        scale = self.pinn.condition_weights.to(theta).sqrt()
        residuals.append(scale * errors[0])
        gradients.append(tape.gradients(scale[None, None])[0])
        return torch.cat(residuals), torch.cat(gradients, 1)

    def _parts(self, row: int, theta: Tensor) -> Sequence[Tensor]:
        own = self.points[row if len(self.points) > 1 else 0]
        return own[None].to(theta).split(CHUNK_POINTS, -1)


def lower_gram(rows: Float[Tensor, "rows columns"], blocks: int = 4) -> Float[Tensor, "rows rows"]:
    """The lower triangle of AAᵀ, all that a Cholesky factorization reads, for five eighths of the work.

    Above the diagonal it is AAᵀ within the blocks on the diagonal and 0 elsewhere.
    """
    product = rows.new_zeros(len(rows), len(rows))
    size = math.ceil(len(rows) / blocks)
    for start in range(0, len(rows), size):
        end = start + size
        product[start:end, :end] = rows[start:end] @ rows[:end].T
    return product


class LevenbergMarquardt(PerNetwork):
    """Steps δ with (JᵀJ + λD)δ = −Jᵀr and D = diag JᵀJ, raised a little so that no parameter goes undamped.

    A trial step that lowers |r|² is taken and λ multiplied by max(1/3, 1 − (2ρ − 1)³), where ρ is the decrease
    divided by what the linear model promises; after others λ grows by 2, 4, 8, … Where ten trials fail the network
    stays and its λ starts over. The learning rate is not used. A step takes one Jacobian and, for each trial, a
    Cholesky factor; it is for networks of about a thousand parameters, in float64.

    Args:
        system: whose |r|² is made small.
        damping: λ at the start.
    """

    def __init__(self, theta: Tensor, system: ResidualSystem, damping: float = 0.1):
        super().__init__(theta)
        self.system, self.first_damping = system, damping
        self.damping = torch.full_like(theta[:, 0], damping)
        self.growth = torch.full_like(self.damping, 2.0)

    @torch.no_grad()
    def _iterate(self, row: int, gradient: GradientRule, learning_rate: float) -> Tensor:
        theta = self.theta[row : row + 1]
        r, jacobian = self.system.linearized(row, theta)
        value, slope, normal = r @ r, jacobian @ r, lower_gram(jacobian)
        if not torch.isfinite(value + normal.sum()):
            return value * torch.nan
        scale = normal.diagonal() + SCALE_FLOOR * normal.diagonal().mean()
        for _ in range(TRIALS):
            damped = self.damping[row] * scale
            factor, failed = torch.linalg.cholesky_ex(normal + torch.diag(damped))
            step = -torch.cholesky_solve(slope[:, None], factor)[:, 0]
            at_trial = self.system.residuals(row, theta + step)
            gain = (value - at_trial @ at_trial) / (step @ (damped * step - slope))
            if not failed and gain > 0:
                self.theta[row] += step
                self.damping[row] *= (1 - (2 * gain - 1) ** 3).clamp_min(1 / 3)
                self.damping[row].clamp_(min=LEAST_DAMPING)
                self.growth[row] = 2
                return value
            self.damping[row] *= self.growth[row]
            self.growth[row] *= 2
        self.damping[row], self.growth[row] = self.first_damping, 2
        return value

    def state_dict(self) -> dict:
        return {"damping": self.damping, "growth": self.growth}

    def load_state_dict(self, state: dict) -> None:
        self.damping.copy_(state["damping"])
        self.growth.copy_(state["growth"])
