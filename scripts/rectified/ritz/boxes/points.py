"""Points and lines of quadrature rules on boxes, fixed or drawn anew at every step.

A rule has the attribute ``fixed``; ``draw(epoch)`` draws the points of an epoch of a rule that is not. Every network
has random points of its own, from random streams that contain its seed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.kink_aware.lines import fixed_lines
from rectified.networks.seeding import numpy_generator
from rectified.ritz.boxes.network import Box


class MidpointGrid:
    """Midpoint rule on equal cells.

    Args:
        box: lower and upper end of each input.
        cells: along each input.
    """

    fixed = True

    def __init__(self, box: Box, cells: int, device: Device = "cpu"):
        axes = [low + (high - low) * (torch.arange(cells, dtype=torch.float64) + 0.5) / cells for low, high in box]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij")).flatten(1)
        self.points = grid[None].to(device)
        self.weight = float(np.prod(np.diff(box))) / grid.shape[1]

    def draw(self, epoch: int) -> None:
        """Keep the points."""


class MonteCarlo:
    """Independent, uniform points, drawn anew at every epoch.

    Args:
        box: lower and upper end of each input.
        count: number of points.
        seeds: of the networks.
        stream: name of the random number stream.
    """

    fixed = False

    def __init__(self, box: Box, count: int, seeds: Sequence[int], stream: str, device: Device = "cpu"):
        self.box, self.count, self.seeds, self.stream, self.device = np.array(box), count, seeds, stream, device
        self.weight = float(np.prod(np.diff(box))) / count
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Draw the points of an epoch."""
        shape = (len(self.box), self.count)
        unit = np.stack([numpy_generator(self.stream, "points", epoch, seed).random(shape) for seed in self.seeds])
        low, high = self.box.T[:, :, None]
        self.points = torch.from_numpy(low + (high - low) * unit).to(self.device)


class Family(NamedTuple):
    """Lines parallel to one axis.

    Attributes:
        origins: a point of each line whose coordinate along the axis is 0.
        weights: measure of the box that each line stands for, divided by its length.
    """

    origins: Float[Tensor, "networks_or_1 lines inputs"]
    weights: Float[Tensor, " lines"]


class FixedLines:
    """Lines along every axis at the nodes of a composite Gauss–Legendre rule, the same for all networks.

    Args:
        box: lower and upper end of each input.
        lines: nodes per input across the lines, a multiple of panels; lines^(d − 1) lines run along each axis.
        panels: equal panels of each input.
    """

    fixed = True

    def __init__(self, box: Box, lines: int, panels: int, device: Device = "cpu"):
        found = fixed_lines(torch.tensor(box, dtype=torch.float64, device=device), lines, panels)
        own = [found.axes == axis for axis in range(len(box))]
        self.families = [Family(found.origins[mask][None], found.weights[mask]) for mask in own]

    def draw(self, epoch: int) -> None:
        """Keep the lines."""


class RandomLines:
    """Lines along every axis at the points of a randomly shifted lattice, drawn anew at every epoch.

    Every line is uniform in the box, so that integrals are unbiased. The offsets of a family are i/L in the first
    coordinate and multiples of irrational numbers in the others (Roberts' extension of the golden ratio), shifted by a
    uniform vector modulo 1.

    Args:
        box: lower and upper end of each input.
        lines: along each axis.
        seeds: of the networks.
        stream: name of the random number stream.
    """

    fixed = False

    def __init__(self, box: Box, lines: int, seeds: Sequence[int], stream: str, device: Device = "cpu"):
        self.box, self.lines, self.seeds, self.stream, self.device = np.array(box), lines, seeds, stream, device
        self._lattice = _lattice(lines, len(box) - 1)
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Draw the lines of an epoch."""
        inputs = len(self.box)
        low, high = self.box.T
        draws = [numpy_generator(self.stream, "lines", epoch, seed) for seed in self.seeds]
        shifts = np.stack([random.random((inputs, 1, inputs - 1)) for random in draws])
        shares = (self._lattice + shifts) % 1  # [seeds, axes, lines, inputs − 1]
        self.families = []
        for axis in range(inputs):
            others = [index for index in range(inputs) if index != axis]
            origins = np.zeros((len(draws), self.lines, inputs))
            origins[..., others] = low[others] + (high - low)[others] * shares[:, axis]
            weight = float(np.prod((high - low)[others])) / (inputs * self.lines)
            weights = torch.full((self.lines,), weight, dtype=torch.float64, device=self.device)
            self.families.append(Family(torch.from_numpy(origins).to(self.device), weights))


def _lattice(count: int, dimensions: int) -> Float[np.ndarray, "count dimensions"]:
    """Points i/count, i·g⁻¹, i·g⁻², … modulo 1, with g the root of g^d = g + 1 for the d − 1 irrational coordinates."""
    if not dimensions:
        return np.zeros((count, 0))
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / dimensions)
    steps = np.array([1 / count, *root ** -np.arange(1.0, dimensions)])
    return np.arange(count)[:, None] * steps % 1
