"""What a physics-informed network has learned: fields and errors, fronts, cells of a quantization."""

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool
from torch import Tensor

from rectified.networks.convolution import Convolution, first_patches
from rectified.optimization.training_loop import History
from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.conditions import grid_of
from reproduction.jobs.setup.collocation import CollocationJob

PROFILE_POINTS = 2001
PROFILE_TIMES = (0.25, 0.5, 1.0)  # of the final time
CELL_POINTS = 201


def trained_fields(job: CollocationJob, history: History) -> xr.Dataset:
    """The trained fields beside the exact solution, their errors, and what the variant has to tell; NaN if diverged."""
    healthy, axes, names = history.diverged_at < 0, job.test_axes(), job.problem.axes
    shape = tuple(map(len, axes))
    u = torch.where(healthy[:, None], job.field(history.theta, job.test_points), torch.nan)
    errors = torch.where(healthy, job.errors(history.theta), torch.nan)
    field = u.float().numpy(force=True).reshape(-1, *shape)
    arrays = xr.Dataset(
        {
            "field": (("seed", *names), field, {"long_name": "trained field"}),
            "exact": (names, job.exact.numpy(force=True).reshape(shape), {"long_name": "exact solution"}),
            "relative_l2": ("seed", errors.numpy(force=True), {"long_name": "relative L2 error"}),
            "diverged_at": ("seed", history.diverged_at.numpy(force=True), {"long_name": "epoch of divergence, or -1"}),
            "parameters": ((), job.network.parameters, {"long_name": "parameters of one network"}),
        },
        {"seed": np.arange(len(u)), **dict(zip(names, axes))},
    )
    return arrays.merge(_fronts(job, history, healthy)).merge(_cells(job, history)).merge(_patches(job))


def _fronts(job: CollocationJob, history: History, healthy: Bool[Tensor, " networks"]) -> xr.Dataset:
    """Profiles of a Buckley–Leverett solution at three times, and how far each front is from where it should be.

    The front is the last x where u is above half the saturation behind the exact one.
    """
    problem = job.problem
    if not isinstance(problem, BuckleyLeverettProblem):
        return xr.Dataset()
    (left, right), (_, end) = problem.box
    x, times = np.linspace(left, right, PROFILE_POINTS), end * np.array(PROFILE_TIMES)
    points = grid_of(times, x)[::-1].copy()
    u = torch.where(healthy[:, None], job.field(history.theta, points), torch.nan)
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


def _cells(job: CollocationJob, history: History) -> xr.Dataset:
    """Which code is chosen where, and the orphans: cells that no point of the conditions lies in."""
    if not hasattr(job.network, "cells"):
        return xr.Dataset()
    axes = [np.linspace(*ends, CELL_POINTS) for ends in job.problem.box]
    theta, codes = history.theta.double(), job.settings.codes
    cells, anchors = (
        job.network.cells(theta, torch.from_numpy(points)[None].to(theta))
        for points in (grid_of(*axes), job.sampler.points)
    )
    used, anchored = _counted(cells, codes), _counted(anchors, codes)
    orphaned = (used > 0) & (anchored == 0)
    area = torch.where(orphaned, used, 0).sum(1) / cells.shape[1]
    names = {f"cell_{name}": axis for name, axis in zip(job.problem.axes, axes)}
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


def _patches(job: CollocationJob) -> xr.Dataset:
    """The rank of what a first convolution sees at all nodes together: it is the same for every network."""
    if not isinstance(job.network, Convolution):
        return xr.Dataset()
    rank = int(torch.linalg.matrix_rank(first_patches(job.network, job.loss.points.collocation)))
    ranks = np.full(job.settings.seeds, rank)
    return xr.Dataset({"patch_rank": ("seed", ranks, {"long_name": "rank of the coordinates in all patches"})})


def _counted(chosen: Tensor, codes: int) -> Tensor:
    """How often each code is chosen, [networks, codes]."""
    return torch.stack([torch.bincount(row, minlength=codes) for row in chosen])
