"""Training of fully connected physics-informed networks: history, weights and fields.

Source: Kim and Kang, arXiv:2408.02697, sec. 5.2.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.optimization.levenberg_marquardt import LevenbergMarquardt
from rectified.optimization.training_loop import History, Schedule
from rectified.pinn.adaptive_residuals import AdaptiveResiduals
from rectified.pinn.mlp_loss import MLPLoss
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.pinn.relative_error import RelativeError
from reproduction.config.job import Job
from reproduction.jobs.setup.mlp import MLPSetup
from reproduction.jobs.setup.training import Training
from reproduction.storage import store


def training(job: Job, inputs: dict[str, list[str]], device: Device = "cpu", shard: int = 0) -> "PinnTraining":
    """Return the training of one shard of the seeds of a job."""
    return PinnTraining(job, store.read_arrays(inputs["reference"][0]), device, shard)


class PinnTraining(Training):
    """Training of physics-informed networks, compared with a reference solution.

    Args:
        reference: the solution on a grid, as written by the rule ``reference``.
        shard: of the seeds.
    """

    def __init__(self, job: Job, reference: xr.Dataset, device: Device = "cpu", shard: int = 0):
        self.settings = s = job.settings
        self.seeds = range(shard * s.together, min((shard + 1) * s.together, s.seeds))
        self.reference = reference
        self.setup = MLPSetup(job, 2, device)
        self.network = self.setup.network
        residuals = MLPResiduals(
            job.problem.build(),
            self.network,
            s.initial_points,
            s.boundary_points,
            s.initial_weight,
            s.boundary_weight,
            seeds=self.seeds,
            stream="burgers",
            device=device,
        )
        if self._is_newton:
            self.objective = AdaptiveResiduals(residuals, s.collocation_points, s.candidates)
        else:
            self.objective = MLPLoss(residuals, s.collocation_points, s.batch, s.compile)
        x, t, exact = (reference[name].values for name in ("x", "t", "exact"))
        self._error = RelativeError(self.network, x, t, exact, device)

    @property
    def _is_newton(self) -> bool:
        return self.settings.optimizer == "levenberg_marquardt"

    def initial(self) -> Tensor:
        return self.setup.initial(self.seeds)

    def optimizer(self, theta: Tensor) -> Any:
        return LevenbergMarquardt(theta, self.objective) if self._is_newton else super().optimizer(theta)

    @property
    def schedule(self) -> Schedule:
        s = self.settings
        redraw_every = s.redraw_every if self._is_newton else 1
        return Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every, redraw_every)

    def measures(self, theta: Tensor) -> dict[str, Tensor]:
        return {"relative_l2": self._error(theta)}

    @torch.no_grad()
    def fields(self, history: History) -> xr.Dataset:
        """Return the trained fields, the reference solution and the errors; NaN where diverged."""
        healthy = history.diverged_at < 0
        field = self._error.fields(history.theta)
        field = torch.where(healthy[:, None, None], field, torch.nan).float().numpy(force=True)
        errors = torch.where(healthy, self._error(history.theta), torch.nan).numpy(force=True)
        diverged_at = history.diverged_at.numpy(force=True)
        return xr.Dataset(
            {
                "field": (("seed", "t", "x"), field, {"long_name": "trained field"}),
                "exact": (("t", "x"), self.reference.exact.values, {"long_name": "reference solution"}),
                "relative_l2": ("seed", errors, {"long_name": "relative L2 error"}),
                "diverged_at": ("seed", diverged_at, {"long_name": "epoch of divergence, or -1"}),
            },
            coords={"seed": np.array(self.seeds), "t": self.reference.t, "x": self.reference.x},
        )
