"""Validation of the arguments of the integral, and of what the user's functions return."""

from numbers import Integral

import numpy as np
import torch
from torch import Tensor, nn

from rectified.array_types import Float
from rectified.errors import InvalidInputError

LARGEST_FIXED = 3  # inputs of a box with lines at fixed offsets


def usable_box(network: object, box: object) -> Float[Tensor, "inputs 2"]:
    """Return the box in the dtype and on the device of the parameters of the network.

    Raises:
        InvalidInputError: unless the network is a module in float32 or float64, and the box has one finite, increasing
            pair per input.
    """
    if not isinstance(network, nn.Module):
        raise InvalidInputError(f"network must be a torch.nn.Module; got {type(network).__name__}")
    like = next((part for part in network.parameters() if part.is_floating_point()), torch.empty(0))
    if like.dtype not in (torch.float32, torch.float64):
        raise InvalidInputError(f"network must have parameters in float32 or float64; got {like.dtype}")
    try:
        bounds = torch.as_tensor(np.asarray(box, dtype=float)).to(like.device, like.dtype)
    except (TypeError, ValueError):
        bounds = torch.empty(0)
    fits = bounds.ndim == 2 and len(bounds) and bounds.shape[1] == 2 and bool(bounds.isfinite().all())
    if not fits or not bool((bounds[:, 0] < bounds[:, 1]).all()):
        raise InvalidInputError(
            f"box must have one finite pair (low, high) with low < high per input, in {like.dtype}; got {box!r}"
        )
    return bounds


def usable_rule(inputs: int, lines: object, order: object, panels: object, generator: object) -> None:
    """Raise InvalidInputError unless lines, order, panels and generator fit the box."""
    for name, value in (("lines", lines), ("order", order), ("panels", panels)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise InvalidInputError(f"{name} must be a positive integer; got {value!r}")
    if generator is not None:
        if not isinstance(generator, torch.Generator):
            raise InvalidInputError(f"generator must be a torch.Generator or None; got {generator!r}")
        return
    if inputs > LARGEST_FIXED:
        raise InvalidInputError(
            f"box must have at most {LARGEST_FIXED} inputs unless a generator for random offsets is given; got {inputs}"
        )
    if inputs > 1 and lines % panels:
        raise InvalidInputError(f"lines must be a multiple of panels, which is {panels}; got {lines}")


def network_values(network: nn.Module, x: Float[Tensor, "points inputs"]) -> Float[Tensor, " points"]:
    """Return the values of the network at points.

    Raises:
        InvalidInputError: if the network cannot be evaluated at points [n, inputs], or has another output.
    """
    try:
        u = network(x)
    except InvalidInputError:
        raise
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInputError(
            f"network must accept points of shape [n, {x.shape[1]}], one input per pair of the box; it raised: {reason}"
        ) from error
    if not isinstance(u, Tensor) or u.shape not in ((len(x),), (len(x), 1)):
        shape = list(u.shape) if isinstance(u, Tensor) else type(u).__name__
        raise InvalidInputError(f"network must return values of shape [n] or [n, 1]; got {shape} for n = {len(x)}")
    return u if u.ndim == 1 else u[:, 0]


@torch.no_grad()
def require_pointwise(network: nn.Module, points: Float[Tensor, "points inputs"]) -> None:
    """Raise InvalidInputError if values of the network at some points depend on the others, or on chance."""
    half = len(points) // 2
    whole = network_values(network, points)[:half]
    part = network_values(network, points[:half])
    if not bool(whole.isfinite().all()):
        raise InvalidInputError("network must be finite everywhere in the box; it has NaN or infinite values")
    tolerance = torch.finfo(points.dtype).eps ** 0.5
    if not torch.allclose(whole, part, rtol=tolerance, atol=tolerance * float(whole.abs().max())):
        raise InvalidInputError(
            "network must be deterministic and evaluate each point by itself; its values depend on the other points or "
            "on random numbers"
        )


def usable_density(density: object, points: int) -> Float[Tensor, " points"]:
    """Return the density unchanged.

    Raises:
        InvalidInputError: unless it has one value per point.
    """
    if isinstance(density, Tensor) and density.shape == (points,) and density.is_floating_point():
        return density
    shape = list(density.shape) if isinstance(density, Tensor) else type(density).__name__
    raise InvalidInputError(f"integrand must return one value per point, shape [{points}]; got {shape}")
