"""Input derivatives used in training, compared with finite differences of the function that is evaluated.

The differences are of fourth order and extrapolate nothing that training computes, so that they are independent of the
second-order stencil that training may use.
"""

import copy
from collections.abc import Callable
from math import isnan, nan

import torch
from torch import Tensor

from rectified.array_types import Bool, Float
from rectified.audit.arguments import PointFunction, Points, checked
from rectified.audit.singularities import Field
from rectified.errors import InvalidInputError
from rectified.optimization.central_differences import (
    first_difference_of_fourth_order,
    second_difference_of_fourth_order,
)

STEP = 8e-4  # longest step of the finite differences, in extents of the points; 1/2 and 1/4 of it are also used
AGREEMENT = 0.01  # relative spread of the differences of the three steps above which a singularity is assumed
VALUE_ROUNDING = 8 * torch.finfo(torch.float64).eps  # of a value of a network
ROWS = 64  # number of outputs whose derivatives in all points are computed

InputDerivatives = tuple[Float[Tensor, "inputs points"], Float[Tensor, "inputs points"] | None]


def input_part(
    derivatives: Callable, evaluated: Field, points: Points, order: int, notes: list[str]
) -> dict[str, float | int]:
    """Return ``first``, ``second`` and ``dropped``, see ``Audit``.

    Args:
        derivatives: maps points to first and second derivatives as used in training.
        evaluated: the function that is evaluated.
        order: highest derivative compared, 1 or 2.
        notes: list that receives reasons for missing measures.

    Raises:
        InvalidInputError: if derivatives are missing or have a wrong shape.
    """
    used = _usable_derivatives(derivatives(points.clone()), points, order)
    u, extent = evaluated(points).detach(), points.amax(0) - points.amin(0)
    noise = VALUE_ROUNDING * float(u.abs().max() + (points.abs() / extent).max() * (u.max() - u.min()))
    measures, kept = {}, torch.ones(len(points), dtype=torch.bool)
    for k, (name, differences) in enumerate(
        zip(("first", "second")[:order], _fourth_order_differences(evaluated, points, extent))
    ):
        scaled = used[k] * extent[:, None] ** (k + 1)
        measures[name], smooth = _mismatch(scaled, differences, noise * (4 / STEP) ** (k + 1))
        kept &= smooth
        if isnan(measures[name]):
            notes.append(f"{name} derivatives: jumps or kinks lie within a step of more than half of the points")
    return measures | {"dropped": int((~kept).sum())}


def _usable_derivatives(given: object, points: Points, order: int) -> list[Float[Tensor, "inputs points"]]:
    """Derivatives of each order, detached."""
    parts = [part for part in given if part is not None] if isinstance(given, tuple | list) else []
    shapes = {tuple(part.shape) for part in parts[:order]}
    if len(parts) < order or shapes != {tuple(points.T.shape)}:
        returned = ", ".join(str(list(part.shape)) for part in parts) or type(given).__name__
        raise InvalidInputError(
            f"derivatives must return {order} tensors [inputs, points] = {list(points.T.shape)}; got {returned}"
        )
    return [part.detach().double() for part in parts[:order]]


def reverse_mode(function: Field, points: Points, order: int) -> InputDerivatives:
    """Return first and, for order 2, second derivatives as gradients of the sum over the points.

    This common practice is correct only if no output depends on another point.
    """
    x = points.clone().requires_grad_(True)
    first = _gradient(function(x), x)
    if order < 2:
        return first.T, None
    return first.T, torch.stack([_gradient(first[:, axis], x)[:, axis] for axis in range(x.shape[1])])


def _gradient(values: Float[Tensor, " points"], x: Points) -> Points:
    """Gradient of the sum of the values; 0 if they do not depend on x."""
    if not values.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(values.sum(), x, create_graph=True, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


def forward_mode(network: PointFunction, points: Points) -> InputDerivatives:
    """Return first and second derivatives under translation of all points together, by nested forward mode."""
    if isinstance(network, torch.nn.Module):
        network = _without_running_statistics(copy.deepcopy(network))
    function = checked(network, "network", points)

    def along(axis: int) -> tuple[Tensor, Tensor]:
        tangent = torch.zeros_like(points)
        tangent[:, axis] = 1
        return torch.func.jvp(lambda y: torch.func.jvp(function, (y,), (tangent,))[1], (points,), (tangent,))

    first, second = zip(*map(along, range(points.shape[1])))
    return torch.stack(first), torch.stack(second)


def _without_running_statistics(network: torch.nn.Module) -> torch.nn.Module:
    """Remove running statistics that are only written, which forward mode does not support; values are unchanged."""
    for module in network.modules():
        if module.training and getattr(module, "track_running_stats", False):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return network


def off_diagonal_share(function: Field, points: Points, required: bool) -> float:
    """Return the share of Σ|∂u_i/∂x_j| with i ≠ j, over up to 64 outputs i and all points j; lengths in extents.

    Args:
        required: True if automatic derivatives must exist; otherwise NaN is returned if there are none.

    Raises:
        InvalidInputError: if derivatives are required but do not exist, or all vanish although the values vary.
    """
    x, extent = points.clone().requires_grad_(True), points.amax(0) - points.amin(0)
    u = function(x)
    rows = torch.linspace(0, len(x) - 1, min(ROWS, len(x))).round().long()
    sizes = [_row(u, x, row) for row in rows.tolist()]
    if sizes[0] is None:
        if required:
            raise InvalidInputError("network is not differentiable in the points; check for detach or NumPy inside")
        return nan
    sizes = (torch.stack(sizes).abs() * extent).sum(-1)
    total = float(sizes.sum())
    if required and total == 0 and u.std() > 0 and not _gradient(u, x).any():
        raise InvalidInputError(
            "network varies but its derivatives are all exactly zero; check for rounding or sign inside"
        )
    sizes[torch.arange(len(rows)), rows] = 0
    return float(sizes.sum()) / total if total > 0 else 0.0


def _row(u: Float[Tensor, " points"], x: Points, row: int) -> Points | None:
    """∂u_i/∂x_j for one i and all j; None if u does not depend on x in the graph of automatic differentiation."""
    if not u.requires_grad:
        return None
    return torch.autograd.grad(u[row], x, retain_graph=True, allow_unused=True)[0]


def _fourth_order_differences(
    function: Field, points: Points, extent: Float[Tensor, " inputs"]
) -> tuple[Float[Tensor, "steps inputs points"], Float[Tensor, "steps inputs points"]]:
    """First and second derivatives under translation of all points, for three steps; lengths in extents."""

    def along(axis: int) -> Float[Tensor, "2 steps points"]:
        tangent = torch.zeros_like(extent)
        tangent[axis] = extent[axis] * STEP / 4
        u = {m: function(points + m * tangent).detach() for m in (-8, -4, -2, -1, 0, 1, 2, 4, 8)}
        first, second = [], []
        for m in (4, 2, 1):
            h = m * STEP / 4
            first.append(first_difference_of_fourth_order(u[-2 * m], u[-m], u[m], u[2 * m], h))
            second.append(second_difference_of_fourth_order(u[-2 * m], u[-m], u[0], u[m], u[2 * m], h))
        return torch.stack([torch.stack(first), torch.stack(second)])

    first, second = torch.stack([along(axis) for axis in range(len(extent))], 2)
    return first, second


def _mismatch(
    used: Float[Tensor, "inputs points"], differences: Float[Tensor, "steps inputs points"], noise: float
) -> tuple[float, Bool[Tensor, " points"]]:
    """‖used − differences‖/max of both norms over the smooth points, and the mask of these points.

    A point is smooth if its differences agree for all steps; NaN if fewer than half of the points are.
    """
    if not torch.isfinite(used).all():
        return torch.inf, torch.ones(used.shape[1], dtype=torch.bool)
    best = differences[-1]
    spread = differences.amax(0) - differences.amin(0)
    allowed = AGREEMENT * (best.abs() + used.square().mean().sqrt()) + 10 * noise
    smooth = (spread <= allowed).all(0)  # False for NaN
    if 2 * smooth.sum() < len(smooth):
        return nan, smooth
    used, best = used[:, smooth], best[:, smooth]
    scale = max(float(used.norm()), float(best.norm()), 100 * noise * used.numel() ** 0.5)
    return float((used - best).norm()) / scale if scale > 0 else 0.0, smooth
