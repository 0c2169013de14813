"""Comparison of the derivatives used in training with those of the function that is evaluated.

They differ for outputs that depend on other points of the batch (batch normalization, convolutions), straight-through
estimators, jumps and kinks between the points, and integrals with moving jumps on fixed points.

    from rectified.audit import audit
    print(audit(network, points))
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isnan, nan

import numpy.typing as npt
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.arguments import PointFunction, Points, checked, private, relative, usable_box, usable_points
from rectified.audit.input_derivatives import (
    InputDerivatives,
    forward_mode,
    input_part,
    off_diagonal_share,
    reverse_mode,
)
from rectified.audit.parameter_gradient import Loss, integrand_jumps, loss_mismatches, why_no_integral
from rectified.audit.singularities import Field, Singularities, is_pointwise, singularities
from rectified.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Measures of an audit; NaN if not applicable or not measurable, with the reason in ``notes``.

    Attributes:
        points: number of points.
        order: highest input derivative in the loss.
        derivatives: ``reverse``, ``forward`` or ``given``.
        first, second: difference between the input derivatives used and finite differences of the function that is
            evaluated, relative to the larger of both, over all points and inputs; lengths in extents of the points.
        value: relative difference between the network and the function that is evaluated, on the points.
        off_diagonal: Σ_{i≠j}|∂u_i/∂x_j| / Σ|∂u_i/∂x_j| of the network over the batch.
        parameter, parameter_uncertainty: mismatch of the worst parameter tensor, see ``parameter_mismatch``. If only
            the uncertainty is given, it was too large for a verdict.
        jumps, jump_size, kinks, kink_size: those of the function that is evaluated, see ``Singularities``.
        dropped: number of points excluded from ``first`` and ``second`` because of a jump or kink within a step.
        threshold: measures above it are inconsistent; ``value`` is never judged, ``off_diagonal`` in reverse mode only.
        notes: why measures are missing, and further remarks.
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
        """The inconsistent measures, in words."""
        measures = {"first derivatives": self.first, "second derivatives": self.second}
        if self.derivatives == "reverse":
            measures["derivatives in other points"] = self.off_diagonal
        measures["parameter gradient"] = self.parameter
        return tuple(f"{name} {size:.2g}" for name, size in measures.items() if size > self.threshold)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The measures that a verdict needs and that are missing, in words.

        A missing parameter gradient of a loss that is no integral does not count.
        """
        needed = {"first derivatives": self.first} if self.order >= 1 else {}
        if self.order == 2:
            needed["second derivatives"] = self.second
        if not isnan(self.parameter_uncertainty):
            needed["parameter gradient"] = self.parameter
        return tuple(name for name, size in needed.items() if isnan(size))

    @property
    def verdict(self) -> str:
        """``inconsistent``, ``undetermined`` if nothing is inconsistent but measures are missing, or ``consistent``."""
        return "inconsistent" if self.reasons else "undetermined" if self.unmeasured else "consistent"

    @property
    def hides(self) -> str:
        """The jumps and kinks that pointwise derivatives of the order used miss, in words; empty if none."""
        found = [(self.jumps, "jumps")] * (self.order >= 1) + [(self.kinks, "kinks")] * (self.order >= 2)
        return " and ".join(f"{count:.3g} {name} per line" for count, name in found if count > 0)

    def __str__(self) -> str:
        missing = f" ({', '.join(self.unmeasured)})" if self.verdict == "undetermined" else ""
        exceeding = f" ({', '.join(self.reasons)}; threshold {self.threshold:g})" if self.reasons else ""
        between = f" between {self.hides} that it hides" if self.hides else ""
        uncertainty = "" if isnan(self.parameter) else f" ± {self.parameter_uncertainty:.1e}"
        rows = [
            ("first derivatives", f"{_formatted(self.first)}  ({self.dropped} of {self.points} points excluded)"),
            ("second derivatives", _formatted(self.second)),
            ("values", _formatted(self.value)),
            ("off-diagonal share", _formatted(self.off_diagonal) + " (not judged)" * (self.derivatives != "reverse")),
            ("parameter gradient", _formatted(self.parameter) + uncertainty),
            ("jumps per line", f"{self.jumps:.3g}, at most {self.jump_size:.2g} rms of u"),
            ("kinks per line", f"{self.kinks:.3g}, at most {self.kink_size:.2g} rms of the slope"),
            *[("note", note) for note in self.notes],
        ]
        return "\n".join(
            [f"{self.verdict}{between}{exceeding}{missing}", *(f"  {name:20}{text}" for name, text in rows)]
        )


def _formatted(size: float) -> str:
    return "not measured" if isnan(size) else f"{size:.1e}"


def audit(
    network: PointFunction,
    points: Tensor,
    *,
    order: int = 2,
    derivatives: str | Callable[[Points], InputDerivatives] = "reverse",
    field: PointFunction | None = None,
    loss: Loss | None = None,
    threshold: float = 0.05,
    box: npt.ArrayLike | Tensor | None = None,
) -> Audit:
    """Compare the derivatives that training uses with those of the function that is evaluated, in double precision.

    Args:
        network: maps points [points, inputs] to [points] or [points, 1]; a module is copied and not changed.
        points: the collocation points of a batch.
        order: highest input derivative in the loss, 0, 1 or 2.
        derivatives: method of training: ``reverse`` for the gradient of the sum of the outputs, ``forward`` for the
            derivative under translation of all points, or a function of the points that returns first and second
            derivatives, each [inputs, points].
        field: the function that is evaluated after training, if it is not the network; for example with frozen
            statistics. Finite differences translate all points together, so that a field should not couple them.
        loss: maps network and points to a mean over the points, for the parameter gradient; None to skip it.
        threshold: relative difference above which a measure is inconsistent.
        box: lower and upper end of each input, [inputs, 2]: the domain in which jumps are searched for and over which
            the loss is an integral; the range of the points if None.

    Raises:
        InvalidInputError: if an argument is invalid, or the network is not differentiable in the points.
    """
    points = usable_points(points)
    _check_choices(order, derivatives, threshold)
    bounds = usable_box(box, points)
    if loss is not None and not isinstance(network, torch.nn.Module):
        raise InvalidInputError(f"network must be a torch.nn.Module if a loss is given; got {type(network).__name__}")
    network, field, given = private(network, field, derivatives)
    function = checked(network, "network", points)
    evaluated = function if field is None else checked(field, "field", points)
    settings = {"points": len(points), "order": order, "threshold": threshold}
    settings["derivatives"] = derivatives if isinstance(derivatives, str) else "given"
    measures, notes = {"value": relative(function(points), evaluated(points))}, []
    if order > 0:
        methods = {"reverse": lambda x: reverse_mode(function, x, order), "forward": lambda x: forward_mode(network, x)}
        measures["off_diagonal"] = off_diagonal_share(function, points, required=isinstance(derivatives, str))
        measures |= input_part(methods.get(derivatives, given), evaluated, points, order, notes)
    hidden = _hidden(evaluated, points, bounds, notes)
    if loss is not None and (reason := why_no_integral(function, points, hidden, order)):
        notes.append(f"parameter gradient: {reason}")
    elif loss is not None:
        measures |= _parameter_part(network, loss, evaluated, bounds, hidden, settings, notes)
    return Audit(**settings, **measures, **asdict(hidden), notes=tuple(notes))


def _check_choices(order: object, derivatives: object, threshold: float) -> None:
    if order not in (0, 1, 2):
        raise InvalidInputError(f"order must be 0, 1 or 2, the highest input derivative in the loss; got {order!r}")
    if not (callable(derivatives) or derivatives in ("reverse", "forward")):
        raise InvalidInputError(
            f"derivatives must be 'reverse', 'forward' or a function of the points; got {derivatives!r}"
        )
    if not threshold > 0:
        raise InvalidInputError(f"threshold must be positive; got {threshold:g}")


def _hidden(evaluated: Field, points: Points, bounds: Float[Tensor, "inputs 2"], notes: list[str]) -> Singularities:
    """Jumps and kinks; NaN with a note if they cannot be counted."""
    if not is_pointwise(evaluated, points):
        notes.append("jumps and kinks: counted only in functions of single points; this one couples the batch")
        return Singularities(nan, nan, nan, nan)
    hidden = singularities(evaluated, bounds)
    if isnan(hidden.jumps):
        notes.append("jumps and kinks: too many to count, or values that are not finite")
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
    """``parameter`` and its uncertainty; tensors with an uncertainty above the threshold are excluded."""
    jumps = integrand_jumps(evaluated, bounds, hidden, settings["order"])
    mismatches = loss_mismatches(network, loss, bounds, jumps=jumps)
    judged = {name: pair for name, pair in mismatches.items() if pair[1] <= settings["threshold"]}
    uncertain = ", ".join(name for name in mismatches if name not in judged)
    if uncertain:
        notes.append(f"parameter gradient: too uncertain to judge in {uncertain}")
    if not judged:
        return {"parameter_uncertainty": min(uncertainty for _, uncertainty in mismatches.values())}
    parameter, uncertainty = max(judged.values())
    return {"parameter": parameter, "parameter_uncertainty": uncertainty}
