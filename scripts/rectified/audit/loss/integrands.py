"""Tests of a loss: existence of its integral, and jumps of the integrand."""

from math import isnan

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivatives.coupling import is_pointwise
from rectified.audit.derivatives.input_derivatives import gradient_of_sum
from rectified.audit.measures import INCONSISTENT, Measure
from rectified.audit.singularity.lines import Field
from rectified.audit.singularity.singularities import Singularities, singularities


def why_no_integral(function: Field, points: Float[Tensor, "points inputs"], hidden: Singularities, order: int) -> str:
    """Return the reason why the loss is not a finite integral; empty if it is one.

    Args:
        function: the network in training.
        hidden: jumps and kinks of the function that is evaluated.
        order: the highest input derivative in the loss.
    """
    if not is_pointwise(function, points):
        return "the network couples the points of a batch, so the loss is no integral"
    if order >= 1 and hidden.jumps > 0:
        return "u jumps, so the square of its derivative has no finite integral"
    if order >= 2 and hidden.kinks > 0:
        return "the slope of u jumps, so the square of the second derivative has no finite integral"
    return ""


def integrand_jumps(field: Field, box: Float[Tensor, "inputs 2"], hidden: Singularities, order: int) -> bool | None:
    """Return True if the highest derivative in the loss jumps; None if jumps cannot be counted."""
    if order < 2:
        return _any(hidden.kinks if order else hidden.jumps)

    # weighted sum over the axes: jumps of derivatives across an oblique line are unlikely to cancel
    weights = (box[:, 1] - box[:, 0]) * torch.arange(1, len(box) + 1, dtype=torch.float64).sqrt()

    def derivative(x: Float[Tensor, "points inputs"]) -> Float[Tensor, " points"]:
        with torch.enable_grad():
            x = x.clone().requires_grad_(True)
            values = field(x)
            for _ in range(order - 1):
                values = gradient_of_sum(values, x) @ weights
        return values.detach()

    below = singularities(derivative, box)
    return _any(below.jumps + below.kinks)


def _any(count: float) -> bool | None:
    return None if isnan(count) else count > 0


def only_inconsistent(measure: Measure, threshold: float) -> Measure:
    """Return a measure by short steps if it is inconsistent; otherwise one that decides nothing.

    If the integrand may jump, short steps can show that a gradient is wrong, not that it is right.
    """
    if measure.verdict(threshold) == INCONSISTENT:
        return measure
    return Measure(remark=", as jumps of the integrand cannot be counted")
