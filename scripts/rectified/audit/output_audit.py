"""Audit of one output of a network: its input derivatives and its singularities."""

from collections.abc import Sequence
from math import isnan, log2, nan

import torch
from torch import Tensor

from rectified.audit.derivatives.coupling import is_pointwise, off_diagonal_share
from rectified.audit.derivatives.derivative_measures import Compared, compare
from rectified.audit.derivatives.differences import Axes, differences
from rectified.audit.derivatives.input_derivatives import (
    forward_mode,
    given_derivatives,
    reverse_mode,
    wanted_derivatives,
)
from rectified.audit.derivatives.rounding import EPSILON, value_rounding
from rectified.audit.inputs.case import Case
from rectified.audit.inputs.network_calls import relative
from rectified.audit.measures import Measure
from rectified.audit.result import OTHER_POINTS, Audit, AuditData
from rectified.audit.singularity.lines import Field
from rectified.audit.singularity.sampling import missed_variation
from rectified.audit.singularity.singularities import Singularities, singularities
from rectified.errors import InvalidInputError

TINY = torch.finfo(torch.float64).tiny
CONSTANT = 16 * EPSILON  # spread of u, relative to |u|, up to which u is constant to rounding
COUPLED = "the network couples the points of a batch; field= can give the function that is evaluated"


def audit_output(case: Case, index: int, notes: tuple[str, ...]) -> tuple[Audit, Singularities]:
    """Return the audit of the input derivatives of one output, and the singularities of the field.

    Args:
        case: what is audited.
        index: of the output.
        notes: remarks on all outputs.
    """
    u, other = (part(case.points)[:, index].detach() for part in (case.network, case.field))
    scale, constant = _scale(other)
    network, field = case.output(case.network, index, 1.0), case.output(case.field, index, scale)
    remarks, values = list(notes), {"value": relative(u, other)}
    coupling, values["off_diagonal"] = _coupling(case, network)
    pointwise = is_pointwise(field, case.points)
    hidden = singularities(field, case.box) if pointwise else Singularities(reason=COUPLED)
    if hidden.reason:
        remarks.append(f"jumps and kinks: {hidden.reason}")
    compared, measures = [], {}
    for measure, part in _compared(case, network, field, scale, constant):
        measures[part.name] = measure
        compared.append(part)
        if isnan(measure.mismatch):
            remarks.append(f"{part.name}: {measure.remark}")
    if compared:
        values["dropped"] = int((~torch.stack([part.resolved for part in compared if part.low]).all(0)).sum())
    if pointwise and case.order:
        values["missed"] = missed_variation(hidden, compared[0].differences)
    values |= {name: getattr(hidden, name) for name in ("jumps", "jump_size", "kinks", "kink_size")}
    settings = {"points": len(u), "order": case.order, "derivatives": case.mode, "threshold": case.threshold}
    labels = tuple(case.inputs.label(axis) for axis in range(len(case.extent)))
    data = AuditData(case.points, labels, tuple(compared), hidden.jump_positions, hidden.kink_positions)
    return Audit(**settings, measures=measures | coupling, **values, notes=tuple(remarks), data=data), hidden


def _scale(u: Tensor) -> tuple[float, bool]:
    """Power of 2 near the spread of a function, and True if it is constant to rounding; then near its size."""
    largest, spread = (float(size) for size in (u.abs().max(), (u - u.mean()).abs().max()))
    constant = spread <= CONSTANT * largest
    size = largest if constant else spread
    if 0 < size < 4 * TINY:
        raise InvalidInputError(
            f"network must vary by more than {4 * TINY:.1g}, where float64 loses precision; got {size:g}"
        )
    return 2.0 ** round(log2(size or 1.0)), constant


def _compared(case: Case, network: Field, field: Field, scale: float, constant: bool) -> list[tuple[Measure, Compared]]:
    """Derivatives used in training against those of the field, by kind."""
    wanted = wanted_derivatives(case.order, len(case.extent), case.mixed)
    if not wanted:
        return []
    used = [row / scale * case.extent[list(axes)].prod() for axes, row in zip(wanted, _used(case, network, wanted))]
    rounding = value_rounding(lambda x: field(x).detach(), case.points, case.extent)
    estimates = differences(field, case.points, case.extent, wanted, rounding)
    return compare(wanted, used, estimates, 0.0 if constant else 1.0)


def _coupling(case: Case, network: Field) -> tuple[dict[str, Measure], float]:
    """Off-diagonal share, as a measure in reverse mode."""
    if not (case.order or case.mixed):
        return {}, nan
    share = off_diagonal_share(network, case.points, case.extent)
    if share is None:
        if case.mode != "given":
            raise InvalidInputError("network is not differentiable in the points; check for detach or NumPy inside")
        return {}, nan
    if case.mode != "given" and share == 0 and _vanishes(case, network):
        raise InvalidInputError(
            "network varies but its derivatives are all exactly zero; check for rounding or sign inside"
        )
    return ({OTHER_POINTS: Measure(share, 0.0)} if case.mode == "reverse" else {}), share


def _used(case: Case, network: Field, wanted: Sequence[Axes]) -> list[Tensor]:
    """Derivatives of one output as used in training."""
    if case.mode == "reverse":
        return reverse_mode(network, case.points, wanted)
    if case.mode == "forward":
        return forward_mode(network, case.points, wanted)
    return given_derivatives(lambda x: case.given(*case.inputs.arguments(x)), case.points, case.order, case.mixed)


def _vanishes(case: Case, network: Field) -> bool:
    """True if the gradient is exactly zero at all points although the values vary."""
    u = network(case.points).detach()
    return bool(u.std() > 0) and not any(bool(row.any()) for row in reverse_mode(network, case.points, _first(case)))


def _first(case: Case) -> list[Axes]:
    return wanted_derivatives(1, len(case.extent), ())
