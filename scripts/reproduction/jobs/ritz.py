"""Training of Ritz networks: history, weights and fields.

Source: Rowan, arXiv:2512.11184, eqs. 2 and 4.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.formulas import expressions
from rectified.optimization.training_loop import History
from rectified.ritz import block_newton
from rectified.ritz.energy import RegressionLoss
from rectified.ritz.gradients import Autodiff
from rectified.ritz.quadrature import KinkAware, UniformGrid
from reproduction.config.job import Job
from reproduction.jobs.setup.ritz import RitzSetup, start_of
from reproduction.jobs.setup.training import Training

PLOT_POINTS = 401


def training(job: Job, inputs: dict[str, list[str]], device: Device = "cpu") -> "RitzTraining":
    """Return the training that a job defines."""
    return RitzTraining(RitzSetup(job, start_of(inputs), device))


class RitzTraining(Training):
    """Training of Ritz networks on the energy or on the exact solution.

    The work of an epoch is nominal. Finite differences count whole fields, and an iteration of Newton's method counts
    the products of matrices of one trial step; line searches, further trials and decompositions do not count.
    """

    def __init__(self, setup: RitzSetup):
        self.setup, self.settings, self.network = setup, setup.settings, setup.network
        s = setup.settings
        self.objective = self._regression() if s.objective == "regression" else setup.gradient(s.gradient)
        self.work = self.objective.work + (block_newton.work(self.objective.objective) if s.is_newton else 0)
        self._errors = setup.true_errors()

    def _regression(self) -> Autodiff:
        setup, s = self.setup, self.settings
        moving = s.gradient == "kink_aware"
        grid = UniformGrid(s.points, setup.problem.domain, setup.device)
        rule = KinkAware(setup.network, s.order, s.panels, setup.device) if moving else grid
        points = rule(setup.initial())[0].shape[-1]
        return Autodiff(RegressionLoss(setup.problem, setup.network, rule), points)

    def initial(self) -> Tensor:
        return self.setup.initial()

    def optimizer(self, theta: Tensor) -> Any:
        if self.settings.is_newton:
            projected = self.settings.optimizer == "projected_newton"
            return block_newton.BlockNewton(theta, self.objective.objective, projected)
        return super().optimizer(theta)

    def measures(self, theta: Tensor) -> dict[str, Tensor]:
        return self._errors(theta)._asdict()

    @torch.no_grad()
    def fields(self, history: History) -> xr.Dataset:
        """Return the trained fields, the exact solution, exact energies and errors; NaN where diverged."""
        problem = self.setup.problem
        left, right = problem.domain
        x = torch.linspace(left, right, PLOT_POINTS, dtype=torch.float64)
        value, _ = self.network.fields(history.theta, x[None].to(history.theta))
        healthy = history.diverged_at < 0
        energy, relative_l2 = (torch.where(healthy, error, torch.nan) for error in self._errors(history.theta))
        diverged_at = history.diverged_at.numpy(force=True)
        return xr.Dataset(
            {
                "field": (("seed", "x"), value.numpy(force=True), {"long_name": "trained field"}),
                "exact": ("x", expressions.sample(problem.solution, x), {"long_name": "exact solution"}),
                "energy": ("seed", energy.numpy(force=True), {"long_name": "exact energy of the trained field"}),
                "relative_l2": ("seed", relative_l2.numpy(force=True), {"long_name": "relative L2 error"}),
                "diverged_at": ("seed", diverged_at, {"long_name": "epoch of divergence, or -1"}),
                "minimum_energy": ((), problem.minimum_energy),
                "work": ((), self.work, {"units": "field evaluations per epoch and network"}),
            },
            coords={"seed": np.arange(len(value)), "x": ("x", x.numpy(), {"units": "1"})},
        )
