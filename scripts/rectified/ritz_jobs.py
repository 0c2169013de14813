"""The jobs of the Ritz experiments: from a job's settings to the arrays and tables that it leaves."""

import hashlib
import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
import sympy
import torch
import xarray as xr
from torch import Tensor

from rectified import expressions, landscape, moments, optimizers
from rectified.gradients import Autodiff, FiniteDifference, ritz_gradient
from rectified.hessian import eigenpairs, hessian
from rectified.lowering import lower, torch_activation
from rectified.networks import Network, initial_parameters
from rectified.problems.elliptic import X
from rectified.quadrature import KinkAware, UniformGrid
from rectified.ritz import RegressionLoss, RitzEnergy, TrueErrors, solve_output_weights
from rectified.spec import Job
from rectified.training import Checkpoint, History, Schedule, train

log = logging.getLogger(__name__)

PLOT_POINTS = 401


class RitzJob:
    """The problem, the network, and the initial parameters that a job's settings describe."""

    def __init__(self, job: Job, start: dict[str, np.ndarray] | None = None):
        torch.set_num_threads(job.threads)
        self.settings, self.start = job.settings, start
        self.problem = job.problem.build()
        distance = expressions.parse(self.settings.distance)
        self.network = Network(
            self.settings.width,
            self.settings.hidden_layers,
            torch_activation(job.activation),
            lower([distance, sympy.diff(distance, X)], [X]),
            self.problem.domain,
        )

    def initial(self) -> Tensor:
        """Parameters of all seeds: those of the start, or drawn."""
        if self.start is not None:
            return self.network.row({name: torch.from_numpy(block) for name, block in self.start.items()})
        s = self.settings
        return initial_parameters(self.network, s.seeds, s.initialization, f"ritz/width{s.width}")

    def gradient(self, name: str, points: int | None = None, step: float | None = None):
        """A gradient rule of the energy, with the settings' numbers where none are given."""
        s = self.settings
        return ritz_gradient(
            name,
            self.problem,
            self.network,
            points=points or s.points,
            step=step or s.step,
            order=s.order,
            panels=s.panels,
        )

    def true_errors(self) -> TrueErrors:
        return TrueErrors(self.problem, self.network)


def identity(job_text: str, code: list[str]) -> str:
    """Names the work of a training run: its settings and its code."""
    return hashlib.sha256("\n".join([job_text, *code]).encode()).hexdigest()


def run_training(job: RitzJob, checkpoint: Checkpoint | None, progress: bool) -> tuple[History, int]:
    """Train as the settings say; also returns the work of one epoch in evaluations of the field at a point."""
    s = job.settings
    if s.objective == "regression":
        moving = s.gradient == "kink_aware"
        rule = KinkAware(job.network, s.order, s.panels) if moving else UniformGrid(s.points, job.problem.domain)
        gradient = Autodiff(RegressionLoss(job.problem, job.network, rule), s.points)
    else:
        gradient = job.gradient(s.gradient)
    theta = job.initial()
    if s.solve_output_weights:
        theta = solve_output_weights(gradient.objective, job.network, theta)
    schedule = Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every)
    optimizer = optimizers.build(s.optimizer, theta, s.learning_rate, gradient.objective)
    errors = job.true_errors()
    history = train(optimizer, gradient, lambda t: errors(t)._asdict(), schedule, checkpoint, progress)
    newton = s.optimizer == "saddle_free_newton"
    return history, gradient.work * (1 + 2 * job.network.parameters if newton else 1)


def history_table(history: History, work: int) -> pd.DataFrame:
    """The history as a tidy table: epoch, work, seed, objective, energy, relative_l2."""
    records, seeds = next(iter(history.records.values())).shape
    columns = {
        "epoch": np.repeat(history.epochs, seeds),
        "work": np.repeat(history.epochs.astype(np.int64) * work, seeds),
        "seed": np.tile(np.arange(seeds), records),
    }
    return pd.DataFrame(columns | {name: values.ravel() for name, values in history.records.items()})


@torch.no_grad()
def trained_fields(job: RitzJob, history: History, work: int) -> xr.Dataset:
    """The trained networks beside the exact solution, and their true energies and errors."""
    left, right = job.problem.domain
    x = torch.linspace(left, right, PLOT_POINTS, dtype=torch.float64)
    value, slope = job.network.fields(history.theta, x[None])
    errors = job.true_errors()(history.theta)
    exact = {name: expressions.sample(e, x.numpy()) for name, e in _exact(job).items()}
    return xr.Dataset(
        {
            "field": (("seed", "x"), value.numpy(), {"long_name": "trained field"}),
            "slope": (("seed", "x"), slope.numpy(), {"long_name": "its derivative"}),
            "exact": ("x", exact["solution"], {"long_name": "exact solution"}),
            "exact_slope": ("x", exact["slope"], {"long_name": "its derivative"}),
            "energy": ("seed", errors.energy.numpy(), {"long_name": "exact energy of the trained field"}),
            "relative_l2": ("seed", errors.relative_l2.numpy(), {"long_name": "relative L2 error"}),
            "diverged_at": ("seed", history.diverged_at.numpy(), {"long_name": "epoch of divergence, or -1"}),
            "minimum_energy": ((), job.problem.minimum_energy),
            "work": ((), work, {"units": "field evaluations per epoch and network"}),
        },
        coords={"seed": np.arange(len(value)), "x": ("x", x.numpy(), {"units": "1"})},
    )


def _exact(job: RitzJob) -> dict[str, sympy.Expr]:
    return {"solution": job.problem.solution, "slope": sympy.diff(job.problem.solution, X)}


def gradient_errors(job: RitzJob) -> pd.DataFrame:
    """Relative errors of every gradient rule, by block of parameters, seed by seed.

    The reference is the gradient of the exact energy: kink-aware quadrature on fine panels. Its own check
    is a row of the table, central differences of that energy.
    """
    network = job.network
    exact = RitzEnergy(job.problem, network, KinkAware(network, order=8, panels=64))
    rows = []
    for seed, theta in enumerate(job.initial()):
        reference = network.blocks(Autodiff(exact, 0)(theta[None])[1])
        for labels, rule in _rules(job, exact):
            blocks = network.blocks(rule(theta[None])[1])
            for name, block in blocks.items():
                error = (block - reference[name]).norm() / reference[name].norm()
                rows.append({**labels, "seed": seed, "block": name, "relative_error": float(error)})
    return pd.DataFrame(rows)


def _rules(job: RitzJob, exact: RitzEnergy) -> Iterator[tuple[dict, object]]:
    s = job.settings
    for name in ("autodiff", "discrete_delta"):
        for points in s.grids:
            if name == "autodiff" or s.hidden_layers == 1:
                yield {"rule": name, "points": points, "step": np.nan}, job.gradient(name, points)
    for step in s.steps:
        rule = job.gradient("finite_difference", step=step)
        yield {"rule": "finite_difference", "points": s.points, "step": step}, rule
    yield {"rule": "kink_aware", "points": 0, "step": np.nan}, job.gradient("kink_aware")
    check = FiniteDifference(exact, 1e-5, 8 * (64 + s.width), job.network)
    yield {"rule": "finite_difference_of_the_integral", "points": 0, "step": 1e-5}, check


def landscape_objective(job: RitzJob) -> tuple[RitzEnergy, int]:
    """The energy that a landscape shows, and the number of values it handles per network."""
    s, network = job.settings, job.network
    if s.quadrature == "kink_aware":
        points = s.order * (s.panels + s.width * len(network.activation.kink_points))
        return RitzEnergy(job.problem, network, KinkAware(network, s.order, s.panels)), points * s.width
    return RitzEnergy(job.problem, network, UniformGrid(s.points, job.problem.domain)), s.points * s.width


def hessian_at_start(job: RitzJob) -> xr.Dataset:
    """Eigenpairs of the Hessian at the parameters that the job starts from, for every seed."""
    objective, _ = landscape_objective(job)
    theta = job.initial()
    pairs = [eigenpairs(hessian(objective, row)) for row in theta]
    values, vectors, residuals = (torch.stack(parts).numpy() for parts in zip(*pairs))
    return xr.Dataset(
        {
            "eigenvalue": (("seed", "index"), values),
            "eigenvector": (("seed", "parameter", "index"), vectors),
            "residual": (("seed", "index"), residuals, {"long_name": "norm of Hv - λv"}),
            "theta": (("seed", "parameter"), theta.numpy()),
        },
        coords={"seed": np.arange(len(theta)), "index": np.arange(1, theta.shape[1] + 1)},
    )


def landscape_planes(job: RitzJob, curvature: xr.Dataset) -> xr.Dataset:
    """The energy on the planes of the settings, for every seed, and how rough each plane is."""
    s = job.settings
    objective, values_per_network = landscape_objective(job)
    if moments.applies_to(objective):
        objective, values_per_network = moments.MomentEnergy(objective), 3 * s.points
    offsets = torch.linspace(-s.extent, s.extent, s.resolution, dtype=torch.float64)
    surfaces = torch.stack(
        [
            landscape.planes(
                objective,
                torch.from_numpy(curvature.theta[seed].values),
                torch.from_numpy(curvature.eigenvector[seed].values),
                s.planes,
                offsets,
                values_per_network,
            )
            for seed in range(curvature.sizes["seed"])
        ]
    )
    return xr.Dataset(
        {
            "energy": (("seed", "plane", "alpha", "beta"), surfaces.numpy()),
            "roughness": (("seed", "plane"), landscape.roughness(surfaces).numpy()),
            "eigenvalue": curvature.eigenvalue,
            "minimum_energy": ((), job.problem.minimum_energy),
        },
        coords={
            "first": ("plane", [i for i, _ in s.planes]),
            "second": ("plane", [j for _, j in s.planes]),
            "alpha": offsets.numpy(),
            "beta": offsets.numpy(),
        },
    )
