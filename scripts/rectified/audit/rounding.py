"""Rounding errors of the values of a network, measured by differences of values at neighbouring points.

Fourth differences over steps that are tiny compared with the features of a smooth function contain its rounding errors
alone. Source: Moré, Wild, Estimating computational noise, SIAM Journal on Scientific Computing 33 (2011), sec. 3.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float

EPSILON = torch.finfo(torch.float64).eps
STEPS = (
    1.5e-11,
    1e-7,
)  # of the differences, in extents: for values in double precision, and rounded to single precision
FOURTH = (1.0, -4.0, 6.0, -4.0, 1.0)  # weights of a fourth difference; their squares sum to 70
QUANTILE, NORMAL_QUANTILE = 0.9, 1.645  # of |errors| over the points; that of a normal distribution in its deviations


def value_rounding(
    values: Callable[[Float[Tensor, "points inputs"]], Float[Tensor, " points"]],
    points: Float[Tensor, "points inputs"],
    extent: Float[Tensor, " inputs"],
) -> Float[Tensor, " points"]:
    """Return the standard deviation of the rounding errors of the values at each point.

    It is the larger of the measured deviation, one number for all points, and the rounding of the value itself.
    Rounding errors of the coordinates are included.

    Args:
        values: function of the points.
        points: at which the rounding errors are measured.
        extent: length that counts as 1 along each input.
    """
    magnitude = float((points.abs().amax(0) / extent).max())
    u = values(points)
    measured = 0.0
    for step in STEPS:
        shift = max(step, 64 * EPSILON * magnitude) * extent
        fourth = sum(weight * values(points + m * shift) for m, weight in zip(range(-2, 3), FOURTH)).abs()
        known = fourth[torch.isfinite(fourth)]
        if len(known):
            measured = max(measured, float(known.quantile(QUANTILE)) / (NORMAL_QUANTILE * 70**0.5))
    return (EPSILON / 2 * u.abs() + torch.finfo(torch.float64).tiny).clamp(min=measured)
