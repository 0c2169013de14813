"""The Hessian of the energy of a trained Ritz network, and the energy on planes of its eigenvectors.

Source: Rowan, arXiv:2512.11184, sec. 2.
"""

import logging

import numpy as np
import torch
import xarray as xr

from rectified.optimization import hessian as hessians
from rectified.ritz import fast_grid_energy, loss_landscape
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.quadrature import KinkAware, UniformGrid
from reproduction.config.job import Job
from reproduction.jobs.setup.ritz import RitzSetup, start_of
from reproduction.storage import store

log = logging.getLogger(__name__)


def _energy_by(setup: RitzSetup, quadrature: str) -> tuple[RitzEnergy, int]:
    """Return the energy with a quadrature, ``grid`` or ``kink_aware``, and the number of values per network."""
    s, network = setup.settings, setup.network
    if quadrature == "kink_aware":
        points = s.order * (s.panels + s.width * len(network.activation.kink_points))
        return RitzEnergy(setup.problem, network, KinkAware(network, s.order, s.panels)), points * s.width
    return RitzEnergy(setup.problem, network, UniformGrid(s.points, setup.problem.domain)), s.points * s.width


def hessian(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the eigenpairs of the Hessian at the parameters that the job starts from, for every seed.

    The setting ``hessian`` selects the quadrature of the energy. The eigenvalues of the Hessian of the exact energy are
    added for comparison.
    """
    setup = RitzSetup(job, start_of(inputs))
    theta = setup.initial()
    objective, exact = (_energy_by(setup, quadrature)[0] for quadrature in (job.settings.hessian, "kink_aware"))
    pairs = [hessians.eigenpairs(hessians.hessian(objective, row)) for row in theta]
    values, vectors, residuals = (torch.stack(parts).numpy() for parts in zip(*pairs))
    exact_values = torch.stack([hessians.eigenpairs(hessians.hessian(exact, row)).values for row in theta]).numpy()
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


def landscape(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the energy on the planes of the settings, for every seed, and the roughness of each plane."""
    setup, curvature = RitzSetup(job), store.read_arrays(inputs["hessian"][0])
    s = setup.settings
    objective, values_per_network = _energy_by(setup, s.quadrature)
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
            "minimum_energy": ((), setup.problem.minimum_energy),
        },
        coords={
            "first": ("plane", [i for i, _ in s.planes]),
            "second": ("plane", [j for _, j in s.planes]),
            "alpha": offsets.numpy(),
            "beta": offsets.numpy(),
        },
    )
