"""Search for the first module whose own derivative is wrong, in the order of execution."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rectified.array_types import Float
from rectified.audit.derivatives.differences import LONGEST
from rectified.audit.fault.probe import Probe
from rectified.audit.fault.remedies import CONVOLUTIONS, COUPLED, FAULTS, KINKED, LOSS, LOSS_REMEDY, RECURRENT, remedy
from rectified.audit.loss.integrands import integrand_jumps
from rectified.audit.singularity.singularities import singularities
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator


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
        place = f"module {self.module} ({self.kind})" if self.module else f"forward of the network ({self.kind})"
        return f"{place}: {self.fault}"


def wrong_module(network: object, calls: "Calls") -> Cause | None:
    """Return the first innermost module whose own derivative is wrong; None if there is none.

    Args:
        network: module in double precision; other functions have no parts.
        calls: of its parts, recorded at the points.
    """
    return _first("", network, calls, calls.fault) if isinstance(network, nn.Module) else None


def kinked_module(network: object, calls: "Calls", order: int) -> Cause | None:
    """Return the first innermost module whose derivative of an order jumps; None if there is none."""

    def fault(module: nn.Module) -> str:
        return KINKED if calls.jumps(module, order) else ""

    return _first("", network, calls, fault) if isinstance(network, nn.Module) else None


def loss_cause(network: nn.Module) -> Cause:
    """Return the cause of a wrong parameter gradient that no module explains."""
    return Cause("", type(network).__name__, FAULTS[LOSS], LOSS_REMEDY)


def _first(name: str, module: nn.Module, calls: "Calls", fault_of: Callable[[nn.Module], str]) -> Cause | None:
    """First innermost part at fault, in the order of execution."""
    for child_name, child in calls.parts(module):
        found = _first(f"{name}.{child_name}" if name else child_name, child, calls, fault_of)
        if found:
            return found
    fault = fault_of(module)
    return Cause(name, type(module).__name__, FAULTS[fault], remedy(module, fault)) if fault else None


class Calls:
    """Inputs of the parts of a network at the points of an audit, and how the inputs change with the points.

    Args:
        network: module in double precision.
        values: evaluates the network, with points [points, inputs].
        points: of the audit.
        extent: of the points along each input.
    """

    def __init__(self, network: nn.Module, values: Callable[[Tensor], Tensor], points: Tensor, extent: Tensor):
        self.points = points
        shift = extent * torch.randn(len(extent), generator=generator("cause"), dtype=torch.float64) * LONGEST / 8
        first = self._recorded(network, values, points)
        moved = self._recorded(network, values, points + shift)
        self.order = list(first)
        self.calls = {
            module: (at, _of_size(moved[module] - at, at))
            for module, at in first.items()
            if module in moved and moved[module].shape == at.shape and at.is_floating_point()
        }

    def _recorded(self, network: nn.Module, values: Callable, points: Tensor) -> dict[nn.Module, Tensor]:
        """First input of every part that takes one tensor, in the order of execution."""
        inputs: dict[nn.Module, Tensor] = {}
        handles = []

        def record(module: nn.Module, arguments: tuple) -> None:
            if module not in inputs and len(arguments) == 1 and isinstance(arguments[0], Tensor):
                inputs[module] = arguments[0].detach().clone()

        for part in network.modules():
            handles.append(part.register_forward_pre_hook(record))
        try:
            values(points)
        finally:
            for handle in handles:
                handle.remove()
        return inputs

    def parts(self, module: nn.Module) -> list[tuple[str, nn.Module]]:
        """Return the parts of a module that were called, in the order of execution; lists of modules are unpacked."""
        found: dict[nn.Module, str] = {}
        for name, child in module.named_children():
            if child in self.order:
                found.setdefault(child, name)
            else:
                for inner_name, inner in self.parts(child):
                    found.setdefault(inner, f"{name}.{inner_name}")
        return [(found[part], part) for part in self.order if part in found]

    def fault(self, module: nn.Module) -> str:
        """What is wrong with the derivative of a module at its inputs; empty if nothing or if it cannot be told."""
        if module not in self.calls:
            return ""
        z, change = self.calls[module]
        if not bool(change.any()):
            return ""
        if len(z) != len(self.points):
            return COUPLED if isinstance(module, CONVOLUTIONS + RECURRENT) else ""
        try:
            return Probe(module, z, change).fault()
        except InvalidInputError:
            return ""

    def jumps(self, module: nn.Module, order: int) -> bool:
        """True if the derivative of a module of some order jumps along a line through its inputs."""
        z = self.calls[module][0] if module in self.calls else torch.empty(0)
        if len(z) != len(self.points) or not z.is_floating_point() or not bool(z.amax() > z.amin()):
            return False
        line = torch.tensor([[float(z.amin()), float(z.amax())]], dtype=torch.float64)

        def along(t: Float[Tensor, "points 1"]) -> Float[Tensor, " points"]:
            rows = t.reshape(-1, *[1] * (z.ndim - 1)).expand(-1, *z.shape[1:])
            return Probe(module, rows, torch.zeros_like(rows)).values(torch.zeros_like(t))

        try:
            return bool(integrand_jumps(along, line, singularities(along, line), order))
        except InvalidInputError:
            return False


def _of_size(change: Tensor, z: Tensor) -> Tensor:
    """Scale a change of inputs to the spread of the inputs."""
    largest = change.abs().max()
    return change * ((z - z.mean()).abs().max() / largest) if largest > 0 else change
