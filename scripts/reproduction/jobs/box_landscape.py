"""The energy of a trained Ritz network with several inputs on planes of Hessian eigenvectors.

Source: Rowan, arXiv:2512.11184, sec. 2, in several dimensions.
"""

import numpy as np
import torch
import xarray as xr

from rectified.errors import InvalidInputError
from rectified.optimization import hessian as hessians
from rectified.ritz import loss_landscape
from rectified.ritz.boxes.line_energy import LineEnergy
from reproduction.config.job import Job
from reproduction.jobs.setup.ritz_box import RitzBoxSetup
from reproduction.storage import store


def box_landscape(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the energies on the planes, by quadrature and seed, and the roughness of each plane.

    The Hessian is that of the energy along lines, for both quadratures.

    Raises:
        InvalidInputError: if the networks of the start cannot be integrated along lines together.
    """
    s, (blocks, attributes) = job.settings, store.read_tensors(inputs["weights"][0])
    setup = RitzBoxSetup(Job.model_validate_json(attributes["spec"]))
    theta = setup.network.row({name: torch.from_numpy(block[: s.seeds]) for name, block in blocks.items()})
    energies = {name: setup.fine_energy(s.cells, s.lines, name == "lines") for name in ("grid", "lines")}
    if not isinstance(energies["lines"], LineEnergy):
        raise InvalidInputError("start must have one hidden layer and an activation of polynomials between kinks")
    if max(map(max, s.planes)) > theta.shape[1]:
        raise InvalidInputError(f"planes must be numbers up to {theta.shape[1]}, the parameters of the start")
    offsets = torch.linspace(-s.extent, s.extent, s.resolution, dtype=torch.float64)
    vectors = [hessians.eigenpairs(hessians.hessian(energies["lines"], row)).vectors for row in theta]
    surfaces = torch.stack(
        [
            torch.stack(
                [
                    loss_landscape.planes(energy, row, basis, s.planes, offsets, energy.nodes * 4)
                    for row, basis in zip(theta, vectors)
                ]
            )
            for energy in energies.values()
        ]
    )
    return xr.Dataset(
        {
            "energy": (("quadrature", "seed", "plane", "alpha", "beta"), surfaces.numpy()),
            "roughness": (("quadrature", "seed", "plane"), loss_landscape.roughness(surfaces).numpy()),
            "minimum_energy": ((), setup.problem.minimum_energy),
        },
        coords={
            "quadrature": list(energies),
            "seed": np.arange(len(theta)),
            "first": ("plane", [i for i, _ in s.planes]),
            "second": ("plane", [j for _, j in s.planes]),
            "alpha": offsets.numpy(),
            "beta": offsets.numpy(),
        },
    )
