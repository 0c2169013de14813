"""Derivatives by finite differences whose steps are chosen point by point, with the error of each.

Steps are halved from a tenth of the extent to 1e-7 of it. At every point the step with the smallest error is taken; the
error has two parts, the change towards the neighbouring and all shorter steps, and the rounding of the values. Steps
across a jump of the derivative are rejected: there the difference of the two one-sided derivatives does not shrink with
the step.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import factorial, prod
from typing import NamedTuple

import torch
from torch import Tensor

from rectified.array_types import Bool, Float
from rectified.errors import InvalidInputError
from rectified.optimization.central_differences import FOURTH_ORDER, SECOND_ORDER, difference

LONGEST, HALVINGS = 0.1, 20  # longest step in extents; number of times that it is halved
EXPLAINED = 10  # deviations of a difference that rounding explains
SHRINKING = 0.75  # largest ratio of one-sided disagreements of successive steps for a smooth function, ideally 1/2

Points = Float[Tensor, "points inputs"]
Values = Callable[[Points], Float[Tensor, " points"]]
Axes = tuple[int, ...]  # inputs along which a derivative is taken: (0, 0, 1) for u_xxy


class Estimate(NamedTuple):
    """A derivative at each point, its error, which is infinite where no step resolves it, and the part of rounding."""

    value: Float[Tensor, " points"]
    error: Float[Tensor, " points"]
    rounding: Float[Tensor, " points"]


class Sampled:
    """Values along a direction at distances ±LONGEST·2^−j and, if needed, at three times these distances.

    Args:
        values: function of the points; distances at which it fails or is not finite are not used.
        points: centre of the differences.
        direction: in extents, [inputs].
        reach: 2 or 3, the largest multiple of the step.
    """

    def __init__(self, values: Values, points: Points, direction: Float[Tensor, " inputs"], reach: int):
        self.steps = LONGEST * 0.5 ** torch.arange(HALVINGS + 1, dtype=torch.float64)
        centre = _finite_or_nan(values, points)

        def at(distances: Tensor) -> Float[Tensor, "steps points"]:
            return torch.stack([_finite_or_nan(values, points + s * direction) for s in distances.tolist()])

        wide = torch.cat([2 * self.steps[:1], self.steps])  # twice the first step, then all steps
        self.values = {0: centre.expand(len(self.steps), -1)}
        for sign in (-1, 1):
            near = at(sign * wide)
            self.values |= {sign: near[1:], 2 * sign: near[:-1]}
            if reach > 2:
                self.values[3 * sign] = at(3 * sign * self.steps)

    def derivative(self, order: int, rounding: Float[Tensor, " points"]) -> Estimate:
        """Return the derivative along the direction.

        Args:
            order: 1 to 4.
            rounding: standard deviation of the rounding errors of the values.
        """
        h = self.steps[:, None]
        stencil, jump_stencil = FOURTH_ORDER[order], SECOND_ORDER[order + 1]
        derivative = difference(stencil, self.values, h, order)
        one_sided = difference(jump_stencil, self.values, h, order).abs()
        noise = rounding / h**order
        deviation = _deviation(stencil) * noise
        error = torch.maximum(derivative.diff(dim=0).abs()[:-1], _later_change(derivative, deviation)) + deviation[1:-1]
        allowed = SHRINKING * one_sided[1:-1] + 3 * _deviation(jump_stencil) * noise[2:]
        error = torch.where(torch.isfinite(error) & (one_sided[2:] <= allowed), error, torch.inf)
        least, step = error.min(0)
        return Estimate(derivative[1:-1].gather(0, step[None])[0], least, deviation[1:-1].gather(0, step[None])[0])


def _later_change(derivative: Float[Tensor, "steps points"], deviation: Tensor) -> Float[Tensor, "inner points"]:
    """Largest difference to a shorter step beyond rounding, for all but the first and the last step.

    Fast functions are aliased at long steps: these agree with each other, but not with the short ones.
    """
    rows = []
    for step in range(1, len(derivative) - 1):
        excess = (derivative[step + 1 :] - derivative[step]).abs() - EXPLAINED * deviation[step + 1 :]
        rows.append(excess.nan_to_num(nan=torch.inf).amax(0))
    return torch.stack(rows)


def _finite_or_nan(values: Values, points: Points) -> Float[Tensor, " points"]:
    """Values; NaN where the function fails, as a network may outside its domain."""
    try:
        u = values(points)
    except InvalidInputError:
        return torch.full((len(points),), torch.nan, dtype=torch.float64)
    return u.detach()


def _deviation(stencil: Mapping[int, float]) -> float:
    """Standard deviation of a difference of independent values of deviation 1."""
    return sum(weight**2 for weight in stencil.values()) ** 0.5


def differences(
    values: Values, points: Points, extent: Float[Tensor, " inputs"], wanted: Sequence[Axes], rounding: Tensor
) -> list[Estimate]:
    """Return derivatives under translation of all points together; lengths in extents.

    Mixed derivatives are combinations of derivatives along diagonals (polarization of a symmetric form).

    Args:
        values: function of the points.
        points: at which derivatives are taken.
        extent: length that counts as 1 along each input.
        wanted: inputs of each derivative; at most four each.
        rounding: standard deviation of the rounding errors of the values at each point.
    """
    reach = 3 if max(map(len, wanted), default=0) > 2 else 2
    sampled: dict[tuple[int, ...], Sampled] = {}

    def along(direction: tuple[int, ...], order: int) -> Estimate:
        if direction not in sampled:
            sampled[direction] = Sampled(values, points, extent * torch.tensor(direction, dtype=torch.float64), reach)
        return sampled[direction].derivative(order, rounding)

    def one(axes: Axes) -> Estimate:
        terms = list(polarization(axes, len(extent)))
        parts = [(weight, along(direction, len(axes))) for weight, direction in terms]
        value = sum(weight * part.value for weight, part in parts)
        error, noise = (sum(abs(weight) * part[i] for weight, part in parts) for i in (1, 2))
        return Estimate(value, error, noise)

    return [one(axes) for axes in wanted]


def polarization(axes: Axes, inputs: int) -> list[tuple[float, tuple[int, ...]]]:
    """Return weights and directions of the directional derivatives that add up to a mixed derivative.

    The derivative along the inputs i₁, …, i_n is Σ_ε Πε · D^n along Σ ε_k e(i_k), over 2^(n−1) n!, with ε₁ = 1 and
    ε_k = ±1. Terms of equal directions are collected.
    """
    if len(set(axes)) == 1:
        return [(1.0, tuple(int(axis == axes[0]) for axis in range(inputs)))]
    collected: dict[tuple[int, ...], float] = {}
    for signs in product((1, -1), repeat=len(axes) - 1):
        direction = [0] * inputs
        for axis, sign in zip(axes, (1, *signs)):
            direction[axis] += sign
        if any(direction):
            weight = prod(signs) / (2 ** (len(axes) - 1) * factorial(len(axes)))
            collected[tuple(direction)] = collected.get(tuple(direction), 0.0) + weight
    return [(weight, direction) for direction, weight in collected.items() if weight]


def resolved(estimates: Sequence[Estimate], agreement: float, floor: float) -> Bool[Tensor, " points"]:
    """Return the points at which the error of every derivative is small compared with the derivative.

    Args:
        estimates: derivatives by differences.
        agreement: allowed error, relative to the size of the derivative at the point and to its median size.
        floor: size below which derivatives are not resolved relatively.
    """
    sizes = [estimate.value.abs() for estimate in estimates]
    fine = [estimate.error <= agreement * (size + size.median() + floor) for estimate, size in zip(estimates, sizes)]
    return torch.stack(fine).all(0)
