"""Parameter gradient used in training, compared with that of the integral which the loss approximates.

On a fixed grid, automatic differentiation and small finite differences of the loss agree almost everywhere, and both
miss the contribution of moving jumps and kinks to the integral (Rowan, arXiv:2512.11184, sec. 3). Here the steps of the
differences are so long that jumps cross many quadrature points.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.inputs.user_errors import in_words
from rectified.audit.loss.loss_values import (
    Parameters,
    jumps_along,
    loss_value,
    random_directions,
    real_row,
    require_repeatable,
    varied,
)
from rectified.audit.measures import Measure
from rectified.audit.singularity.lines import PART, even_points
from rectified.errors import InvalidInputError
from rectified.optimization.central_differences import SECOND_ORDER, difference

Loss = Callable[..., Tensor]

FINE_POINTS = 1 << 15  # quadrature points for integrands with jumps
FEWER_POINTS = 1 << 13  # likewise for losses that jump by themselves
POINTS = 1 << 8  # quadrature points without jumps: differences and gradient of a smooth sum agree on any points
CROSSED = 20  # approximate number of quadrature points that a jump must cross within a step
SPAN = 0.2  # change of the parameters, relative to their scale, in which jumps of the loss are searched
DIRECTIONS, PER_TENSOR = 6, 5  # of a vector of parameters, and of each tensor of a network
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
        seed: seed of the directions.

    Returns:
        The mismatch, 0 if both derivatives vanish, and the uncertainty of D on the same scale: the difference between
        the two steps, as extrapolation does not reduce the error of jumps that cross few points, and the rounding
        errors of the value.

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
        error = float((fine - coarse).norm()) + noise * (directions / 2) ** 0.5 / step
        results.append(Measure(float((used - best).norm()) / scale, error / scale))
        if results[-1].uncertainty < ACCURATE:
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


def loss_mismatches(
    network: torch.nn.Module,
    loss: Callable[[torch.nn.Module, Tensor], Tensor],
    box: Float[Tensor, "inputs 2"],
    *,
    jumps: bool,
) -> dict[str, Measure]:
    """Return the mismatch of the gradient of a loss for each parameter tensor, by name.

    The loss is evaluated as an integral over a box, on evenly distributed points, see ``parameter_mismatch``. Tensors
    are treated one at a time, since the missing terms are small compared with the gradient in the output weights.
    Complex parameters count as pairs of real ones.

    Args:
        network: module in double precision; unchanged on return.
        loss: maps network and points to a scalar, a mean over the points.
        box: lower and upper end of each input.
        jumps: True if the integrand is known to jump; steps are then long enough for a jump to cross many points.
            Otherwise jumps are searched for in the values of the loss.

    Raises:
        InvalidInputError: if the loss fails, is not a finite scalar or does not depend on the parameters, or if there
            are no parameters.
    """
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not parameters:
        raise InvalidInputError(
            "network must have parameters that require a gradient if a loss is given; it has no parameters that do"
        )
    require_repeatable(network, loss, even_points(box, POINTS // 4))
    found = not jumps and any(_jumps(network, loss, parameter, box) for parameter in parameters.values())
    count = FINE_POINTS if jumps else FEWER_POINTS if found else POINTS
    parts, jumps = even_points(box, count).split(PART), jumps or found
    tensors = list(parameters.values())
    gradients = _gradients(lambda part: loss_value(network, loss, part), parts, tensors)
    rows = {name: (real_row(p.detach()), real_row(slope)) for (name, p), slope in zip(parameters.items(), gradients)}
    sizes = [float((random_directions(theta, PER_TENSOR) @ slopes).square().mean()) for theta, slopes in rows.values()]

    options = {"directions": PER_TENSOR, "floor": FLOOR * max(sizes) ** 0.5}

    def mismatch(name: str, rounding: float) -> Measure:
        theta, slopes = rows[name]
        crossed = CROSSED * theta.numel() ** 0.5 / count
        step, shortest = (0.2, min(max(crossed, 1e-3), 0.2 / RATIO)) if jumps else (0.04, 1e-5)
        with varied(network, loss, parameters[name], parts) as value:
            return parameter_mismatch(
                value, lambda _: slopes, theta, step=step, smallest_step=shortest, rounding=rounding, **options
            )

    first = next(iter(parameters))
    with varied(network, loss, parameters[first], parts) as value:
        rounding = value_rounding(value, rows[first][0])
    return {name: mismatch(name, rounding) for name in parameters}


def _jumps(
    network: torch.nn.Module, loss: Callable, parameter: torch.nn.Parameter, box: Float[Tensor, "inputs 2"]
) -> bool:
    """True if the loss jumps along a direction of a tensor, on few points and then on more within a shorter span.

    A steep but smooth transition between few points looks like a jump.
    """
    return all(
        jumps_along(network, loss, parameter, even_points(box, count // 4), even_points(box, count), span)
        for count, span in ((POINTS, SPAN), (8 * POINTS, SPAN / 8))
    )


def _gradients(value: Callable[[Tensor], Tensor], parts: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of the mean of a value over equal parts of the points; 0 for tensors without influence on it.

    Raises:
        InvalidInputError: if no tensor has influence.
    """
    gradients, depends = [torch.zeros_like(tensor) for tensor in tensors], False
    for total in map(value, parts):
        with in_words("loss"):
            shares = torch.autograd.grad(total, tensors, allow_unused=True) if total.requires_grad else []
        for gradient, share in zip(gradients, shares):
            if share is not None:
                gradient += share / len(parts)
                depends = True
    if not depends:
        raise InvalidInputError(
            "the loss does not depend on the network's parameters; it must evaluate the network passed to it"
        )
    return gradients
