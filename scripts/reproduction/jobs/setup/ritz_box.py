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
from rectified.ritz.boxes.module_energy import CellEnergy, ModuleEnergy
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

    def energy(self) -> PointEnergy | LineEnergy | ModuleEnergy:
        """Return the energy by the quadrature of the settings."""
        s, box, seeds = self.settings, self.problem.box, range(self.settings.seeds)
        if s.quadrature == "grid":
            return self._by_points(MidpointGrid(box, round(s.points ** (1 / len(box))), self.device))
        if s.quadrature == "monte_carlo":
            return self._by_points(MonteCarlo(box, s.points, seeds, self.stream, self.device))
        if s.quadrature == "random_lines":
            return self._by_lines(RandomLines(box, s.lines, seeds, self.stream, self.device))
        if s.quadrature == "cells":
            return CellEnergy(self.problem, self.network, s.degree)
        return self._by_fixed_lines(s.lines)

    def fine_energy(
        self, cells: int, lines: int, along_lines: bool | None = None
    ) -> PointEnergy | LineEnergy | ModuleEnergy:
        """Return the energy on a fixed grid, along fixed lines, or on cells.

        Args:
            cells: along each input, of the grid.
            lines: along each axis per input across them.
            along_lines: True for lines, False for the grid; None takes what the quadrature of the settings does. Cells
                need no refinement.
        """
        if along_lines is None and self.settings.quadrature == "cells":
            return self.energy()
        if self.settings.along_lines if along_lines is None else along_lines:
            return self._by_fixed_lines(lines)
        return self._by_points(MidpointGrid(self.problem.box, cells, self.device))

    def _by_points(self, rule: MidpointGrid | MonteCarlo) -> PointEnergy:
        return PointEnergy(self.problem, self.network, rule)

    def _by_fixed_lines(self, lines: int) -> LineEnergy | ModuleEnergy:
        s = self.settings
        if self.is_batched:
            return self._by_lines(FixedLines(self.problem.box, lines, s.panels, self.device))
        return ModuleEnergy(self.problem, self.network, lines, s.order, s.panels)

    def _by_lines(self, rule: FixedLines | RandomLines) -> LineEnergy:
        return LineEnergy(self.problem, self.network, rule, self.settings.order, self.settings.panels)

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
