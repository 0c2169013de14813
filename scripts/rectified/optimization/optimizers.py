"""Optimizers for an ensemble of networks whose parameters are the rows of one tensor.

Each holds the parameters ``theta`` [networks, parameters] and changes them in place. No network ever
sees another: Adam and SGD act elementwise, L-BFGS and saddle-free Newton keep a state per row. The state lies
where the parameters lie; one that was stored is copied there, from whatever device.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim.adam import adam

from rectified.optimization.hessian import hessian
from rectified.optimization.value_and_gradient import GradientRule


class Elementwise:
    """Base of the optimizers that act on every parameter alone, on all rows at once."""

    def __init__(self, theta: Tensor):
        self.theta = theta

    def step(self, gradient: GradientRule, alive: Tensor, learning_rate: float) -> Tensor:
        """One update of the rows that are alive; returns the objective before it, not finite where it diverged."""
        value, slope = gradient(self.theta)
        finite = torch.isfinite(value + slope.sum(-1))
        if (finite & alive).all():
            self._update(slope, learning_rate)
            return value
        going = (finite & alive)[:, None]
        before = self.theta.clone()
        self._update(torch.where(going, slope, 0.0), learning_rate)
        self.theta.copy_(torch.where(going, self.theta, before))
        return torch.where(finite, value, torch.nan)

    def _update(self, slope: Tensor, learning_rate: float) -> None:
        raise NotImplementedError


class SGD(Elementwise):
    """Gradient descent, θ ← θ − ηg."""

    def _update(self, slope: Tensor, learning_rate: float) -> None:
        self.theta.add_(slope, alpha=-learning_rate)

    def state_dict(self) -> dict:
        return {}

    def load_state_dict(self, state: dict) -> None:
        pass


class Adam(Elementwise):
    """Adam (Kingma and Ba, arXiv:1412.6980) with β = 0.9, 0.999, by torch's fused function.

    The function rather than the class ``torch.optim.Adam``, which takes as long again for its bookkeeping and
    imports a compiler when it is first used.
    """

    def __init__(self, theta: Tensor):
        super().__init__(theta)
        self.mean, self.square = torch.zeros_like(theta), torch.zeros_like(theta)
        self.steps = torch.zeros((), dtype=torch.float32, device=theta.device)

    def _update(self, slope: Tensor, learning_rate: float) -> None:
        adam(
            [self.theta],
            [slope],
            [self.mean],
            [self.square],
            [],
            [self.steps],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )

    def state_dict(self) -> dict:
        return {"mean": self.mean, "square": self.square, "steps": self.steps}

    def load_state_dict(self, state: dict) -> None:
        self.mean.copy_(state["mean"])
        self.square.copy_(state["square"])
        self.steps.copy_(state["steps"])


class PerNetwork:
    """Base of the optimizers that treat one row after the other."""

    def __init__(self, theta: Tensor):
        self.theta = theta

    def step(self, gradient: GradientRule, alive: Tensor, learning_rate: float) -> Tensor:
        """One iteration of every row that is alive; returns the objective before it, NaN for the others."""
        values = torch.full_like(self.theta[:, 0], torch.nan)
        for row in alive.nonzero().flatten().tolist():
            before = self.theta[row].clone()
            values[row] = self._iterate(row, gradient, learning_rate)
            if not torch.isfinite(self.theta[row]).all():
                self.theta[row] = before
                values[row] = torch.nan
        return values

    def _iterate(self, row: int, gradient: GradientRule, learning_rate: float) -> Tensor:
        raise NotImplementedError


class LBFGS(PerNetwork):
    """L-BFGS of torch with a strong Wolfe line search, one iteration per epoch."""

    def __init__(self, theta: Tensor):
        super().__init__(theta)
        self._rows = [row.clone()[None] for row in theta]
        self._optimizers = [
            torch.optim.LBFGS(
                [row],
                lr=1.0,
                max_iter=1,
                max_eval=1000,
                history_size=50,
                line_search_fn="strong_wolfe",
                tolerance_grad=0.0,
                tolerance_change=0.0,
            )
            for row in self._rows
        ]

    def _iterate(self, row: int, gradient: GradientRule, learning_rate: float) -> Tensor:
        parameters = self._rows[row]

        def closure() -> Tensor:
            value, parameters.grad = gradient(parameters)
            return value[0]

        value = self._optimizers[row].step(closure)
        self.theta[row] = parameters[0]
        return value

    def state_dict(self) -> dict:
        return {"optimizers": [optimizer.state_dict() for optimizer in self._optimizers]}

    def load_state_dict(self, state: dict) -> None:
        for row, optimizer in enumerate(self._optimizers):
            optimizer.load_state_dict(state["optimizers"][row])
            self._rows[row].copy_(self.theta[row][None])


class SaddleFreeNewton(PerNetwork):
    """Damped Newton with |H|, the Hessian with its eigenvalues made positive, and μ as damping.

    A trial step −(|H| + μ)⁻¹g that lowers the objective is taken and μ falls by 3; one that does not
    makes μ grow by 4. A row where ten trials in a row fail has arrived and stays. |H| turns away from
    saddle points (Dauphin et al., arXiv:1406.2572). Needs an objective that is twice differentiable, so
    an exact integral. Cost per epoch: one dense Hessian and its eigendecomposition, for problems of a few
    hundred parameters.
    """

    def __init__(self, theta: Tensor, objective: Callable[[Tensor], Tensor]):
        super().__init__(theta)
        self.objective = objective
        self.damping = torch.ones_like(theta[:, 0])
        self.arrived = torch.zeros_like(self.damping, dtype=torch.bool)

    def _iterate(self, row: int, gradient: GradientRule, learning_rate: float) -> Tensor:
        value, slope = gradient(self.theta[row : row + 1])
        if self.arrived[row]:
            return value[0]
        matrix = hessian(self.objective, self.theta[row])
        if not torch.isfinite(value[0] + slope.sum() + matrix.sum()):
            return value[0] * torch.nan
        eigenvalues, vectors = torch.linalg.eigh(matrix)
        components = vectors.T @ slope[0]
        for _ in range(10):
            trial = self.theta[row] - vectors @ (components / (eigenvalues.abs() + self.damping[row]))
            with torch.no_grad():
                accepted = self.objective(trial[None])[0] < value[0]
            self.damping[row] = self.damping[row] / 3 if accepted else self.damping[row] * 4
            if accepted:
                self.theta[row] = trial
                return value[0]
        self.arrived[row] = True
        return value[0]

    def state_dict(self) -> dict:
        return {"damping": self.damping, "arrived": self.arrived}

    def load_state_dict(self, state: dict) -> None:
        self.damping.copy_(state["damping"])
        self.arrived.copy_(state["arrived"])


def build(name: str, theta: Tensor, objective: Callable[[Tensor], Tensor] | None = None):
    """The optimizer of that name: ``adam``, ``sgd``, ``lbfgs`` or ``saddle_free_newton``, which needs the objective."""
    match name:
        case "adam":
            return Adam(theta)
        case "sgd":
            return SGD(theta)
        case "lbfgs":
            return LBFGS(theta)
        case "saddle_free_newton":
            return SaddleFreeNewton(theta, objective)
    raise ValueError(name)
