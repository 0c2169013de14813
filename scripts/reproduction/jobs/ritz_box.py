"""Training of Ritz networks with several inputs: history, weights and fields.

Source: Rowan, arXiv:2512.11184, eqs. 2 and 4, in several dimensions.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.optimization.optimizers import Adam
from rectified.optimization.training_loop import History, Redraw
from rectified.ritz.boxes.module_energy import ModuleEnergy
from rectified.ritz.gradients import Autodiff
from reproduction.config.job import Job
from reproduction.jobs.setup.ritz_box import RitzBoxSetup
from reproduction.jobs.setup.training import Training

PLOT_POINTS = 65  # along x1 and x2


def training(job: Job, inputs: dict[str, list[str]], device: Device = "cpu") -> "RitzBoxTraining":
    """Return the training that a job defines."""
    return RitzBoxTraining(RitzBoxSetup(job, device))


class RitzBoxTraining(Training):
    """Training of Ritz networks with several inputs on the energy, by Adam.

    The work of an epoch is nominal: three evaluations of the field at each point of the quadrature rule.
    """

    def __init__(self, setup: RitzBoxSetup):
        self.setup, self.settings, self.network = setup, setup.settings, setup.network
        self._energy = setup.energy()
        self.work = 3 * self._energy.nodes
        one_by_one = isinstance(self._energy, ModuleEnergy)
        self.objective = self._energy if one_by_one else Autodiff(self._energy, self._energy.nodes)
        self._errors = setup.true_errors()

    def initial(self) -> Tensor:
        return self.setup.initial()

    def optimizer(self, theta: Tensor) -> Any:
        return Adam(theta)

    @property
    def redraw(self) -> Redraw | None:
        return getattr(self._energy, "redraw", None)

    def measures(self, theta: Tensor) -> dict[str, Tensor]:
        return self._errors(theta)._asdict()

    @torch.no_grad()
    def fields(self, history: History) -> xr.Dataset:
        """Return the fields on the plane of x1 and x2 through the middle of the box, errors, and the nominal work."""
        problem, theta = self.setup.problem, history.theta
        axes = problem.axes[: min(2, problem.inputs)]
        points, places = _plane(problem.box, PLOT_POINTS)
        value, _ = self.network.fields(theta, torch.from_numpy(points)[None].to(theta))
        shape = [len(place) for place in places]
        healthy = history.diverged_at < 0
        errors = {name: torch.where(healthy, one, torch.nan) for name, one in self._errors(theta)._asdict().items()}
        words = {"energy": "energy by a fine rule", "gap": "energy less that of u", "relative_l2": "relative L2 error"}
        return xr.Dataset(
            {
                "field": (("seed", *axes), value.float().numpy(force=True).reshape(-1, *shape)),
                "exact": (axes, problem.sample(problem.solution, points).reshape(shape), {"long_name": "u"}),
                **{k: ("seed", one.numpy(force=True), {"long_name": words[k]}) for k, one in errors.items()},
                "diverged_at": ("seed", history.diverged_at.numpy(force=True)),
                "minimum_energy": ((), problem.minimum_energy),
                "parameters": ((), self.network.parameters, {"long_name": "parameters of one network"}),
                "work": ((), self.work, {"units": "field evaluations per epoch and network"}),
            },
            coords={"seed": np.arange(len(theta)), **dict(zip(axes, places))},
        )


def _plane(box: tuple, count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Points [inputs, …] of a grid of the first two inputs in the middle of the others, and its coordinates."""
    places = [np.linspace(*ends, count) for ends in box[:2]]
    middle = [np.array([np.mean(ends)]) for ends in box[2:]]
    grid = np.stack(np.meshgrid(*places, *middle, indexing="ij"))
    return grid.reshape(len(box), -1), places
