"""The training job of a physics-informed network: from its settings to history, weights and fields."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.optimization.levenberg_marquardt import LevenbergMarquardt
from rectified.optimization.training_loop import History, Schedule, train
from rectified.pinn.adaptive_residuals import AdaptiveResiduals
from rectified.pinn.mlp_loss import MLPLoss
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.pinn.relative_error import RelativeError
from rectified.problems.burgers import BurgersProblem
from reproduction.config.job import Job
from reproduction.jobs.setup.mlp import NetworkJob
from reproduction.storage.checkpoints import Checkpoint


class PinnJob:
    """A PINN job: its network, its residuals, and the reference solution it is compared with."""

    def __init__(self, job: Job, reference: xr.Dataset, device: Device = "cpu"):
        s = job.settings
        self.settings, self.reference = s, reference
        self.ready = NetworkJob(job, 2, device)
        residuals = MLPResiduals(
            BurgersProblem(job.problem.viscosity),
            self.ready.network,
            s.initial_points,
            s.boundary_points,
            s.initial_weight,
            s.boundary_weight,
            stream="burgers",
            device=device,
        )
        if s.optimizer == "levenberg_marquardt":
            self.loss = AdaptiveResiduals(residuals, s.collocation_points, s.candidates)
        else:
            self.loss = MLPLoss(residuals, s.collocation_points, s.batch, s.compile)
        x, t, exact = (reference[name].values for name in ("x", "t", "exact"))
        self.error = RelativeError(self.ready.network, x, t, exact, device)

    def run(self, checkpoint: Checkpoint | None, progress: bool) -> History:
        """Train as the settings say."""
        s, theta = self.settings, self.ready.initial(range(self.settings.seeds))
        newton = s.optimizer == "levenberg_marquardt"
        optimizer = LevenbergMarquardt(theta, self.loss) if newton else self.ready.optimizer(theta)
        redraw_every = s.redraw_every if newton else 1
        schedule = Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every, redraw_every)
        return train(optimizer, self.loss, self._observe, schedule, checkpoint, progress, self.loss.redraw)

    def _observe(self, theta: Tensor) -> dict[str, Tensor]:
        return {"relative_l2": self.error(theta)}

    @torch.no_grad()
    def fields(self, history: History) -> xr.Dataset:
        """The trained fields beside the reference solution, and their errors; NaN where diverged."""
        healthy = history.diverged_at < 0
        field = self.error.fields(history.theta)
        field = torch.where(healthy[:, None, None], field, torch.nan).float()
        errors = torch.where(healthy, self.error(history.theta), torch.nan)
        return xr.Dataset(
            {
                "field": (("seed", "t", "x"), field.numpy(force=True), {"long_name": "trained field"}),
                "exact": (("t", "x"), self.reference.exact.values, {"long_name": "reference solution"}),
                "relative_l2": ("seed", errors.numpy(force=True), {"long_name": "relative L2 error"}),
                "diverged_at": (
                    "seed",
                    history.diverged_at.numpy(force=True),
                    {"long_name": "epoch of divergence, or -1"},
                ),
            },
            coords={"seed": np.arange(len(errors)), "t": self.reference.t, "x": self.reference.x},
        )
