"""Training of physics-informed networks of many architectures: history, weights, fields, fronts and cells.

Source: Bischof, secs. 1–4.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool
from torch import Tensor
from torch.types import Device

from rectified.networks.convolution import Convolution, first_patches
from rectified.optimization.optimizers import Adam
from rectified.optimization.training_loop import History
from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.conditions import grid_of
from reproduction.config.job import Job
from reproduction.jobs.setup.collocation import CollocationSetup
from reproduction.jobs.setup.training import Training

PROFILE_POINTS = 2001
PROFILE_TIMES = (0.25, 0.5, 1.0)  # of the final time
CELL_POINTS = 201


def training(job: Job, inputs: dict[str, list[str]], device: Device = "cpu") -> "CollocationTraining":
    """Return the training that a job defines."""
    return CollocationTraining(CollocationSetup(job, device))


class CollocationTraining(Training):
    """Training of physics-informed networks by Adam on the squared residual at collocation points."""

    def __init__(self, setup: CollocationSetup):
        self.setup, self.settings = setup, setup.settings
        self.network, self.objective = setup.network, setup.loss

    def initial(self) -> Tensor:
        return self.setup.initial()

    def optimizer(self, theta: Tensor) -> Any:
        return Adam(theta)

    def measures(self, theta: Tensor) -> dict[str, Tensor]:
        return {"relative_l2": self.setup.errors(theta)} | self._shares(theta)

    def _shares(self, theta: Tensor) -> dict[str, Tensor]:
        """Return the share of each tower in the gradient norm of the mean squared residual; empty without towers."""
        if self.settings.architecture != "towers":
            return {}
        theta = theta.detach().requires_grad_(True)
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(self.objective.terms(theta)["equation"].sum(), theta)
        blocks = self.network.blocks(gradient)
        norms = [
            sum(blocks[name].flatten(1).square().sum(1) for name in trunk.shapes).sqrt() for trunk in self.network.parts
        ]
        total = sum(norms).clamp(min=torch.finfo(theta.dtype).tiny)  # the gradient of ReLU towers alone is 0
        return {f"share{k}": norm / total for k, norm in zip(self.settings.powers, norms)}

    def fields(self, history: History) -> xr.Dataset:
        """Return the trained fields, the exact solution, the errors, and quantities of single architectures."""
        setup = self.setup
        healthy, axes, names = history.diverged_at < 0, setup.test_axes(), setup.problem.axes
        shape = tuple(map(len, axes))
        u = torch.where(healthy[:, None], setup.field(history.theta, setup.test_points), torch.nan)
        errors = torch.where(healthy, setup.errors(history.theta), torch.nan)
        field = u.float().numpy(force=True).reshape(-1, *shape)
        arrays = xr.Dataset(
            {
                "field": (("seed", *names), field, {"long_name": "trained field"}),
                "exact": (names, setup.exact.numpy(force=True).reshape(shape), {"long_name": "exact solution"}),
                "relative_l2": ("seed", errors.numpy(force=True), {"long_name": "relative L2 error"}),
                "diverged_at": (
                    "seed",
                    history.diverged_at.numpy(force=True),
                    {"long_name": "epoch of divergence, or -1"},
                ),
                "parameters": ((), setup.network.parameters, {"long_name": "parameters of one network"}),
            },
            {"seed": np.arange(len(u)), **dict(zip(names, axes))},
        )
        return arrays.merge(_fronts(setup, history, healthy)).merge(_cells(setup, history)).merge(_patches(setup))


def _fronts(setup: CollocationSetup, history: History, healthy: Bool[Tensor, " networks"]) -> xr.Dataset:
    """Return profiles of a Buckley–Leverett solution at three times, and the distance of each front from the exact one.

    The front is the last x where u exceeds half the saturation behind the exact front.
    """
    problem = setup.problem
    if not isinstance(problem, BuckleyLeverettProblem):
        return xr.Dataset()
    (left, right), (_, end) = problem.box
    x, times = np.linspace(left, right, PROFILE_POINTS), end * np.array(PROFILE_TIMES)
    points = grid_of(times, x)[::-1].copy()
    u = torch.where(healthy[:, None], setup.field(history.theta, points), torch.nan)
    profile = u.numpy(force=True).reshape(-1, len(times), len(x))
    wet = profile >= problem.front_saturation / 2
    front = np.where(wet.any(-1), x[len(x) - 1 - wet[..., ::-1].argmax(-1)], left)
    front = np.where(healthy.numpy(force=True)[:, None], front, np.nan)
    exact = problem.exact(points).reshape(len(times), len(x))
    return xr.Dataset(
        {
            "profile": (("seed", "time", "place"), profile.astype(np.float32), {"long_name": "u at three times"}),
            "exact_profile": (("time", "place"), exact, {"long_name": "exact u at three times"}),
            "front": (("seed", "time"), front, {"long_name": "place of the front"}),
            "exact_front": ("time", problem.front(times), {"long_name": "exact place of the front"}),
            "front_error": (("seed", "time"), abs(front - problem.front(times)), {"long_name": "front, less exact"}),
        },
        {"time": times, "place": x},
    )


def _cells(setup: CollocationSetup, history: History) -> xr.Dataset:
    """Return the code chosen at every point, and the orphans: cells without a point of the conditions."""
    if not hasattr(setup.network, "cells"):
        return xr.Dataset()
    axes = [np.linspace(*ends, CELL_POINTS) for ends in setup.problem.box]
    theta, codes = history.theta.double(), setup.settings.codes
    cells, anchors = (
        setup.network.cells(theta, torch.from_numpy(points).to(theta))
        for points in (grid_of(*axes)[None], setup.sampler.points)
    )
    used, anchored = _code_counts(cells, codes), _code_counts(anchors, codes)
    orphaned = (used > 0) & (anchored == 0)
    area = torch.where(orphaned, used, 0).sum(1) / cells.shape[1]
    names = {f"cell_{name}": axis for name, axis in zip(setup.problem.axes, axes)}
    maps = cells.reshape(-1, CELL_POINTS, CELL_POINTS).numpy(force=True).astype(np.int16)
    return xr.Dataset(
        {
            "cell": (("seed", *names), maps, {"long_name": "number of the code chosen"}),
            "orphaned": (
                ("seed", "code"),
                orphaned.numpy(force=True),
                {"long_name": "code chosen, but at no condition"},
            ),
            "used_cells": ("seed", (used > 0).sum(1).numpy(force=True), {"long_name": "codes chosen somewhere"}),
            "orphan_cells": (
                "seed",
                orphaned.sum(1).numpy(force=True),
                {"long_name": "codes chosen, but at no condition"},
            ),
            "orphan_area": ("seed", area.numpy(force=True), {"long_name": "share of the domain in such cells"}),
        },
        names,
    )


def _patches(setup: CollocationSetup) -> xr.Dataset:
    """Return the rank of the patches of the first convolution at all nodes, the same for every network."""
    if not isinstance(setup.network, Convolution):
        return xr.Dataset()
    rank = int(torch.linalg.matrix_rank(first_patches(setup.network, setup.loss.points.collocation)))
    ranks = np.full(setup.settings.seeds, rank)
    return xr.Dataset({"patch_rank": ("seed", ranks, {"long_name": "rank of the coordinates in all patches"})})


def _code_counts(chosen: Tensor, codes: int) -> Tensor:
    """Return how often each code is chosen [networks, codes]."""
    return torch.stack([torch.bincount(row, minlength=codes) for row in chosen])
