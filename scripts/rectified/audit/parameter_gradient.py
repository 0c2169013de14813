"""Is the parameter gradient that training uses the gradient of the integral that the loss stands for?

On a fixed grid, automatic differentiation and small finite differences of the loss agree almost everywhere, and
both lose what a moving jump or kink contributes to the integral. Here the steps are long enough to carry the jumps
across many quadrature points (Rowan, arXiv:2512.11184, sec. 3, for the terms that are lost).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.singularities import Field, Singularities, even_points, is_pointwise, singularities
from rectified.errors import InvalidInputError
from rectified.optimization.central_differences import first_difference

Parameters = Float[Tensor, " parameters"]
Loss = Callable[[torch.nn.Module, Float[Tensor, "points inputs"]], Tensor]

FINE_POINTS = 1 << 15  # quadrature points that stand for the integral of what jumps
POINTS = 1 << 9  # the same where nothing jumps: differences and gradient of a smooth sum agree on any points
PART = 1 << 11  # points evaluated at a time, so that what a derivative remembers of them stays in the cache
CROSSED = 20  # quadrature points that a jump must cross within a step, roughly
DIRECTIONS = 6
RATIO = 4  # of successive steps
ACCURATE = 0.01  # uncertainty at which no shorter step is tried


def random_directions(theta: Parameters, directions: int, seed: int = 0) -> Float[Tensor, "directions parameters"]:
    """Random unit vectors stretched by the size of each parameter, max(|θ|, rms θ), or 1 where all are 0."""
    random = torch.Generator().manual_seed(seed)
    normal = torch.randn(directions, len(theta), generator=random, dtype=torch.float64)
    rms = theta.square().mean().sqrt()
    size = theta.abs().clamp(min=float(rms)) if rms > 0 else torch.ones_like(theta)
    return normal / normal.norm(dim=1, keepdim=True) * size


def parameter_mismatch(
    value: Callable[[Parameters], Tensor],
    gradient: Callable[[Parameters], Parameters],
    theta: Parameters,
    *,
    directions: int = DIRECTIONS,
    step: float = 0.01,
    smallest_step: float | None = None,
    seed: int = 0,
) -> tuple[float, float]:
    """‖g·v − D‖/max(‖g·v‖, ‖D‖) over random directions v, D the derivative along v by central differences.

    Each D is extrapolated from two steps, h and h/4. Steps go down in fours from ``step`` until the uncertainty is
    below 1 per cent or they would fall below ``smallest_step``; the least uncertain answer is given.

    Args:
        value: the integral as a scalar, by a rule that follows its jumps or is fine compared with the steps.
        gradient: what training uses.
        theta: where; double precision.
        step: the longest step h, relative to the size of the parameters.
        smallest_step: below it jumps no longer cross quadrature points; a quarter of ``step`` if not given.

    Returns:
        The mismatch, 0 if both derivatives vanish to rounding, and the uncertainty of D on the same scale, which is
        the difference between the two steps: no extrapolation reduces what comes of jumps that cross few points.

    Raises:
        InvalidInputError: unless theta is a vector in double precision, gradient of its shape, and both steps are positive.
    """
    smallest_step = step / RATIO if smallest_step is None else smallest_step
    _require_usable(theta, step, smallest_step)
    theta = theta.detach()
    slopes = gradient(theta).detach()
    if slopes.shape != theta.shape:
        raise InvalidInputError(f"the gradient has shape {list(slopes.shape)}, the parameters have {list(theta.shape)}")
    along = random_directions(theta, directions, seed)
    used, size = along @ slopes, abs(float(value(theta).detach()))
    coarse, found = _directional_derivatives(value, theta, along, step), []
    while step / RATIO >= smallest_step * (1 - 1e-9):
        step /= RATIO
        fine = _directional_derivatives(value, theta, along, step)
        best = (RATIO**2 * fine - coarse) / (RATIO**2 - 1)
        rounding = 1e3 * torch.finfo(torch.float64).eps * size * directions**0.5 / step
        scale = max(float(used.norm()), float(best.norm()), rounding, torch.finfo(torch.float64).tiny)
        found.append((float((fine - coarse).norm()) / scale, float((used - best).norm()) / scale))
        if found[-1][0] < ACCURATE:
            break
        coarse = fine
    uncertainty, mismatch = min(found, key=lambda pair: (pair[0] != pair[0], pair[0]))
    return mismatch, uncertainty


def _require_usable(theta: Tensor, step: float, smallest_step: float) -> None:
    if theta.ndim != 1 or theta.dtype != torch.float64 or not len(theta):
        raise InvalidInputError(f"theta must be a vector in float64, not {theta.dtype} of shape {list(theta.shape)}")
    if not 0 < smallest_step <= step / RATIO * (1 + 1e-9):
        raise InvalidInputError(
            f"steps {step:g} and {smallest_step:g}: the smallest must be positive and at most a quarter of the first"
        )


def _directional_derivatives(
    value: Callable[[Parameters], Tensor], theta: Parameters, along: Float[Tensor, "directions parameters"], step: float
) -> Float[Tensor, " directions"]:
    """Derivatives of a scalar along directions, by central differences of second order."""
    pairs = [first_difference(value(theta - step * v), value(theta + step * v), step) for v in along]
    return torch.tensor([float(pair.detach()) for pair in pairs], dtype=torch.float64)


def loss_mismatches(
    network: torch.nn.Module, loss: Loss, box: Float[Tensor, "inputs 2"], *, jumps: bool
) -> dict[str, tuple[float, float]]:
    """``parameter_mismatch`` of a loss as the integral over a box, by many even points, for each parameter tensor.

    One tensor at a time, as the terms that are lost are small beside the gradient in the outer coefficients.

    Args:
        network: in double precision; it is left as it was.
        loss: maps network and points to a scalar, the mean of something over the points.
        jumps: whether the integrand jumps; steps are then kept so long that a jump crosses many points.

    Raises:
        InvalidInputError: if the loss is no scalar, does not depend on the parameters, or there are none.
    """
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not parameters:
        raise InvalidInputError("the network has no parameters that require a gradient; a loss needs some")
    parts = even_points(box, FINE_POINTS if jumps else POINTS).split(PART)
    tensors = list(parameters.values())
    gradients = _gradients(lambda part: _scalar(loss(network, part.clone())), parts, tensors)

    def mismatch(parameter: torch.nn.Parameter, slopes: Tensor) -> tuple[float, float]:
        theta = parameter.detach().clone()

        def value(row: Tensor) -> Tensor:
            parameter.data = row.view_as(theta)
            return torch.stack([_scalar(loss(network, part.clone())).detach() for part in parts]).mean()

        crossed = CROSSED * theta.numel() ** 0.5 / FINE_POINTS
        step, shortest = (0.2, min(max(crossed, 1e-3), 0.2 / RATIO)) if jumps else (0.01, 1e-5)
        sizes = {"directions": DIRECTIONS // min(2, len(tensors)), "step": step, "smallest_step": shortest}
        found = parameter_mismatch(value, lambda row: slopes.flatten(), theta.flatten(), **sizes)
        parameter.data = theta
        return found

    return {name: mismatch(p, slopes) for (name, p), slopes in zip(parameters.items(), gradients)}


def _gradients(value: Callable[[Tensor], Tensor], parts: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of the mean of a value over equal parts of the points; 0 for tensors that it does not depend on.

    Raises:
        InvalidInputError: if it depends on none of them.
    """
    gradients, depends = [torch.zeros_like(tensor) for tensor in tensors], False
    for total in map(value, parts):
        shares = torch.autograd.grad(total, tensors, allow_unused=True) if total.requires_grad else []
        for gradient, share in zip(gradients, shares):
            if share is not None:
                gradient += share / len(parts)
                depends = True
    if not depends:
        raise InvalidInputError(
            "the loss does not depend on the network's parameters; use the network that it is given"
        )
    return gradients


def _scalar(loss: object) -> Tensor:
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        found = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, Tensor) else f"{type(loss).__name__}"
        raise InvalidInputError(f"the loss must be a tensor of one number, not {found}")
    if not torch.isfinite(loss).all():
        raise InvalidInputError(f"the loss is {float(loss.detach()):g} at the given parameters or near them")
    return loss.reshape(())


def why_no_integral(function: Field, points: Float[Tensor, "points inputs"], hidden: Singularities, order: int) -> str:
    """Why the loss stands for no finite integral; empty if it does.

    Args:
        function: the network in training.
        order: the highest input derivative in the loss.
    """
    if not is_pointwise(function, points):
        return "the network couples the points of a batch, so the loss is no integral"
    if order >= 1 and hidden.jumps > 0:
        return "u jumps, so the square of its derivative has no finite integral"
    if order >= 2 and hidden.kinks > 0:
        return "the slope of u jumps, so the square of the second derivative has no finite integral"
    return ""


def integrand_jumps(field: Field, box: Float[Tensor, "inputs 2"], hidden: Singularities, order: int) -> bool:
    """Whether the derivative of highest order in the loss jumps, or might."""
    if order < 2:
        return (hidden.kinks if order else hidden.jumps) != 0

    # a sum over the axes in which a jump of second derivatives across an oblique line is unlikely to cancel
    weights = (box[:, 1] - box[:, 0]) * torch.arange(1, len(box) + 1).double().sqrt()

    def slope(x: Float[Tensor, "points inputs"]) -> Float[Tensor, " points"]:
        with torch.enable_grad():
            x = x.clone().requires_grad_(True)
            total = field(x).sum() + 0 * x.sum()  # fields that do not depend on x have slope 0
            (gradient,) = torch.autograd.grad(total, x)
        return gradient @ weights

    found = singularities(slope, box)
    return found.jumps != 0 or found.kinks != 0
