"""Validation of the arguments of the audit, and their conversion to double precision."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.singularities import Field
from rectified.errors import InvalidInputError

SAME = 1e-9  # relative difference below which two evaluations count as equal

Points = Float[Tensor, "points inputs"]
PointFunction = Callable[[Points], Tensor]


def usable_points(points: object) -> Points:
    """Return the points in float64 on the CPU.

    Raises:
        InvalidInputError: unless points are finite, of shape [points, inputs] with at least 2 points, and vary along
            every input.
    """
    if not isinstance(points, Tensor) or points.ndim != 2 or len(points) < 2 or points.shape[1] < 1:
        given = list(points.shape) if isinstance(points, Tensor) else type(points).__name__
        raise InvalidInputError(f"points must be a tensor [points, inputs] of at least 2 points; got {given}")
    points = points.detach().to("cpu", torch.float64)
    if not torch.isfinite(points).all():
        raise InvalidInputError("points must be finite; got NaN or infinite values")
    flat = (points.amax(0) == points.amin(0)).nonzero()[:, 0].tolist()
    if flat:
        raise InvalidInputError(
            f"points must vary along every input; they are all the same along input {flat[0]} (counted from 0)"
        )
    return points


def usable_box(box: object, points: Points) -> Float[Tensor, "inputs 2"]:
    """Return lower and upper end of the box along each input; the range of the points if box is None.

    Raises:
        InvalidInputError: unless there is one finite, increasing pair per input.
    """
    if box is None:
        return torch.stack([points.amin(0), points.amax(0)], 1)
    bounds = torch.as_tensor(box, dtype=torch.float64)
    if bounds.shape != (points.shape[1], 2) or not (bounds[:, 0] < bounds[:, 1]).all() or bounds.isinf().any():
        raise InvalidInputError(f"box must have one pair of a lower and a higher end per input; got {box}")
    return bounds


def private(*functions: object) -> list:
    """Return copies in double precision of modules and of methods of modules; shared parts stay shared.

    Other functions are returned unchanged.
    """
    memo, copies = {}, []
    for function in functions:
        module = getattr(function, "__self__", function)
        copies.append(copy.deepcopy(function, memo) if isinstance(module, torch.nn.Module) else function)
        if copies[-1] is not function:
            getattr(copies[-1], "__self__", copies[-1]).to("cpu", torch.float64)
    return copies


def checked(function: PointFunction, name: str, points: Points) -> Field:
    """Return a function with values [points] that validates its values on every call.

    Args:
        function: maps points [points, inputs] to [points] or [points, 1] in float64.
        name: name of the function in error messages.
        points: points on which the function is tested now.

    Raises:
        InvalidInputError: if the function fails, returns a wrong shape or dtype, values that are not finite, or
            different values for the same points.
    """

    def values(x: Points) -> Float[Tensor, " points"]:
        try:
            u = function(x)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise InvalidInputError(f"{name} failed on points {list(x.shape)} in float64: {reason}") from error
        if not isinstance(u, Tensor) or u.shape not in ((len(x),), (len(x), 1)):
            returned = list(u.shape) if isinstance(u, Tensor) else type(u).__name__
            raise InvalidInputError(
                f"{name} must return [points] or [points, 1] for points {list(x.shape)}; got {returned}"
            )
        if u.dtype != torch.float64:
            raise InvalidInputError(
                f"{name} must compute in double precision; it returns {u.dtype} for points in float64"
            )
        return u.reshape(-1)

    once, again = values(points.clone()).detach(), values(points.clone()).detach()
    if not torch.isfinite(once).all():
        raise InvalidInputError(f"{name} must return finite values; some are not finite on the points")
    if relative(once, again) > SAME:
        raise InvalidInputError(
            f"{name} must be deterministic; it returns different values for the same points (disable dropout and noise)"
        )
    return values


def relative(a: Tensor, b: Tensor) -> float:
    """Return ‖a − b‖/max(‖a‖, ‖b‖); 0 if both vanish."""
    a, b = a.detach(), b.detach()
    scale = float(torch.maximum(a.norm(), b.norm()))
    return float((a - b).norm()) / scale if scale > 0 else 0.0
