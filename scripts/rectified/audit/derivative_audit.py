"""Comparison of the derivatives used in training with those of the function that is evaluated.

They differ for outputs that depend on other points of the batch (batch normalization, convolutions), straight-through
estimators, jumps and kinks between the points, and integrals with moving jumps on fixed points.

    from rectified.audit import audit
    print(audit(network, points))
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy.typing as npt
import torch
from torch import Tensor

from rectified.audit.derivatives.input_derivatives import without_running_statistics
from rectified.audit.fault.calls import Calls
from rectified.audit.fault.cause import Cause, kinked_module, loss_cause, wrong_module
from rectified.audit.inputs.arguments import require_choices, usable_box, usable_mixed, usable_points
from rectified.audit.inputs.case import Case
from rectified.audit.inputs.network_calls import Outputs, checked
from rectified.audit.inputs.private_copy import is_compiled_in_place, private, require_same_values
from rectified.audit.inputs.surroundings import plain_surroundings
from rectified.audit.inputs.user_errors import EAGER
from rectified.audit.loss.integrands import integrand_jumps, only_inconsistent, why_no_integral
from rectified.audit.loss.loss_gradient import loss_mismatches
from rectified.audit.measures import INCONSISTENT, UNDETERMINED, worst
from rectified.audit.output_audit import audit_output
from rectified.audit.result import PARAMETER, Audit, Audits
from rectified.audit.singularity.singularities import Singularities
from rectified.errors import InvalidInputError

THRESHOLD = 0.01  # chosen by the study in workflow/docs/audit_study.md


def audit(
    network: Callable,
    points: Tensor | Sequence[Tensor] | dict[str, Tensor],
    *,
    order: int = 2,
    mixed: Sequence[Sequence[int]] = (),
    derivatives: str | Callable = "reverse",
    field: Callable | None = None,
    loss: Callable | None = None,
    threshold: float = THRESHOLD,
    box: npt.ArrayLike | Tensor | None = None,
) -> Audit | Audits:
    """Compare the derivatives that training uses with those of the function that is evaluated, in double precision.

    Args:
        network: maps points to a tensor [points], [points, 1] or [points, outputs], or to a sequence or a dictionary of
            such tensors. A module is copied and not changed; its parameters may be real or complex.
        points: the collocation points of a batch, a tensor [points, inputs]. A sequence of tensors is passed as several
            arguments, ``network(x, t)``, a dictionary as it is; its tensors are [points] or [points, columns]. Inputs
            are counted over all tensors.
        order: highest pure input derivative in the loss, 0 to 4.
        mixed: inputs of mixed derivatives in the loss, such as (0, 1) for u_xy; up to the fourth order.
        derivatives: method of training: ``reverse`` for the gradient of the sum of the outputs, ``forward`` for the
            derivative under translation of all points, or, for networks with one output, a function of the points that
            returns a tensor [inputs, points] for each order and, with ``mixed``, one [mixed, points].
        field: the function that is evaluated after training, if it is not the network; for example with frozen
            statistics. Finite differences translate all points together, so that a field should not couple them.
        loss: maps the network and its arguments to a mean over the points, for the parameter gradient; None to skip it.
        threshold: relative mismatch above which a measure is inconsistent, if it also exceeds three times its
            uncertainty.
        box: lower and upper end of each input, [inputs, 2]: the domain in which jumps are searched for and over which
            the loss is an integral; the range of the points if None.

    Returns:
        The audit, or one for each output of a network with several.

    Raises:
        InvalidInputError: if an argument is invalid, or the network is not differentiable in the points.
    """
    require_choices(order, derivatives, threshold)
    if loss is not None and not isinstance(network, torch.nn.Module):
        raise InvalidInputError(f"network must be a torch.nn.Module if a loss is given; got {type(network).__name__}")
    with plain_surroundings():
        x, inputs = usable_points(points)
        box, extent = usable_box(box, x), x.amax(0) - x.amin(0)
        function, evaluated, given = private(network, field, derivatives)
        if derivatives == "forward":
            function = without_running_statistics(function)
        outputs = checked(function, "network", inputs, x)
        once = outputs(x).detach()
        note = require_same_values(
            network, once, lambda other, dtype: Outputs(other, "network", inputs, None)(x.to(dtype)).detach()
        )
        fields = outputs if field is None else checked(evaluated, "field", inputs, x)
        in_order = None if loss is None else lambda module, at: loss(module, *inputs.arguments(at))
        case = Case(
            outputs,
            fields,
            function,
            given,
            in_order,
            x,
            box,
            extent,
            inputs,
            order,
            usable_mixed(mixed, x.shape[1]),
            threshold,
        )
        if callable(derivatives) and once.shape[1] > 1:
            raise InvalidInputError(f"derivatives can be a function for one output; the network has {once.shape[1]}")
        if fields(x).shape != once.shape:
            raise InvalidInputError(f"field must return as many outputs as network; got {list(fields(x).shape)}")
        compiled = f"the network is compiled in place; {EAGER}" if is_compiled_in_place(network) else ""
        return _audited(case, outputs.names, tuple(filter(None, (note, compiled))))


def _audited(case: Case, names: tuple[str, ...], notes: tuple[str, ...]) -> Audit | Audits:
    """Audits of all outputs, with the parameter gradient and the cause."""
    pairs = [audit_output(case, index, notes) for index in range(len(names))]
    audits = [found for found, _ in pairs]
    if case.loss is not None:
        audits = _with_parameters(case, audits, [hidden for _, hidden in pairs])
    audits = _with_cause(case, audits)
    return audits[0] if len(audits) == 1 else Audits(zip(names, audits))


def _with_parameters(case: Case, audits: list[Audit], hidden: list[Singularities]) -> list[Audit]:
    """Audits with the measure of the parameter gradient, or a note why there is none."""
    fields = [case.output(case.field, index, 1.0) for index in range(len(audits))]
    networks = [case.output(case.network, index, 1.0) for index in range(len(audits))]
    reasons = [why_no_integral(one, case.points, found, case.order) for one, found in zip(networks, hidden)]
    if reason := next(filter(None, reasons), ""):
        return [replace(one, notes=(*one.notes, f"{PARAMETER}: {reason}")) for one in audits]
    jumping = [integrand_jumps(one, case.box, found, case.order) for one, found in zip(fields, hidden)]
    mismatches = loss_mismatches(case.function, case.loss, case.box, jumps=True in jumping, threshold=case.threshold)
    if None in jumping and True not in jumping:
        mismatches = {name: only_inconsistent(one, case.threshold) for name, one in mismatches.items()}
    uncertain = [name for name, one in mismatches.items() if one.verdict(case.threshold) == UNDETERMINED]
    notes = (f"{PARAMETER}: too uncertain to judge in {', '.join(uncertain)}",) if uncertain else ()
    named = [replace(one, remark=f"in {name}{one.remark}") for name, one in mismatches.items()]
    measure = worst(named, case.threshold)
    return [
        replace(
            one,
            measures={**one.measures, PARAMETER: measure},
            notes=(*one.notes, *notes),
            data=one.data and replace(one.data, parameters=mismatches),
        )
        for one in audits
    ]


def _with_cause(case: Case, audits: list[Audit]) -> list[Audit]:
    """Audits with the module at fault and the remedy, where something is inconsistent."""
    if not any(one.reasons for one in audits):
        return audits
    calls = (
        Calls(case.function, case.network, case.points, case.extent)
        if isinstance(case.function, torch.nn.Module)
        else None
    )

    def cause(one: Audit) -> Cause | None:
        wrong = [name for name, measure in one.measures.items() if measure.verdict(case.threshold) == INCONSISTENT]
        if not wrong:
            return None
        found = wrong_module(case.function, calls) if calls else None
        if found is None and calls and wrong == [PARAMETER]:
            found = kinked_module(case.function, calls, case.order) or loss_cause(case.function)
        return found

    return [replace(one, cause=cause(one)) for one in audits]
