"""Regression of a function by an ensemble of networks, and the errors of derivatives off the grid.

Source: Kim and Kang, arXiv:2408.02697, sec. 5.2.
"""

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.effective_theory.critical_initialization import StartingVariances, starting_variances
from rectified.networks.seeding import drawn_indices
from rectified.optimization.mean_squared_error import LeastSquares
from rectified.optimization.training_loop import History, Redraw
from reproduction.config.job import Job
from reproduction.config.target import Target
from reproduction.jobs.setup.mlp import MLPSetup, target_points, target_values
from reproduction.jobs.setup.training import Training

CHUNK_POINTS = 4096
OFF_GRID_POINTS = 5000
PLOT_POINTS = {1: 801, 2: 81}


def training(job: Job, inputs: dict[str, list[str]], device: Device = "cpu") -> "RegressionTraining":
    """Return the training that a job defines."""
    return RegressionTraining(job, device)


class RegressionTraining(Training):
    """Training of networks on a target function, on the whole grid or on minibatches."""

    def __init__(self, job: Job, device: Device = "cpu"):
        self.variances = variances_of(job)
        names = ("weight_variance", "first_weight_variance", "bias_variance")
        job = job.model_copy(update={"settings": job.settings.model_copy(update=dict(zip(names, self.variances)))})
        self.settings, self.target = job.settings, job.target
        self.setup = MLPSetup(job, len(self.target.domain), device)
        self.network = self.setup.network
        grid = self.target.grid()
        self.x = self.setup.points(grid)
        self.y = self.setup.values(target_values(self.target, grid))[None]
        self.objective = LeastSquares(self.network, self.x, self.y)

    def initial(self) -> Float[Tensor, "networks parameters"]:
        return self.setup.initial(range(self.settings.seeds))

    @property
    def redraw(self) -> Redraw | None:
        return self._draw_minibatch if self.settings.batch else None

    def _draw_minibatch(self, epoch: int, theta: Tensor) -> None:
        """Draw the minibatch of an epoch for each seed."""
        points, seeds = self.y.shape[-1], range(self.settings.seeds)
        chosen = drawn_indices(points, self.settings.batch, seeds, "regression", epoch).to(self.y.device)
        self.objective.x, self.objective.y = self.x[0][:, chosen].transpose(0, 1), self.y[0][chosen]

    @torch.no_grad()
    def measures(self, theta: Tensor) -> dict[str, Float[Tensor, " networks"]]:
        """Return the mean squared error on the whole grid."""
        parts = zip(self.x.split(CHUNK_POINTS, -1), self.y.split(CHUNK_POINTS, -1))
        sums = [(self.network.output(theta, x) - y).double().square().sum(-1) for x, y in parts]
        return {"train_mse": torch.stack(sums).sum(0) / self.y.shape[-1]}

    def fields(self, history: History) -> xr.Dataset:
        """Return errors off the grid, and the trained functions and their gradients on a plotting grid.

        Both errors are relative: root mean square error over the root mean square of the exact function or gradient.
        Functions of three variables are plotted at the z nearest to 0. NaN where diverged.
        """
        target, alive = self.target, (history.diverged_at < 0).numpy(force=True)
        off_grid = target_points(target, OFF_GRID_POINTS, "off grid")
        value, gradient = self.with_gradient(history.theta, off_grid)
        exact, exact_gradient = _exact(target, off_grid)
        axes, plotted = _plotting_grid(target)
        field, slope = self.with_gradient(history.theta, plotted)
        shape, names = [len(axis) for axis in axes.values()], list(axes)
        exact_field, exact_slope = _exact(target, plotted)
        diverged_at = history.diverged_at.numpy(force=True)

        def healthy(values: np.ndarray) -> np.ndarray:
            return np.where(alive.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

        return xr.Dataset(
            {
                "value_error": ("seed", healthy(_relative(value - exact, exact, (1,)))),
                "gradient_error": ("seed", healthy(_relative(gradient - exact_gradient, exact_gradient, (1, 2)))),
                "field": (("seed", *names), healthy(field).reshape(-1, *shape), {"long_name": "trained function"}),
                "slope": (("seed", *names), healthy(slope[:, 0]).reshape(-1, *shape), {"long_name": "its ∂/∂x"}),
                "exact": (names, exact_field.reshape(shape), {"long_name": "target"}),
                "exact_slope": (names, exact_slope[0].reshape(shape), {"long_name": "∂/∂x of the target"}),
                "diverged_at": ("seed", diverged_at, {"long_name": "epoch of divergence, or -1"}),
                "weight_variance": ((), self.variances.weight, {"long_name": "C_W", "reason": self.variances.reason}),
                "first_weight_variance": ((), self.variances.first_weight, {"long_name": "C_W of the first layer"}),
                "bias_variance": ((), self.variances.bias, {"long_name": "C_b"}),
            },
            coords={"seed": np.arange(len(alive)), **axes},
        )

    def with_gradient(self, theta: Tensor, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return outputs [networks, points] and their input gradients [networks, inputs, points], in float64."""
        points = torch.from_numpy(x).to(theta.device).expand(len(theta), -1, -1).clone().requires_grad_()
        output = self.network.output(theta.double(), points)
        (gradient,) = torch.autograd.grad(output.sum(), points)
        return output.numpy(force=True), gradient.numpy(force=True)


def variances_of(job: Job) -> StartingVariances:
    """Return the variances of the settings; ``rule`` takes those of the universality class for the largest input."""
    s = job.settings
    if s.weight_variance != "rule":
        return StartingVariances(s.weight_variance, s.layer_variances()[0], s.bias_variance, "as set")
    largest = np.mean([max(abs(left), abs(right)) ** 2 for left, right in job.target.domain])
    return starting_variances(job.activation, float(largest), s.hidden_layers)


def _exact(target: Target, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the target [points] and its gradient [variables, points]."""
    return target_values(target, x), np.stack([target_values(target, x, name) for name in target.variables])


def _relative(error: np.ndarray, exact: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.sqrt((error**2).mean(axes) / (exact**2).mean())


def _plotting_grid(target: Target) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the axes of a plotting grid by name, and its points [variables, points]; z is as near to 0 as possible."""
    shown = target.domain[:2]
    axes = {name: np.linspace(*ends, PLOT_POINTS[len(shown)]) for name, ends in zip(target.variables, shown)}
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes.values(), indexing="ij")])
    rest = [np.full(grid.shape[1], np.clip(0.0, *ends)) for ends in target.domain[2:]]
    return axes, np.stack([*grid, *rest])
