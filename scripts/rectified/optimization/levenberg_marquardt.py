"""The Levenberg–Marquardt method for nonlinear least squares, one network at a time.

Damping: Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999).
"""

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.optimization.optimizers import PerNetwork
from rectified.optimization.value_and_gradient import GradientRule

SCALE_FLOOR = 1e-2  # added to the scale of each parameter, as a fraction of the mean scale
MINIMUM_DAMPING = 1e-12
TRIALS = 10


@runtime_checkable
class ResidualSystem(Protocol):
    """The residuals r of each network, whose squared norm |r|² is minimized."""

    def residuals(self, row: int, theta: Float[Tensor, "1 parameters"]) -> Float[Tensor, " residuals"]:
        """The residuals of one network."""
        ...

    def linearized(
        self, row: int, theta: Float[Tensor, "1 parameters"]
    ) -> tuple[Float[Tensor, " residuals"], Float[Tensor, "parameters residuals"]]:
        """The residuals of one network and their transposed Jacobian."""
        ...


def lower_gram(rows: Float[Tensor, "rows columns"], blocks: int = 4) -> Float[Tensor, "rows rows"]:
    """The lower triangle of AAᵀ, which is what a Cholesky factorization reads, at five eighths of the cost.

    Above the diagonal, the result equals AAᵀ within the diagonal blocks and 0 elsewhere.
    """
    product = rows.new_zeros(len(rows), len(rows))
    size = math.ceil(len(rows) / blocks)
    for start in range(0, len(rows), size):
        end = start + size
        product[start:end, :end] = rows[start:end] @ rows[:end].T
    return product


class LevenbergMarquardt(PerNetwork):
    """Steps δ with (JᵀJ + λD)δ = −Jᵀr, where D = diag JᵀJ plus a small constant that damps every parameter.

    A trial step that decreases |r|² is accepted and λ is multiplied by max(1/3, 1 − (2ρ − 1)³), where ρ is the actual
    decrease divided by the decrease of the linear model; after rejected steps λ is multiplied by 2, 4, 8, … If ten
    trials fail, the parameters are kept and λ is reset. The learning rate is not used. A step costs one Jacobian and
    one Cholesky factorization per trial; the method suits networks of about a thousand parameters in float64.

    Args:
        system: the residuals.
        damping: initial λ.
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
                self.damping[row].clamp_(min=MINIMUM_DAMPING)
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
