"""Straight lines through a box along its axes, on which singularities of a field are searched."""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float, Int

Field = Callable[[Float[Tensor, "points inputs"]], Float[Tensor, " points"]]

PART = 1 << 11  # points evaluated at a time, so that the graph of automatic differentiation fits the cache
LINES, CELLS = 12, 400  # lines per axis, cells per line; with one input a single line with all cells


class Lines:
    """A field on straight lines along the axes of a box, as a function of the position 0 ≤ s ≤ 1 on each line."""

    def __init__(self, field: Field, box: Float[Tensor, "inputs 2"]):
        self.field, self.inputs = field, len(box)
        self.low, self.extent = box[:, 0], box[:, 1] - box[:, 0]
        self.magnitude = 1 + float((box.abs().amax(1) / self.extent).max())
        per_axis, self.cells = (LINES, CELLS) if self.inputs > 1 else (1, LINES * CELLS)
        self.anchors = even_points(box, per_axis).repeat_interleave(self.inputs, 0)
        self.axes = torch.arange(self.inputs).repeat(per_axis)

    def __len__(self) -> int:
        return len(self.axes)

    def positions(
        self, line: Int[Tensor, " points"], share: Float[Tensor, " points"]
    ) -> Float[Tensor, "points inputs"]:
        """Return the coordinates of positions on lines."""
        x, axis = self.anchors[line], self.axes[line]
        x[torch.arange(len(x)), axis] = self.low[axis] + self.extent[axis] * share
        return x

    def __call__(self, line: Int[Tensor, " points"], share: Float[Tensor, " points"]) -> Float[Tensor, " points"]:
        if not len(line):  # a network may not accept an empty batch
            return torch.empty(0, dtype=torch.float64)
        return torch.cat([self.field(part).detach() for part in self.positions(line, share).split(PART)])

    def sampled(self) -> Float[Tensor, "lines nodes"]:
        """Return the field at the ends of the widest cells."""
        share = torch.linspace(0, 1, self.cells + 1, dtype=torch.float64)
        line = torch.arange(len(self)).repeat_interleave(len(share))
        return self(line, share.repeat(len(self))).view(len(self), -1)


def even_points(box: Float[Tensor, "inputs 2"], count: int) -> Float[Tensor, "count inputs"]:
    """Return points that are evenly distributed in a box and in the projection on each axis.

    They are midpoints of equal cells for one input, otherwise Roberts' additive recurrence: multiples modulo 1 of the
    powers of 1/g with g^(inputs+1) = g + 1.
    """
    inputs, root = len(box), 2.0
    if inputs == 1:
        share = (torch.arange(count, dtype=torch.float64)[:, None] + 0.5) / count
    else:
        for _ in range(64):
            root = (1 + root) ** (1 / (inputs + 1))
        powers = root ** -torch.arange(1, inputs + 1, dtype=torch.float64)
        share = (0.5 + torch.arange(1, count + 1, dtype=torch.float64)[:, None] * powers) % 1
    return box[:, 0] + (box[:, 1] - box[:, 0]) * share
