"""The jobs around a trained Ritz network: the Hessian of its energy, and the energy on planes of eigenvectors."""

import logging

import numpy as np
import torch
import xarray as xr

from rectified.optimization.hessian import eigenpairs, hessian
from rectified.ritz import fast_grid_energy, loss_landscape
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.quadrature import KinkAware, UniformGrid
from reproduction.jobs.setup.ritz import RitzJob

log = logging.getLogger(__name__)


def energy_by(job: RitzJob, quadrature: str) -> tuple[RitzEnergy, int]:
    """The energy by a quadrature, ``grid`` or ``kink_aware``, and the number of values it handles per network."""
    s, network = job.settings, job.network
    if quadrature == "kink_aware":
        points = s.order * (s.panels + s.width * len(network.activation.kink_points))
        return RitzEnergy(job.problem, network, KinkAware(network, s.order, s.panels)), points * s.width
    return RitzEnergy(job.problem, network, UniformGrid(s.points, job.problem.domain)), s.points * s.width


def hessian_at_start(job: RitzJob) -> xr.Dataset:
    """Eigenpairs of the Hessian at the parameters that the job starts from, for every seed.

    The Hessian is that of the energy by the quadrature that ``hessian`` in the settings names; the
    eigenvalues of the exact energy's Hessian stand beside it.
    """
    theta = job.initial()
    objective, exact = (energy_by(job, quadrature)[0] for quadrature in (job.settings.hessian, "kink_aware"))
    pairs = [eigenpairs(hessian(objective, row)) for row in theta]
    values, vectors, residuals = (torch.stack(parts).numpy() for parts in zip(*pairs))
    exact_values = torch.stack([eigenpairs(hessian(exact, row)).values for row in theta]).numpy()
    log.info("largest residual of an eigenpair: %.2e", residuals.max())
    return xr.Dataset(
        {
            "eigenvalue": (("seed", "index"), values),
            "exact_eigenvalue": (("seed", "index"), exact_values, {"long_name": "of the exact energy"}),
            "eigenvector": (("seed", "parameter", "index"), vectors),
            "residual": (("seed", "index"), residuals, {"long_name": "norm of Hv - λv"}),
            "theta": (("seed", "parameter"), theta.numpy()),
        },
        coords={"seed": np.arange(len(theta)), "index": np.arange(1, theta.shape[1] + 1)},
    )


def landscape_planes(job: RitzJob, curvature: xr.Dataset) -> xr.Dataset:
    """The energy on the planes of the settings, for every seed, and how rough each plane is."""
    s = job.settings
    objective, values_per_network = energy_by(job, s.quadrature)
    if fast_grid_energy.has_fast_grid_energy(objective):
        objective, values_per_network = fast_grid_energy.FastGridEnergy(objective), 3 * s.points
    offsets = torch.linspace(-s.extent, s.extent, s.resolution, dtype=torch.float64)
    surfaces = torch.stack(
        [
            loss_landscape.planes(
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
            "roughness": (("seed", "plane"), loss_landscape.roughness(surfaces).numpy()),
            "eigenvalue": curvature.eigenvalue,
            "exact_eigenvalue": curvature.exact_eigenvalue,
            "minimum_energy": ((), job.problem.minimum_energy),
        },
        coords={
            "first": ("plane", [i for i, _ in s.planes]),
            "second": ("plane", [j for _, j in s.planes]),
            "alpha": offsets.numpy(),
            "beta": offsets.numpy(),
        },
    )
