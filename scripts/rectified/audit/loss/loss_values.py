"""Values of a user's loss, on parts of the points and as a function of parameter tensors."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.inputs.user_errors import in_words
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

Parameters = Float[Tensor, " parameters"]
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
    network: torch.nn.Module, loss: Callable, parameters: Sequence[torch.nn.Parameter], parts: Sequence[Tensor]
) -> Iterator[Callable[[Parameters], Tensor]]:
    """Give the mean of a loss over parts of the points as a function of parameter tensors, which are restored.

    The function takes the entries of all tensors as one vector, see ``real_row``.
    """
    originals = [parameter.detach().clone() for parameter in parameters]
    sizes = [real_row(original).numel() for original in originals]

    def value(row: Parameters) -> Tensor:
        for parameter, entries, original in zip(parameters, row.split(sizes), originals):
            parameter.data = from_real_row(entries, original)
        return torch.stack([loss_value(network, loss, part).detach() for part in parts]).mean()

    try:
        yield value
    finally:
        for parameter, original in zip(parameters, originals):
            parameter.data = original


def real_row(tensor: Tensor) -> Parameters:
    """Return the entries of a tensor as a vector of real numbers; complex ones as pairs."""
    return (torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor).flatten()


def from_real_row(row: Parameters, like: Tensor) -> Tensor:
    """Return the tensor with the shape and type of another one from a vector of real numbers, see ``real_row``."""
    if like.is_complex():
        return torch.view_as_complex(row.reshape(*like.shape, 2).contiguous())
    return row.view_as(like)
