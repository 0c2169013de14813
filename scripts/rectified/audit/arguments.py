"""What a user gives to the audit, checked and in double precision: points, a box, functions of points."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.singularities import Field
from rectified.errors import InvalidInputError

SAME = 1e-9  # relative difference below which two evaluations are the same

Points = Float[Tensor, "points inputs"]
PointFunction = Callable[[Points], Tensor]


def usable_points(points: object) -> Points:
    if not isinstance(points, Tensor) or points.ndim != 2 or len(points) < 2 or points.shape[1] < 1:
        found = list(points.shape) if isinstance(points, Tensor) else type(points).__name__
        raise InvalidInputError(f"points must be a tensor [points, inputs] of at least 2 points, not {found}")
    points = points.detach().to("cpu", torch.float64)
    if not torch.isfinite(points).all():
        raise InvalidInputError("points must be finite numbers")
    flat = (points.amax(0) == points.amin(0)).nonzero()[:, 0].tolist()
    if flat:
        raise InvalidInputError(
            f"points are all the same along input {flat[0]} (counted from 0): no derivative can be told"
        )
    return points


def usable_box(box: object, points: Points) -> Float[Tensor, "inputs 2"]:
    if box is None:
        return torch.stack([points.amin(0), points.amax(0)], 1)
    bounds = torch.as_tensor(box, dtype=torch.float64)
    if bounds.shape != (points.shape[1], 2) or not (bounds[:, 0] < bounds[:, 1]).all() or bounds.isinf().any():
        raise InvalidInputError(f"box {box}: one pair of a lower and a higher end is needed for each input")
    return bounds


def private(*functions: object) -> list:
    """Copies in double precision of all modules and of methods of modules; whatever they share stays shared."""
    memo, copies = {}, []
    for function in functions:
        module = getattr(function, "__self__", function)
        copies.append(copy.deepcopy(function, memo) if isinstance(module, torch.nn.Module) else function)
        if copies[-1] is not function:
            getattr(copies[-1], "__self__", copies[-1]).to("cpu", torch.float64)
    return copies


def checked(function: PointFunction, name: str, points: Points) -> Field:
    """The function as one to [points] that says in a sentence what is wrong with its values."""

    def values(x: Points) -> Float[Tensor, " points"]:
        try:
            u = function(x)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise InvalidInputError(f"{name} failed on points {list(x.shape)} in float64: {reason}") from error
        if not isinstance(u, Tensor) or u.shape not in ((len(x),), (len(x), 1)):
            found = list(u.shape) if isinstance(u, Tensor) else type(u).__name__
            raise InvalidInputError(
                f"{name} must return [points] or [points, 1] for points {list(x.shape)}, not {found}"
            )
        if u.dtype != torch.float64:
            raise InvalidInputError(
                f"{name} returns {u.dtype} for points in float64; it must compute in double precision"
            )
        return u.reshape(-1)

    once, again = values(points.clone()).detach(), values(points.clone()).detach()
    if not torch.isfinite(once).all():
        raise InvalidInputError(f"{name} returns values that are not finite on the points")
    if relative(once, again) > SAME:
        raise InvalidInputError(f"{name} returns different values for the same points; switch dropout and noise off")
    return values


def relative(a: Tensor, b: Tensor) -> float:
    """‖a − b‖/max(‖a‖, ‖b‖), 0 if both vanish."""
    a, b = a.detach(), b.detach()
    scale = float(torch.maximum(a.norm(), b.norm()))
    return float((a - b).norm()) / scale if scale > 0 else 0.0
