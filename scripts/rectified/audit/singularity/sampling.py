"""Steep transitions of a field between the points of a batch, which derivatives at the points do not represent."""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.singularity.singularities import SMALLEST, Singularities

STEEPER = 3.0  # ratio to the steepest slope at the points above which a slope is one that they miss


def missed_variation(hidden: Singularities, slopes: Float[Tensor, "inputs points"]) -> float:
    """Return the share of the variation of a field, along lines, where it is much steeper than at all points.

    The variation is that between the jumps, which are counted by themselves. NaN if the lines could not be searched.

    Args:
        hidden: the search for singularities of the field, of spread 1, with its slopes along lines.
        slopes: of the field at the points, in extents.
    """
    if hidden.slopes is None or hidden.axes is None:
        return torch.nan
    sizes = hidden.slopes.abs()
    if float(sizes.mean()) < SMALLEST:  # constant between its jumps
        return 0.0
    total = float(sizes.sum())
    steepest = torch.nan_to_num(slopes.abs(), nan=0.0, posinf=0.0).amax(1)
    beyond = sizes > STEEPER * steepest[hidden.axes][:, None]
    return float(sizes[beyond].sum()) / total
