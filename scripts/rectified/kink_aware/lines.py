"""Lines through a box, parallel to its axes, with the weights of a quadrature rule across them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float, Int


@cache
def gauss_legendre(order: int) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    """Return nodes and weights of the Gauss–Legendre rule on [0, 1] (cached)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return (1 + nodes) / 2, weights / 2


@dataclass(frozen=True)
class Lines:
    """Lines x = origin + t·e with e the unit vector of an axis, low ≤ t ≤ high.

    Attributes:
        origins: a point of each line whose coordinate along its axis is 0, [lines, inputs].
        axes: index of the axis of each line, [lines].
        weights: measure of the box that each line stands for, divided by its length, [lines].
        low, high: ends of each line, [lines].
    """

    origins: Float[Tensor, "lines inputs"]
    axes: Int[Tensor, " lines"]
    weights: Float[Tensor, " lines"]
    low: Float[Tensor, " lines"]
    high: Float[Tensor, " lines"]

    def __len__(self) -> int:
        return len(self.axes)

    def points(self, line: Int[Tensor, "*shape"], t: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape inputs"]:
        """Return the points at coordinates t of lines; differentiable in t."""
        along = torch.nn.functional.one_hot(self.axes, self.origins.shape[1]).to(t.dtype)
        return torch.addcmul(self.origins[line], along[line], t[..., None])

    def chunks(self, size: int) -> Iterator["Lines"]:
        """Yield the lines in groups of at most ``size``."""
        parts = (self.origins, self.axes, self.weights, self.low, self.high)
        for group in zip(*(part.split(size) for part in parts)):
            yield Lines(*group)


def fixed_lines(box: Float[Tensor, "inputs 2"], lines: int, panels: int) -> Lines:
    """Return lines at the nodes of a composite Gauss–Legendre rule, lines^(inputs − 1) along each axis.

    Args:
        box: lower and upper end of each input.
        lines: nodes per input across the lines, a multiple of panels.
        panels: equal panels of each input.
    """
    inputs = len(box)
    nodes, weights = gauss_legendre(lines // panels if inputs > 1 else 1)
    shares = ((np.arange(panels)[:, None] + nodes) / panels).reshape(-1)
    share, weight = (torch.from_numpy(part).to(box) for part in (shares, np.tile(weights / panels, panels)))
    count = len(share) ** (inputs - 1)
    grid = torch.cartesian_prod(*[share] * (inputs - 1)).reshape(count, -1) if inputs > 1 else share.new_zeros(1, 0)
    measure = share.new_ones(count)
    for index in range(inputs - 1):
        measure = measure * weight[(torch.arange(count, device=box.device) // len(share) ** index) % len(share)]
    return _families(box, [grid] * inputs, measure)


def random_lines(box: Float[Tensor, "inputs 2"], lines: int, generator: torch.Generator) -> Lines:
    """Return ``lines`` lines along each axis at independent, uniform offsets."""
    inputs = len(box)
    count = lines if inputs > 1 else 1
    grids = [
        torch.rand(count, inputs - 1, generator=generator, device=generator.device, dtype=box.dtype).to(box)
        for _ in range(inputs)
    ]
    return _families(box, grids, box.new_full((count,), 1 / count))


def _families(box: Tensor, grids: list[Tensor], measure: Tensor) -> Lines:
    """The lines of all axes; every family has the same share of the measure of the box."""
    inputs = len(box)
    low, high = box.unbind(1)
    families = []
    lengths = (high - low).tolist()
    for axis, grid in enumerate(grids):
        shares = torch.cat([grid[:, :axis], grid.new_zeros(len(grid), 1), grid[:, axis:]], 1)
        along = torch.arange(inputs, device=box.device) == axis
        origins = torch.where(along, 0, low + (high - low) * shares)
        weights = measure * (math.prod(lengths) / lengths[axis]) / inputs
        ends = [end[axis].expand(len(grid)) for end in (low, high)]
        families.append(Lines(origins, torch.full((len(grid),), axis, device=box.device), weights, *ends))
    names = ("origins", "axes", "weights", "low", "high")
    return Lines(*(torch.cat([getattr(family, name) for family in families]) for name in names))
