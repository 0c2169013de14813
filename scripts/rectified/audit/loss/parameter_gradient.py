"""Derivatives of a value along random directions of its parameters, compared with the gradient used in training."""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.loss.loss_values import Parameters, random_directions
from rectified.audit.measures import Measure
from rectified.errors import InvalidInputError
from rectified.optimization.central_differences import SECOND_ORDER, difference

DIRECTIONS = 6
RATIO = 4  # ratio of successive steps
ACCURATE = 1e-3  # uncertainty at which no shorter step is tried
FLOOR = 1e-4  # directional derivative, relative to that of the largest tensor or to a secant, that counts as vanishing
NOISE_STEP = 1e-11  # relative to the parameters, of the differences that measure rounding errors


def parameter_mismatch(
    value: Callable[[Parameters], Tensor],
    gradient: Callable[[Parameters], Parameters],
    theta: Parameters,
    *,
    directions: int = DIRECTIONS,
    step: float = 0.01,
    smallest_step: float | None = None,
    floor: float = 0.0,
    rounding: float | None = None,
    error: Float[Tensor, "changes parameters"] | None = None,
    seed: int = 0,
) -> Measure:
    """Return ‖g·v − D‖/max(‖g·v‖, ‖D‖) over random directions v, and its uncertainty.

    D is the derivative along v by central differences, extrapolated from the steps h and h/4. Steps are divided by 4,
    from ``step`` down to ``smallest_step``, until the uncertainty is below 0.1 %; the least uncertain result is
    returned.

    Args:
        value: maps parameters to the integral, a scalar, by a rule that follows its jumps or is fine compared with the
            steps.
        gradient: maps parameters to the gradient that training uses.
        theta: the parameters, in double precision.
        directions: number of directions v.
        step: longest step h, relative to the scale of the parameters.
        smallest_step: shortest step, at which jumps still cross quadrature points; ``step``/4 if None.
        floor: root mean square of directional derivatives below which both count as vanishing; at least a small part
            of the change of the value over the longest step.
        rounding: standard deviation of the rounding errors of the value; measured if None.
        error: of the gradient, such as its changes by refinements of the quadrature points. It may explain a mismatch
            and counts as uncertainty up to the size of the mismatch.
        seed: seed of the directions.

    Returns:
        The mismatch, 0 if both derivatives vanish, and its uncertainty on the same scale: the difference between the
        two steps, as extrapolation does not reduce the error of jumps that cross few points, the rounding errors of
        the value, and the error of the gradient.

    Raises:
        InvalidInputError: unless theta is a vector in double precision, the gradient has its shape, and
            0 < smallest_step ≤ step/4.
    """
    smallest_step = step / RATIO if smallest_step is None else smallest_step
    _require_usable(theta, step, smallest_step)
    theta = theta.detach()
    slopes = gradient(theta).detach()
    if slopes.shape != theta.shape:
        raise InvalidInputError(
            f"gradient must have the shape {list(theta.shape)} of theta; the gradient has shape {list(slopes.shape)}"
        )
    along = random_directions(theta, directions, seed)
    used = along @ slopes
    known = 0.0 if error is None else float((error @ along.T).norm())
    noise = value_rounding(value, theta) if rounding is None else rounding
    ends = _ends(value, theta, along, step)
    secant = float((ends - value(theta).detach()).abs().max()) / step
    least = max(floor, FLOOR * secant) * directions**0.5
    coarse, results = difference(SECOND_ORDER[1], dict(zip((-1, 1), ends)), step, 1), []
    while step / RATIO >= smallest_step * (1 - 1e-9):
        step /= RATIO
        fine = difference(SECOND_ORDER[1], dict(zip((-1, 1), _ends(value, theta, along, step))), step, 1)
        best = (RATIO**2 * fine - coarse) / (RATIO**2 - 1)
        scale = max(float(used.norm()), float(best.norm()), least)
        if scale == 0:
            return Measure(0.0, 0.0)
        different = float((used - best).norm())
        uncertainty = float((fine - coarse).norm()) + noise * (directions / 2) ** 0.5 / step
        results.append(Measure(different / scale, (uncertainty + min(known, different)) / scale))
        if uncertainty < ACCURATE * scale:
            break
        coarse = fine
    return min(results, key=lambda measure: (measure.uncertainty != measure.uncertainty, measure.uncertainty))


def _require_usable(theta: Tensor, step: float, smallest_step: float) -> None:
    if theta.ndim != 1 or theta.dtype != torch.float64 or not len(theta):
        raise InvalidInputError(f"theta must be a vector in float64; got {theta.dtype} of shape {list(theta.shape)}")
    if not 0 < smallest_step <= step / RATIO * (1 + 1e-9):
        raise InvalidInputError(
            f"smallest_step must be positive and at most step/4; got step {step:g}, smallest_step {smallest_step:g}"
        )


def value_rounding(value: Callable[[Parameters], Tensor], theta: Parameters) -> float:
    """Return the standard deviation of the rounding errors of a value, from fourth differences along a direction."""
    (direction,) = random_directions(theta, 1)
    nearby = {m: value(theta + m * NOISE_STEP * direction).detach().double() for m in range(-3, 4)}
    shifted = [{m: nearby[m + shift] for m in range(-2, 3)} for shift in (-1, 0, 1)]
    errors = torch.stack([difference(SECOND_ORDER[4], values, 1.0, 4) for values in shifted])
    measured = float(errors.square().mean()) ** 0.5 / 70**0.5
    return max(measured, 2 * torch.finfo(torch.float64).eps * abs(float(nearby[0])))


def _ends(
    value: Callable[[Parameters], Tensor], theta: Parameters, along: Float[Tensor, "directions parameters"], step: float
) -> Float[Tensor, "2 directions"]:
    """Values at a step backwards and forwards along each direction."""
    return torch.tensor(
        [[float(value(theta + sign * step * v).detach()) for v in along] for sign in (-1, 1)], dtype=torch.float64
    )
