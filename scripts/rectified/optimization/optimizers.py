"""Optimizers for an ensemble of networks whose parameters are the rows of one tensor.

Each optimizer holds the parameters ``theta`` [networks, parameters] and updates them in place. Networks are
independent: Adam and SGD act elementwise, L-BFGS has a state per row. The state is on the device of the parameters;
``load_state_dict`` copies a stored state there from any device.
"""

import torch
from torch import Tensor
from torch.optim.adam import adam

from rectified.optimization.value_and_gradient import GradientRule


class Elementwise:
    """Base class of the optimizers that act elementwise, on all rows together."""

    def __init__(self, theta: Tensor):
        self.theta = theta

    def step(self, gradient: GradientRule, alive: Tensor, learning_rate: float) -> Tensor:
        """Update the rows that are alive and return the objective [networks] before the update.

        Rows whose objective or gradient is not finite are not updated; their value is NaN or infinite.

        Args:
            gradient: returns the objective and its gradient.
            alive: True for the rows to update, [networks].
        """
        value, slope = gradient(self.theta)
        finite = torch.isfinite(value + slope.sum(-1))
        if (finite & alive).all():
            self._update(slope, learning_rate)
            return value
        updated = (finite & alive)[:, None]
        before = self.theta.clone()
        self._update(torch.where(updated, slope, 0.0), learning_rate)
        self.theta.copy_(torch.where(updated, self.theta, before))
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
    """Adam with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8 (Kingma and Ba, arXiv:1412.6980).

    It calls torch's fused function directly: the bookkeeping of ``torch.optim.Adam`` doubles the time of a step, and
    its first use imports a compiler.
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
    """Base class of the optimizers that process the rows one after another."""

    def __init__(self, theta: Tensor):
        self.theta = theta

    def step(self, gradient: GradientRule, alive: Tensor, learning_rate: float) -> Tensor:
        """Run one iteration on each row that is alive; return the objective [networks] before it, NaN elsewhere."""
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
    """L-BFGS of torch with a strong Wolfe line search; one iteration per step."""

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


def build(name: str, theta: Tensor):
    """Return the first-order or quasi-Newton optimizer with that name.

    Args:
        name: ``adam``, ``sgd`` or ``lbfgs``.
        theta: initial parameters [networks, parameters]; updated in place.

    Raises:
        ValueError: if the name is unknown.
    """
    match name:
        case "adam":
            return Adam(theta)
        case "sgd":
            return SGD(theta)
        case "lbfgs":
            return LBFGS(theta)
    raise ValueError(f"optimizer must be adam, sgd or lbfgs; got {name!r}")
