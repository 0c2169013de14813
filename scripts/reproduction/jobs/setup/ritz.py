"""Problem, network and initial parameters of a job on Ritz networks."""

import numpy as np
import sympy
import torch
from torch import Tensor
from torch.types import Device

from rectified.formulas import expressions
from rectified.formulas.torch_activation import torch_activation
from rectified.formulas.torch_functions import torch_function
from rectified.optimization.value_and_gradient import GradientRule
from rectified.problems.elliptic import X
from rectified.ritz.energy import TrueErrors
from rectified.ritz.gradients import ritz_gradient
from rectified.ritz.network import Network, initial_ritz_parameters
from reproduction.config.job import Job
from reproduction.storage import store


class RitzSetup:
    """The problem, the network and the initial parameters that the settings of a job define.

    Args:
        job: on Ritz networks.
        start: initial parameters by block; None draws them.
        device: of parameters and points.
    """

    def __init__(self, job: Job, start: dict[str, np.ndarray] | None = None, device: Device = "cpu"):
        torch.set_num_threads(job.threads)
        self.settings, self.start, self.device = job.settings, start, device
        self.problem = job.problem.build()
        distance = expressions.parse(self.settings.distance)
        self.network = Network(
            self.settings.width,
            self.settings.hidden_layers,
            torch_activation(job.activation),
            torch_function([distance, sympy.diff(distance, X)], [X]),
            self.problem.domain,
        )

    def initial(self) -> Tensor:
        """Return the initial parameters of all seeds: those of ``start``, or drawn ones."""
        if self.start is not None:
            blocks = {name: torch.from_numpy(block) for name, block in self.start.items()}
            return self.network.row(blocks).to(self.device)
        s = self.settings
        stream = f"ritz/width{s.width}"
        return initial_ritz_parameters(self.network, s.seeds, s.initialization, stream).to(self.device)

    def gradient(self, name: str, points: int | None = None, step: float | None = None) -> GradientRule:
        """Return a gradient rule of the energy.

        Args:
            name: of the rule.
            points: of its grid; None takes the setting.
            step: of finite differences; None takes the setting.
        """
        s = self.settings
        return ritz_gradient(
            name,
            self.problem,
            self.network,
            points=points or s.points,
            step=step or s.step,
            order=s.order,
            panels=s.panels,
            device=self.device,
        )

    def true_errors(self) -> TrueErrors:
        """Return the function of the parameters that gives exact energies and relative L2 errors."""
        return TrueErrors(self.problem, self.network, device=self.device)


def start_of(inputs: dict[str, list[str]]) -> dict[str, np.ndarray] | None:
    """Return the trained parameters that a job starts from, by block; None if it starts from no case."""
    return store.read_tensors(inputs["weights"][0])[0] if inputs.get("weights") else None
