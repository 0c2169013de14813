"""Values of a user's loss, on parts of the points and as a function of one parameter tensor."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.inputs.user_errors import in_words
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

Parameters = Float[Tensor, " parameters"]
NODES = 17  # number of values along a direction in which jumps are searched
JUMP, KINK = 1.9, 8.0  # between the ratios of fourth differences at jumps and kinks: with the spacing, with the points
ROUNDING = 1e3 * torch.finfo(torch.float64).eps  # fourth difference, relative to the value, that rounding explains
OWN_POINTS = "the audit calls it on points of its own, evenly distributed in the box"


def random_directions(theta: Parameters, directions: int, seed: int = 0) -> Float[Tensor, "directions parameters"]:
    """Return random unit vectors multiplied by the scale of each parameter, max(|θ|, rms θ), or 1 if all are 0."""
    normal = torch.randn(directions, len(theta), generator=generator("directions", seed), dtype=torch.float64)
    rms = theta.square().mean().sqrt()
    size = theta.abs().clamp(min=float(rms)) if rms > 0 else torch.ones_like(theta)
    return normal / normal.norm(dim=1, keepdim=True) * size


def loss_value(network: torch.nn.Module, loss: Callable, part: Tensor) -> Tensor:
    """Return the value of a loss, a mean over points.

    Raises:
        InvalidInputError: if the loss fails or is not one finite real number.
    """
    with in_words("loss", f"in float64; {OWN_POINTS}"):
        value = loss(network, part.clone())
    if not isinstance(value, Tensor) or value.numel() != 1 or value.is_complex():
        given = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise InvalidInputError(f"the loss must be a tensor of one real number; got {given}")
    if not torch.isfinite(value).all():
        raise InvalidInputError(
            f"the loss must be finite; the loss is {float(value.detach()):g} at or near the given parameters; "
            f"{OWN_POINTS}"
        )
    return value.reshape(())


def require_repeatable(network: torch.nn.Module, loss: Callable, part: Tensor) -> None:
    """Raise InvalidInputError if a loss has different values for the same points."""
    once, again = (float(loss_value(network, loss, part).detach()) for _ in range(2))
    if abs(once - again) > ROUNDING * max(abs(once), abs(again)):
        raise InvalidInputError(
            f"loss must be deterministic; got {once:g} and {again:g} for the same points (fix its random numbers)"
        )


@contextmanager
def varied(
    network: torch.nn.Module, loss: Callable, parameter: torch.nn.Parameter, parts: Sequence[Tensor]
) -> Iterator[Callable[[Parameters], Tensor]]:
    """Give the mean of a loss over parts of the points as a function of one parameter tensor, which is restored."""
    original = parameter.detach().clone()

    def value(row: Parameters) -> Tensor:
        parameter.data = from_real_row(row, original)
        return torch.stack([loss_value(network, loss, part).detach() for part in parts]).mean()

    try:
        yield value
    finally:
        parameter.data = original


def jumps_along(
    network: torch.nn.Module, loss: Callable, parameter: torch.nn.Parameter, few: Tensor, many: Tensor, span: float
) -> bool:
    """Return True if a loss on fixed points jumps along a random direction of a parameter tensor.

    A jump of the integrand, such as at a level set of the network or at a learned interface, then crosses the points.
    Fourth differences at double spacing are 16 times as large where the loss is smooth, 1 to 1.4 times at crossings of
    jumps, 2 to 2.8 times at crossings of kinks. Where many evenly spaced points are crossed in a step, differences at
    kinks too do not depend on the spacing. They are then 16 times as large on a quarter of the points, those at jumps
    4 times.

    Args:
        network, loss: as for an audit.
        parameter: tensor that is varied and restored.
        few, many: evenly distributed points; the latter are four times as many.
        span: largest change of the parameters, relative to their scale.
    """
    theta = real_row(parameter.detach().clone())
    (direction,) = random_directions(theta, 1)
    shifts = torch.linspace(-span, span, NODES, dtype=torch.float64).tolist()

    def values_on(points: Tensor) -> Float[Tensor, " nodes"]:
        with varied(network, loss, parameter, [points]) as value:
            return torch.stack([value(theta + shift * direction) for shift in shifts]).double()

    values = values_on(many)
    fine, wide = _roughness(values), _roughness(values[::2])
    if fine <= ROUNDING * float(values.abs().max()) or wide > JUMP * fine:
        return False
    return _roughness(values_on(few)) < KINK * fine


def _roughness(values: Float[Tensor, " nodes"]) -> float:
    """Largest fourth difference."""
    return float(values.diff(n=4).abs().max())


def real_row(tensor: Tensor) -> Parameters:
    """Return the entries of a tensor as a vector of real numbers; complex ones as pairs."""
    return (torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor).flatten()


def from_real_row(row: Parameters, like: Tensor) -> Tensor:
    """Return the tensor with the shape and type of another one from a vector of real numbers, see ``real_row``."""
    if like.is_complex():
        return torch.view_as_complex(row.reshape(*like.shape, 2).contiguous())
    return row.view_as(like)
