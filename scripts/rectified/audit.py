"""Is what automatic differentiation returns the derivative of the function that is evaluated?

Four ways in which it is not: outputs that depend on other points of the batch (batch normalization, convolutions),
a straight-through estimator, jumps and kinks between the points, and integrals with moving jumps on fixed points.

    from rectified.audit import audit
    print(audit(network, points))
"""

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isnan, nan

import numpy.typing as npt
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rectified.errors import ConfigError
from rectified.parameter_audit import Loss, integrand_jumps, loss_mismatches, why_no_integral
from rectified.singularities import Field, Singularities, is_pointwise, singularities

STEP = 8e-4  # longest step of the finite differences, in extents of the points; they are also taken with 1/2 and 1/4
AGREEMENT = 0.01  # differences of the three steps that differ by more see a singularity
ROUNDING = 8 * torch.finfo(torch.float64).eps  # of a value of a network
SAME = 1e-9  # relative difference below which two evaluations are the same
ROWS = 64  # outputs of which the derivatives in all points are taken

Points = Float[Tensor, "points inputs"]
Derivatives = tuple[Float[Tensor, "inputs points"], Float[Tensor, "inputs points"] | None]
Function = Callable[[Points], Tensor]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was measured; NaN where it does not apply or could not be told, for which ``notes`` gives the reason.

    Attributes:
        first, second: difference between the input derivatives used and finite differences of the function that is
            evaluated, relative to the larger of both, over all points and inputs; lengths in extents of the points.
        value: relative difference between the network and the function that is evaluated, on the points.
        off_diagonal: Σ_{i≠j}|∂u_i/∂x_j| / Σ|∂u_i/∂x_j| of the network over the batch.
        parameter, parameter_uncertainty: of the worst parameter tensor, see ``parameter_mismatch``.
        jumps, jump_size, kinks, kink_size: of the function that is evaluated, see ``Singularities``.
        dropped: points left out of ``first`` and ``second`` as there is a jump or kink within a step.
        threshold: above it a measure is inconsistent; ``value`` is not judged, ``off_diagonal`` in reverse mode only.
    """

    points: int
    order: int
    derivatives: str
    threshold: float
    first: float = nan
    second: float = nan
    value: float = nan
    off_diagonal: float = nan
    parameter: float = nan
    parameter_uncertainty: float = nan
    jumps: float = nan
    jump_size: float = nan
    kinks: float = nan
    kink_size: float = nan
    dropped: int = 0
    notes: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is inconsistent, in words."""
        measures = {"first derivatives": self.first, "second derivatives": self.second}
        if self.derivatives == "reverse":
            measures["derivatives in other points"] = self.off_diagonal
        measures["parameter gradient"] = self.parameter
        return tuple(f"{name} {size:.2g}" for name, size in measures.items() if size > self.threshold)

    @property
    def verdict(self) -> str:
        """``consistent`` or ``inconsistent``."""
        return "inconsistent" if self.reasons else "consistent"

    @property
    def hides(self) -> str:
        """The jumps and kinks that derivatives of the order used do not see, in words; empty if none."""
        found = [(self.jumps, "jumps")] * (self.order >= 1) + [(self.kinks, "kinks")] * (self.order >= 2)
        return " and ".join(f"{count:.3g} {name} per line" for count, name in found if count > 0)

    def __str__(self) -> str:
        beyond = f" ({', '.join(self.reasons)}; threshold {self.threshold:g})" if self.reasons else ""
        between = f" between {self.hides} that it hides" if self.hides else ""
        uncertainty = "" if isnan(self.parameter) else f" ± {self.parameter_uncertainty:.1e}"
        rows = [
            ("first derivatives", f"{_number(self.first)}  ({self.dropped} of {self.points} points left out)"),
            ("second derivatives", _number(self.second)),
            ("values", _number(self.value)),
            ("off-diagonal share", _number(self.off_diagonal) + " (not judged)" * (self.derivatives != "reverse")),
            ("parameter gradient", _number(self.parameter) + uncertainty),
            ("jumps per line", f"{self.jumps:.3g}, at most {self.jump_size:.2g} rms of u"),
            ("kinks per line", f"{self.kinks:.3g}, at most {self.kink_size:.2g} rms of the slope"),
            *[("note", note) for note in self.notes],
        ]
        return "\n".join([f"{self.verdict}{between}{beyond}", *(f"  {name:20}{text}" for name, text in rows)])


def _number(size: float) -> str:
    return "not measured" if isnan(size) else f"{size:.1e}"


def audit(
    network: Function,
    points: Tensor,
    *,
    order: int = 2,
    derivatives: str | Callable[[Points], Derivatives] = "reverse",
    field: Function | None = None,
    loss: Loss | None = None,
    threshold: float = 0.05,
    box: npt.ArrayLike | Tensor | None = None,
) -> Audit:
    """Compare the derivatives that training uses with the function that is evaluated, in double precision.

    Args:
        network: maps points [points, inputs] to [points] or [points, 1]; a module is copied, never changed.
        points: the collocation points of a batch.
        order: highest input derivative in the loss, 0, 1 or 2.
        derivatives: how it is taken: ``reverse``, the gradient of the sum of the outputs; ``forward``, the derivative
            under translation of all points; or a function of the points that returns first and second derivatives.
        field: the function evaluated in the end, if it is not the network: with frozen statistics, or one point at
            a time. Finite differences translate all points together, so that a field should not couple them.
        loss: maps network and points to the mean of something over the points, for the parameter gradient.
        threshold: relative difference above which something is inconsistent.
        box: lower and upper end of each input, where jumps are looked for and the loss is an integral; the range
            of the points if not given.

    Raises:
        ConfigError: if an argument is not as said above, or the network is not differentiable in the points.
    """
    points = _usable_points(points)
    if order not in (0, 1, 2):
        raise ConfigError(f"order {order!r}: the highest input derivative in the loss is 0, 1 or 2")
    if not (callable(derivatives) or derivatives in ("reverse", "forward")):
        raise ConfigError(f"derivatives {derivatives!r}: allowed are 'reverse', 'forward' or a function of the points")
    if not threshold > 0:
        raise ConfigError(f"threshold {threshold:g} must be a positive number")
    bounds = _usable_box(box, points)
    if loss is not None and not isinstance(network, torch.nn.Module):
        raise ConfigError("a loss needs a network that is a torch.nn.Module, for its parameters")
    network, field, given = _private(network, field, derivatives)
    function = _checked(network, "network", points)
    evaluated = function if field is None else _checked(field, "field", points)
    settings = {"points": len(points), "order": order, "threshold": threshold}
    settings["derivatives"] = derivatives if isinstance(derivatives, str) else "given"
    measures, notes = {"value": _relative(function(points), evaluated(points))}, []
    if order > 0:
        ways = {"reverse": lambda x: _reverse(function, x, order), "forward": lambda x: _forward(network, x)}
        measures["off_diagonal"] = _off_diagonal(function, points, required=isinstance(derivatives, str))
        measures |= _input_part(ways.get(derivatives, given), evaluated, points, order, notes)
    hidden = _hidden(evaluated, points, bounds, notes)
    if loss is not None and (reason := why_no_integral(function, points, hidden, order)):
        notes.append(f"parameter gradient: {reason}")
    elif loss is not None:
        measures |= _parameter_part(network, loss, evaluated, bounds, hidden, settings, notes)
    return Audit(**settings, **measures, **asdict(hidden), notes=tuple(notes))


# --- what is given -----------------------------------------------------------------------------------


def _usable_points(points: object) -> Points:
    if not isinstance(points, Tensor) or points.ndim != 2 or len(points) < 2 or points.shape[1] < 1:
        found = list(points.shape) if isinstance(points, Tensor) else type(points).__name__
        raise ConfigError(f"points must be a tensor [points, inputs] of at least 2 points, not {found}")
    points = points.detach().to("cpu", torch.float64)
    if not torch.isfinite(points).all():
        raise ConfigError("points must be finite numbers")
    flat = (points.amax(0) == points.amin(0)).nonzero()[:, 0].tolist()
    if flat:
        raise ConfigError(f"points are all the same along input {flat[0]} (counted from 0): no derivative can be told")
    return points


def _usable_box(box: object, points: Points) -> Float[Tensor, "inputs 2"]:
    if box is None:
        return torch.stack([points.amin(0), points.amax(0)], 1)
    bounds = torch.as_tensor(box, dtype=torch.float64)
    if bounds.shape != (points.shape[1], 2) or not (bounds[:, 0] < bounds[:, 1]).all() or bounds.isinf().any():
        raise ConfigError(f"box {box}: one pair of a lower and a higher end is needed for each input")
    return bounds


def _private(*functions: object) -> list:
    """Copies in double precision of all modules and of methods of modules; whatever they share stays shared."""
    memo, copies = {}, []
    for function in functions:
        module = getattr(function, "__self__", function)
        copies.append(copy.deepcopy(function, memo) if isinstance(module, torch.nn.Module) else function)
        if copies[-1] is not function:
            getattr(copies[-1], "__self__", copies[-1]).to("cpu", torch.float64)
    return copies


def _checked(function: Function, name: str, points: Points) -> Field:
    """The function as one to [points] that says in a sentence what is wrong with its values."""

    def values(x: Points) -> Float[Tensor, " points"]:
        try:
            u = function(x)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ConfigError(f"{name} failed on points {list(x.shape)} in float64: {reason}") from error
        if not isinstance(u, Tensor) or u.shape not in ((len(x),), (len(x), 1)):
            found = list(u.shape) if isinstance(u, Tensor) else type(u).__name__
            raise ConfigError(f"{name} must return [points] or [points, 1] for points {list(x.shape)}, not {found}")
        if u.dtype != torch.float64:
            raise ConfigError(f"{name} returns {u.dtype} for points in float64; it must compute in double precision")
        return u.reshape(-1)

    once, again = values(points.clone()).detach(), values(points.clone()).detach()
    if not torch.isfinite(once).all():
        raise ConfigError(f"{name} returns values that are not finite on the points")
    if _relative(once, again) > SAME:
        raise ConfigError(f"{name} returns different values for the same points; switch dropout and noise off")
    return values


def _relative(a: Tensor, b: Tensor) -> float:
    """‖a − b‖/max(‖a‖, ‖b‖), 0 if both vanish."""
    a, b = a.detach(), b.detach()
    scale = float(torch.maximum(a.norm(), b.norm()))
    return float((a - b).norm()) / scale if scale > 0 else 0.0


# --- derivatives in the points -----------------------------------------------------------------------


def _input_part(
    derivatives: Callable, evaluated: Field, points: Points, order: int, notes: list[str]
) -> dict[str, float | int]:
    """``first``, ``second`` and ``dropped``."""
    used = _usable_derivatives(derivatives(points.clone()), points, order)
    u, extent = evaluated(points).detach(), points.amax(0) - points.amin(0)
    noise = ROUNDING * float(u.abs().max() + (points.abs() / extent).max() * (u.max() - u.min()))
    measures, kept = {}, torch.ones(len(points), dtype=torch.bool)
    for k, (name, differences) in enumerate(zip(("first", "second")[:order], _differences(evaluated, points, extent))):
        scaled = used[k] * extent[:, None] ** (k + 1)
        measures[name], smooth = _mismatch(scaled, differences, noise * (4 / STEP) ** (k + 1))
        kept &= smooth
        if isnan(measures[name]):
            notes.append(f"{name} derivatives: jumps or kinks within a step of more than half of the points")
    return measures | {"dropped": int((~kept).sum())}


def _usable_derivatives(given: object, points: Points, order: int) -> list[Float[Tensor, "inputs points"]]:
    """Each order's derivatives, without their graph."""
    parts = [part for part in given if part is not None] if isinstance(given, tuple | list) else []
    shapes = {tuple(part.shape) for part in parts[:order]}
    if len(parts) < order or shapes != {tuple(points.T.shape)}:
        found = ", ".join(str(list(part.shape)) for part in parts) or type(given).__name__
        raise ConfigError(
            f"derivatives must return {order} of shape [inputs, points] = {list(points.T.shape)}, not {found}"
        )
    return [part.detach().double() for part in parts[:order]]


def _reverse(function: Field, points: Points, order: int) -> Derivatives:
    """Gradients of the sum over the points, as is usual: right only if no output depends on another point."""
    x = points.clone().requires_grad_(True)
    first = _gradient(function(x), x)
    if order < 2:
        return first.T, None
    return first.T, torch.stack([_gradient(first[:, axis], x)[:, axis] for axis in range(x.shape[1])])


def _gradient(values: Float[Tensor, " points"], x: Points) -> Points:
    """Gradient of the sum, 0 where there is no dependence."""
    if not values.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(values.sum(), x, create_graph=True, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


def _forward(network: Function, points: Points) -> Derivatives:
    """Derivatives under translation of all points together, by nested forward mode."""
    if isinstance(network, torch.nn.Module):
        network = _without_records(copy.deepcopy(network))
    function = _checked(network, "network", points)

    def along(axis: int) -> tuple[Tensor, Tensor]:
        tangent = torch.zeros_like(points)
        tangent[:, axis] = 1
        return torch.func.jvp(lambda y: torch.func.jvp(function, (y,), (tangent,))[1], (points,), (tangent,))

    first, second = zip(*map(along, range(points.shape[1])))
    return torch.stack(first), torch.stack(second)


def _without_records(network: torch.nn.Module) -> torch.nn.Module:
    """The same function without running statistics where they are written only, which forward mode does not allow."""
    for module in network.modules():
        if module.training and getattr(module, "track_running_stats", False):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return network


def _off_diagonal(function: Field, points: Points, required: bool) -> float:
    """Share of Σ|∂u_i/∂x_j| with i ≠ j, over some outputs i and all points j; lengths in extents.

    Raises:
        ConfigError: if derivatives are required and there are none, or they all vanish though the values vary.
    """
    x, extent = points.clone().requires_grad_(True), points.amax(0) - points.amin(0)
    u = function(x)
    rows = torch.linspace(0, len(x) - 1, min(ROWS, len(x))).round().long()
    sizes = [_row(u, x, row) for row in rows.tolist()]
    if sizes[0] is None:
        if required:
            raise ConfigError("network is not differentiable in the points; is there a detach or NumPy inside?")
        return nan
    sizes = (torch.stack(sizes).abs() * extent).sum(-1)
    total = float(sizes.sum())
    if required and total == 0 and u.std() > 0 and not _gradient(u, x).any():
        raise ConfigError(
            "network varies but its derivatives are all exactly zero; is there a rounding or sign inside?"
        )
    sizes[torch.arange(len(rows)), rows] = 0
    return float(sizes.sum()) / total if total > 0 else 0.0


def _row(u: Float[Tensor, " points"], x: Points, row: int) -> Points | None:
    """∂u_i/∂x_j for one i and all j; None if u does not depend on x as far as automatic differentiation knows."""
    if not u.requires_grad:
        return None
    return torch.autograd.grad(u[row], x, retain_graph=True, allow_unused=True)[0]


def _differences(
    function: Field, points: Points, extent: Float[Tensor, " inputs"]
) -> tuple[Float[Tensor, "steps inputs points"], Float[Tensor, "steps inputs points"]]:
    """First and second central differences of fourth order under translation of all points; lengths in extents."""

    def along(axis: int) -> Float[Tensor, "2 steps points"]:
        tangent = torch.zeros_like(extent)
        tangent[axis] = extent[axis] * STEP / 4
        u = {m: function(points + m * tangent).detach() for m in (-8, -4, -2, -1, 0, 1, 2, 4, 8)}
        first, second = [], []
        for m in (4, 2, 1):
            h = m * STEP / 4
            first.append((8 * (u[m] - u[-m]) - (u[2 * m] - u[-2 * m])) / (12 * h))
            second.append((16 * (u[m] + u[-m]) - (u[2 * m] + u[-2 * m]) - 30 * u[0]) / (12 * h**2))
        return torch.stack([torch.stack(first), torch.stack(second)])

    first, second = torch.stack([along(axis) for axis in range(len(extent))], 2)
    return first, second


def _mismatch(
    used: Float[Tensor, "inputs points"], differences: Float[Tensor, "steps inputs points"], noise: float
) -> tuple[float, Bool[Tensor, " points"]]:
    """‖used − differences‖/max of both, and the points whose differences see no jump or kink with any step."""
    if not torch.isfinite(used).all():
        return torch.inf, torch.ones(used.shape[1], dtype=torch.bool)
    best = differences[-1]
    spread = differences.amax(0) - differences.amin(0)
    allowed = AGREEMENT * (best.abs() + used.square().mean().sqrt()) + 10 * noise
    smooth = (spread <= allowed).all(0)  # not so where they are NaN
    if 2 * smooth.sum() < len(smooth):
        return nan, smooth
    used, best = used[:, smooth], best[:, smooth]
    scale = max(float(used.norm()), float(best.norm()), 100 * noise * used.numel() ** 0.5)
    return float((used - best).norm()) / scale if scale > 0 else 0.0, smooth


# --- jumps and the parameter gradient ----------------------------------------------------------------


def _hidden(evaluated: Field, points: Points, bounds: Float[Tensor, "inputs 2"], notes: list[str]) -> Singularities:
    """Jumps and kinks, NaN with a note if they cannot be told."""
    if not is_pointwise(evaluated, points):
        notes.append("jumps and kinks: looked for only in functions of single points; this one couples the batch")
        return Singularities(nan, nan, nan, nan)
    hidden = singularities(evaluated, bounds)
    if isnan(hidden.jumps):
        notes.append("jumps and kinks: too many, or values that are not finite")
    return hidden


def _parameter_part(
    network: torch.nn.Module,
    loss: Loss,
    evaluated: Field,
    bounds: Float[Tensor, "inputs 2"],
    hidden: Singularities,
    settings: dict,
    notes: list[str],
) -> dict[str, float]:
    """``parameter`` and its uncertainty; tensors where that is too large are not judged."""
    jumps = integrand_jumps(evaluated, bounds, hidden, settings["order"])
    found = loss_mismatches(network, loss, bounds, jumps=jumps)
    judged = {name: pair for name, pair in found.items() if pair[1] <= settings["threshold"]}
    uncertain = ", ".join(name for name in found if name not in judged)
    if uncertain:
        notes.append(f"parameter gradient: too uncertain to judge in {uncertain}")
    if not judged:
        return {"parameter_uncertainty": min(uncertainty for _, uncertainty in found.values())}
    parameter, uncertainty = max(judged.values())
    return {"parameter": parameter, "parameter_uncertainty": uncertainty}
