"""Search for jumps of a loss on fixed points, such as at a level set of the network or at a learned interface."""

from collections.abc import Callable, Sequence
from itertools import islice

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.loss.loss_values import ROUNDING, Parameters, random_directions, real_row, varied
from rectified.audit.singularity.lines import even_points

POINTS = 1 << 8  # quadrature points
NODES = 17  # number of values along a direction
DIRECTIONS, MAJORITY = 3, 2
SPAN = 0.2  # largest change of the parameters, relative to their scale
FINER = (
    8  # ratio of points, and of spans, in the second search: a steep transition between few points looks like a jump
)
JUMP, KINK = 1.9, 8.0  # between the ratios of fourth differences at jumps and kinks: with the spacing, with the points


def loss_jumps(
    network: torch.nn.Module,
    loss: Callable,
    parameters: Sequence[torch.nn.Parameter],
    box: Float[Tensor, "inputs 2"],
) -> bool:
    """Return True if a loss on fixed points jumps along two of three random directions of all parameters.

    A jump of the integrand then crosses the points. Fourth differences at double spacing are 16 times as large where
    the loss is smooth, 1 to 1.4 times at crossings of jumps, 2 to 2.8 times at crossings of kinks. Where many evenly
    spaced points are crossed in a step, differences at kinks too do not depend on the spacing. They are then 16 times
    as large on a quarter of the points, those at jumps 4 times.

    Args:
        network, loss: as for an audit.
        parameters: tensors that are varied together and restored.
        box: lower and upper end of each input.
    """
    rows = [real_row(parameter.detach()).clone() for parameter in parameters]
    theta, parts = torch.cat(rows), [random_directions(row, DIRECTIONS) for row in rows]

    def jumps(direction: Parameters, count: int, span: float) -> bool:
        shifts = torch.linspace(-span, span, NODES, dtype=torch.float64).tolist()

        def values_on(points: Tensor) -> Float[Tensor, " nodes"]:
            with varied(network, loss, parameters, [points]) as value:
                return torch.stack([value(theta + shift * direction) for shift in shifts]).double()

        values = values_on(even_points(box, count))
        fine, wide = _roughness(values), _roughness(values[::2])
        if fine <= ROUNDING * float(values.abs().max()) or wide > JUMP * fine:
            return False
        return _roughness(values_on(even_points(box, count // 4))) < KINK * fine

    found = (
        jumps(direction, POINTS, SPAN) and jumps(direction, FINER * POINTS, SPAN / FINER)
        for direction in torch.cat(parts, dim=1)
    )
    return sum(islice(filter(None, found), MAJORITY)) == MAJORITY


def _roughness(values: Float[Tensor, " nodes"]) -> float:
    """Largest fourth difference."""
    return float(values.diff(n=4).abs().max())
