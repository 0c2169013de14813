"""Assertion for test suites that the derivatives used in training are those of the function."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from rectified.audit.derivative_audit import audit
from rectified.audit.measures import CONSISTENT
from rectified.audit.result import Audit, Audits


def assert_consistent(
    network: Callable,
    points: Tensor | Sequence[Tensor] | dict[str, Tensor],
    *,
    hidden: bool = False,
    **options: Any,
) -> Audit | Audits:
    """Audit a network, and fail with the report unless its derivatives are those of the function evaluated.

    Args:
        network, points: as for ``audit``.
        hidden: True to accept jumps, kinks and steep transitions of the function that derivatives of the order used
            miss.
        options: further arguments of ``audit``.

    Returns:
        The audit, or one for each output of a network with several.

    Raises:
        AssertionError: if the verdict is not ``consistent``, or the derivatives miss jumps, kinks or steep transitions
            and ``hidden`` is False; the message is the report of the audit.
        InvalidInputError: as ``audit``.
    """
    found = audit(network, points, **options)
    if found.verdict != CONSISTENT:
        raise AssertionError(str(found))
    if found.hides and not hidden:
        raise AssertionError(f"derivatives at the points miss {found.hides}; hidden=True accepts this\n{found}")
    return found
