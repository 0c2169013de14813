"""The training job of a Ritz network: from its settings to history, weights and fields."""

import numpy as np
import pandas as pd
import torch
import xarray as xr

from rectified.formulas import expressions
from rectified.optimization import optimizers
from rectified.optimization.training_loop import History, Schedule, train
from rectified.ritz.energy import RegressionLoss, solve_output_weights
from rectified.ritz.gradients import Autodiff
from rectified.ritz.quadrature import KinkAware, UniformGrid
from reproduction.jobs.setup.ritz import RitzJob
from reproduction.storage.checkpoints import Checkpoint

PLOT_POINTS = 401


def run_training(job: RitzJob, checkpoint: Checkpoint | None, progress: bool) -> tuple[History, int]:
    """Train as the settings say; also returns the nominal work of an epoch in evaluations of the field at a point.

    Nominal: finite differences are charged whole fields, a Newton step its Hessian column by column, and
    line searches and trial steps nothing.
    """
    s = job.settings
    if s.objective == "regression":
        moving = s.gradient == "kink_aware"
        grid = UniformGrid(s.points, job.problem.domain, job.device)
        rule = KinkAware(job.network, s.order, s.panels, job.device) if moving else grid
        points = rule(job.initial())[0].shape[-1]
        gradient = Autodiff(RegressionLoss(job.problem, job.network, rule), points)
    else:
        gradient = job.gradient(s.gradient)
    theta = job.initial()
    if s.solve_output_weights:
        theta = solve_output_weights(gradient.objective, job.network, theta)
    schedule = Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every)
    optimizer = optimizers.build(s.optimizer, theta, gradient.objective)
    errors = job.true_errors()
    history = train(optimizer, gradient, lambda t: errors(t)._asdict(), schedule, checkpoint, progress)
    newton = s.optimizer == "saddle_free_newton"
    return history, gradient.work * (1 + 2 * job.network.parameters if newton else 1)


def history_table(history: History, work: int) -> pd.DataFrame:
    """The history as a tidy table: epoch, seed, work, objective, energy, relative_l2."""
    table = history.table()
    return table.assign(work=table.epoch * work)


@torch.no_grad()
def trained_fields(job: RitzJob, history: History, work: int) -> xr.Dataset:
    """The trained networks beside the exact solution, and their true energies and errors; NaN where diverged."""
    left, right = job.problem.domain
    x = torch.linspace(left, right, PLOT_POINTS, dtype=torch.float64)
    value, _ = job.network.fields(history.theta, x[None].to(history.theta))
    healthy = history.diverged_at < 0
    energy, relative_l2 = (torch.where(healthy, error, torch.nan) for error in job.true_errors()(history.theta))
    return xr.Dataset(
        {
            "field": (("seed", "x"), value.numpy(force=True), {"long_name": "trained field"}),
            "exact": ("x", expressions.sample(job.problem.solution, x), {"long_name": "exact solution"}),
            "energy": ("seed", energy.numpy(force=True), {"long_name": "exact energy of the trained field"}),
            "relative_l2": ("seed", relative_l2.numpy(force=True), {"long_name": "relative L2 error"}),
            "diverged_at": ("seed", history.diverged_at.numpy(force=True), {"long_name": "epoch of divergence, or -1"}),
            "minimum_energy": ((), job.problem.minimum_energy),
            "work": ((), work, {"units": "field evaluations per epoch and network"}),
        },
        coords={"seed": np.arange(len(value)), "x": ("x", x.numpy(), {"units": "1"})},
    )
