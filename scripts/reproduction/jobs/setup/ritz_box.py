"""Problem, network, energy and initial parameters of a job on Ritz networks with several inputs."""

import torch
from torch import Tensor
from torch.types import Device

from rectified.formulas import expressions
from rectified.formulas.activation import Activation, of_formula
from rectified.formulas.piecewise_polynomial import piecewise_polynomial
from rectified.formulas.torch_activation import torch_activation
from rectified.ritz.boxes.energy import PointEnergy, TrueBoxErrors
from rectified.ritz.boxes.line_energy import LineEnergy
from rectified.ritz.boxes.module_energy import ModuleEnergy
from rectified.ritz.boxes.network import BoxNetwork, initial_box_parameters
from rectified.ritz.boxes.points import FixedLines, MidpointGrid, MonteCarlo, RandomLines
from reproduction.config.job import Job


class RitzBoxSetup:
    """The problem, the network and the energy that the settings of a job define.

    Args:
        job: of task ``ritz_box``.
        device: of parameters and points.
    """

    def __init__(self, job: Job, device: Device = "cpu"):
        torch.set_num_threads(job.threads)
        s = self.settings = job.settings
        self.device, self.problem = device, job.problem.build()
        self.stream = f"ritz_box/{self.problem.inputs}/width{s.width}"
        distance = expressions.parse(s.distance, self.problem.axes) if s.distance else None
        sigma = torch_activation(_activation(job))
        self.network = BoxNetwork(s.width, s.hidden_layers, sigma, self.problem.box, distance)

    def initial(self) -> Tensor:
        """Return the initial parameters of all seeds."""
        return initial_box_parameters(self.network, self.settings.seeds, self.stream).to(self.device)

    def energy(
        self, points: int | None = None, lines: int | None = None, seeds: list[int] | None = None
    ) -> PointEnergy | LineEnergy | ModuleEnergy:
        """Return the energy by the quadrature of the settings.

        Args:
            points: of rules with points; None takes the setting.
            lines: of rules with lines; None takes the setting.
            seeds: of the networks, for random rules; None takes all seeds.
        """
        s, box = self.settings, self.problem.box
        points, lines = points or s.points, lines or s.lines
        seeds = list(range(s.seeds)) if seeds is None else seeds
        if s.quadrature == "grid":
            grid = MidpointGrid(box, round(points ** (1 / len(box))), self.device)
            return PointEnergy(self.problem, self.network, grid)
        if s.quadrature == "monte_carlo":
            return PointEnergy(self.problem, self.network, MonteCarlo(box, points, seeds, self.stream, self.device))
        if not self.is_batched:
            return ModuleEnergy(self.problem, self.network, lines, s.order, s.panels)
        if s.quadrature == "random_lines":
            rule = RandomLines(box, lines, seeds, self.stream, self.device)
        else:
            rule = FixedLines(box, lines, s.panels, self.device)
        return LineEnergy(self.problem, self.network, rule, s.order, s.panels)

    @property
    def is_batched(self) -> bool:
        """True if all networks can be integrated along lines at once."""
        return self.settings.hidden_layers == 1 and piecewise_polynomial(self.network.activation.symbolic) is not None

    def true_errors(self) -> TrueBoxErrors:
        """Return the function of the parameters that gives energies and errors by a finer rule."""
        return TrueBoxErrors(self.problem, self.network, self.device)


def _activation(job: Job) -> Activation:
    """The activation of a job, or ReLU made smooth over a width."""
    width = job.settings.smoothing
    return job.activation if width is None else of_formula("smoothed", f"{width!r}*softplus(x/{width!r})")
