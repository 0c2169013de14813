"""Search for the first module whose own derivative is wrong, in the order of execution."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from rectified.audit.fault.calls import Calls
from rectified.audit.fault.remedies import FAULTS, KINKED, LOSS, LOSS_REMEDY, remedy


@dataclass(frozen=True)
class Cause:
    """Module at fault.

    Attributes:
        module: name in the network, such as ``0.activation``; empty for the network itself.
        kind: class of the module.
        fault: what is wrong with it.
        remedy: what to do, in one sentence.
    """

    module: str
    kind: str
    fault: str
    remedy: str

    @property
    def where(self) -> str:
        """The module and its fault, in words."""
        if self.fault == FAULTS[LOSS]:
            return f"loss: {self.fault}"
        place = f"module {self.module} ({self.kind})" if self.module else f"forward of the network ({self.kind})"
        return f"{place}: {self.fault}"


def wrong_module(network: object, calls: Calls) -> Cause | None:
    """Return the first innermost module whose own derivative is wrong; None if there is none.

    Args:
        network: module in double precision; other functions have no parts.
        calls: of its parts, recorded at the points.
    """
    return _first("", network, calls, calls.fault) if isinstance(network, nn.Module) else None


def kinked_module(network: object, calls: Calls, order: int) -> Cause | None:
    """Return the first innermost module whose derivative of an order jumps; None if there is none."""

    def fault(module: nn.Module) -> str:
        return KINKED if calls.jumps(module, order) else ""

    return _first("", network, calls, fault) if isinstance(network, nn.Module) else None


def loss_cause(network: nn.Module) -> Cause:
    """Return the cause of a wrong parameter gradient that no module explains."""
    return Cause("", type(network).__name__, FAULTS[LOSS], LOSS_REMEDY)


def _first(name: str, module: nn.Module, calls: Calls, fault_of: Callable[[nn.Module], str]) -> Cause | None:
    """First innermost part at fault, in the order of execution."""
    for child_name, child in calls.parts(module):
        found = _first(f"{name}.{child_name}" if name else child_name, child, calls, fault_of)
        if found:
            return found
    fault = fault_of(module)
    return Cause(name, type(module).__name__, FAULTS[fault], remedy(module, fault)) if fault else None
