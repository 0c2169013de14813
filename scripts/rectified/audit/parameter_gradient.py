"""Parameter gradient used in training, compared with that of the integral which the loss approximates.

On a fixed grid, automatic differentiation and small finite differences of the loss agree almost everywhere, and both
miss the contribution of moving jumps and kinks to the integral (Rowan, arXiv:2512.11184, sec. 3). Here the steps of the
differences are so long that jumps cross many quadrature points.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.singularities import Field, Singularities, even_points, is_pointwise, singularities
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator
from rectified.optimization.central_differences import first_difference

Parameters = Float[Tensor, " parameters"]
Loss = Callable[[torch.nn.Module, Float[Tensor, "points inputs"]], Tensor]

FINE_POINTS = 1 << 15  # quadrature points for integrands with jumps
POINTS = 1 << 9  # quadrature points without jumps: differences and gradient of a smooth sum agree on any points
PART = 1 << 11  # points evaluated at a time, so that the graph of automatic differentiation fits the cache
CROSSED = 20  # approximate number of quadrature points that a jump must cross within a step
DIRECTIONS = 6
RATIO = 4  # ratio of successive steps
ACCURATE = 0.01  # uncertainty at which no shorter step is tried


def random_directions(theta: Parameters, directions: int, seed: int = 0) -> Float[Tensor, "directions parameters"]:
    """Return random unit vectors multiplied by the scale of each parameter, max(|θ|, rms θ), or 1 if all are 0."""
    normal = torch.randn(directions, len(theta), generator=generator("directions", seed), dtype=torch.float64)
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
    """Return ‖g·v − D‖/max(‖g·v‖, ‖D‖) over random directions v, and its uncertainty.

    D is the derivative along v by central differences, extrapolated from the steps h and h/4. Steps are divided by 4,
    from ``step`` down to ``smallest_step``, until the uncertainty is below 1 %; the least uncertain result is returned.

    Args:
        value: maps parameters to the integral, a scalar, by a rule that follows its jumps or is fine compared with the
            steps.
        gradient: maps parameters to the gradient that training uses.
        theta: the parameters, in double precision.
        directions: number of directions v.
        step: longest step h, relative to the scale of the parameters.
        smallest_step: shortest step, at which jumps still cross quadrature points; ``step``/4 if None.
        seed: seed of the directions.

    Returns:
        The mismatch, 0 if both derivatives vanish to rounding, and the uncertainty of D on the same scale. The
        uncertainty is the difference between the two steps, as extrapolation does not reduce the error of jumps that
        cross few points.

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
    used, size = along @ slopes, abs(float(value(theta).detach()))
    coarse, results = _directional_derivatives(value, theta, along, step), []
    while step / RATIO >= smallest_step * (1 - 1e-9):
        step /= RATIO
        fine = _directional_derivatives(value, theta, along, step)
        best = (RATIO**2 * fine - coarse) / (RATIO**2 - 1)
        rounding = 1e3 * torch.finfo(torch.float64).eps * size * directions**0.5 / step
        scale = max(float(used.norm()), float(best.norm()), rounding, torch.finfo(torch.float64).tiny)
        results.append((float((fine - coarse).norm()) / scale, float((used - best).norm()) / scale))
        if results[-1][0] < ACCURATE:
            break
        coarse = fine
    uncertainty, mismatch = min(results, key=lambda pair: (pair[0] != pair[0], pair[0]))
    return mismatch, uncertainty


def _require_usable(theta: Tensor, step: float, smallest_step: float) -> None:
    if theta.ndim != 1 or theta.dtype != torch.float64 or not len(theta):
        raise InvalidInputError(f"theta must be a vector in float64; got {theta.dtype} of shape {list(theta.shape)}")
    if not 0 < smallest_step <= step / RATIO * (1 + 1e-9):
        raise InvalidInputError(
            f"smallest_step must be positive and at most step/4; got step {step:g}, smallest_step {smallest_step:g}"
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
    """Return mismatch and uncertainty of the gradient of a loss for each parameter tensor, by name.

    The loss is evaluated as an integral over a box, on evenly distributed points, see ``parameter_mismatch``. Tensors
    are treated one at a time, since the missing terms are small compared with the gradient in the output weights.

    Args:
        network: module in double precision; unchanged on return.
        loss: maps network and points to a scalar, a mean over the points.
        box: lower and upper end of each input.
        jumps: True if the integrand jumps; steps are then long enough for a jump to cross many points.

    Raises:
        InvalidInputError: if the loss is not a finite scalar or does not depend on the parameters, or if there are no
            parameters.
    """
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not parameters:
        raise InvalidInputError(
            "network must have parameters that require a gradient if a loss is given; it has no parameters that do"
        )
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
        result = parameter_mismatch(value, lambda row: slopes.flatten(), theta.flatten(), **sizes)
        parameter.data = theta
        return result

    return {name: mismatch(p, slopes) for (name, p), slopes in zip(parameters.items(), gradients)}


def _gradients(value: Callable[[Tensor], Tensor], parts: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of the mean of a value over equal parts of the points; 0 for tensors without influence on it.

    Raises:
        InvalidInputError: if no tensor has influence.
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
            "the loss does not depend on the network's parameters; it must evaluate the network passed to it"
        )
    return gradients


def _scalar(loss: object) -> Tensor:
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        given = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise InvalidInputError(f"the loss must be a tensor of one number; got {given}")
    if not torch.isfinite(loss).all():
        raise InvalidInputError(
            f"the loss must be finite; the loss is {float(loss.detach()):g} at or near the given parameters"
        )
    return loss.reshape(())


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


def integrand_jumps(field: Field, box: Float[Tensor, "inputs 2"], hidden: Singularities, order: int) -> bool:
    """Return True if the highest derivative in the loss jumps, or may jump."""
    if order < 2:
        return (hidden.kinks if order else hidden.jumps) != 0

    # weighted sum over the axes: jumps of second derivatives across an oblique line are unlikely to cancel
    weights = (box[:, 1] - box[:, 0]) * torch.arange(1, len(box) + 1).double().sqrt()

    def slope(x: Float[Tensor, "points inputs"]) -> Float[Tensor, " points"]:
        with torch.enable_grad():
            x = x.clone().requires_grad_(True)
            total = field(x).sum() + 0 * x.sum()  # fields that do not depend on x have slope 0
            (gradient,) = torch.autograd.grad(total, x)
        return gradient @ weights

    of_slope = singularities(slope, box)
    return of_slope.jumps != 0 or of_slope.kinks != 0
