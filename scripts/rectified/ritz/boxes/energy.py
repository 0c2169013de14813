"""Deep Ritz energy on a box by a rule with points, and errors against the exact solution."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.formulas.torch_functions import torch_function
from rectified.problems.diffusion import DiffusionProblem
from rectified.ritz.boxes.network import BoxNetwork
from rectified.ritz.boxes.points import MidpointGrid, MonteCarlo

CELLS = {1: 4096, 2: 160, 3: 32}  # along each input, of the grid for errors
SAMPLES = 2**15  # quasi-random points for errors in more dimensions
CHUNK = 1 << 22  # values of a hidden layer evaluated at once


class PointEnergy:
    """Π[û] = ∫ (½κ|∇û|² − fû) dx by a rule with points.

    A call with parameters [networks, parameters] returns the energies [networks]. Their automatic derivatives lack the
    contributions of moving kinks, for fixed and for random points alike.

    Args:
        problem: with κ and f.
        network: û.
        rule: the points.
    """

    def __init__(self, problem: DiffusionProblem, network: BoxNetwork, rule: MidpointGrid | MonteCarlo):
        self.network, self.rule = network, rule
        self._data = torch_function([problem.coefficient / 2, problem.source], problem.symbols)
        self._update()

    @property
    def nodes(self) -> int:
        """Points at which the field of one network is evaluated."""
        return self.rule.points.shape[-1]

    def redraw(self, epoch: int, theta: Tensor) -> None:
        """Draw the points of an epoch, if they are not fixed."""
        if not self.rule.fixed:
            self.rule.draw(epoch)
            self._update()

    def _update(self) -> None:
        x = self.rule.points.unbind(1)
        self._stiffness, self._load = (self.rule.weight * part for part in self._data(*x))
        distance, slopes = self.network.distance(*x)
        self._distance = distance, torch.stack(slopes, 1)

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        value, gradient = self.network.with_distance(*self.network.output(theta, self.rule.points), *self._distance)
        return (self._stiffness * gradient.square().sum(1) - self._load * value).sum(-1)


class BoxErrors(NamedTuple):
    """Errors of trained networks.

    Attributes:
        energy: Π[û] of each network.
        gap: Π[û] − Π[u] of each network.
        relative_l2: ‖û − u‖/‖u‖ of each network.
    """

    energy: Tensor
    gap: Tensor
    relative_l2: Tensor


class TrueBoxErrors:
    """Energies and errors without the quadrature error of training.

    The gap is computed as ½∫κ|∇(û − u)|² dx, to which it is equal if û satisfies the boundary conditions of u: it is
    positive by any rule. Both integrals use a midpoint rule that is finer than those of training, or quasi-random
    points in more than three dimensions.

    Args:
        problem: with u and κ.
        network: û.
    """

    def __init__(self, problem: DiffusionProblem, network: BoxNetwork, device: Device = "cpu"):
        self.problem, self.network = problem, network
        if problem.inputs in CELLS:
            self._x = MidpointGrid(problem.box, CELLS[problem.inputs], device).points
        else:
            self._x = torch.from_numpy(np.ascontiguousarray(problem.points(SAMPLES)))[None].to(device)
        exact = torch_function([problem.coefficient / 2, problem.solution, *problem.slopes], problem.symbols)
        self._half_coefficient, self._u, *slopes = exact(*self._x.unbind(1))
        self._slopes = torch.stack(slopes, 1)

    @torch.no_grad()
    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> BoxErrors:
        rows = [self._errors(part) for part in theta.split(1)]
        gap, square = torch.cat(rows, 1)
        return BoxErrors(self.problem.minimum_energy + gap, gap, square.sqrt() / self.problem.solution_norm)

    def _errors(self, theta: Tensor) -> Float[Tensor, "2 networks"]:
        """∫½κ|∇(û − u)|² and ∫(û − u)² of a network."""
        total = torch.zeros(2, len(theta), dtype=theta.dtype, device=theta.device)
        count = self._x.shape[-1]
        size = max(1, CHUNK // (self.network.width * self.network.inputs))
        for part in torch.arange(count, device=theta.device).split(size):
            value, gradient = self.network.fields(theta, self._x[..., part])
            squares = (gradient - self._slopes[..., part]).square().sum(1)
            total[0] += (self._half_coefficient[:, part] * squares).sum(-1)
            total[1] += (value - self._u[:, part]).square().sum(-1)
        return total * (self.problem.measure / count)
