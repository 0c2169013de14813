"""Search for the module whose own derivative is wrong, and the remedy for it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rectified.array_types import Float
from rectified.audit.coupling import is_pointwise
from rectified.audit.differences import LONGEST, differences
from rectified.audit.input_derivatives import reverse_mode
from rectified.audit.integrands import integrand_jumps
from rectified.audit.rounding import value_rounding
from rectified.audit.singularities import singularities
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

WRONG = 0.01  # relative mismatch of the derivative of a module that is at fault
KEPT = 0.5  # least share of the points at which the derivative of a module is resolved
NORMALIZATIONS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm, nn.modules.instancenorm._InstanceNorm)
CONVOLUTIONS = (nn.modules.conv._ConvNd,)
RECURRENT = (nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer)

COUPLED, WRONG_FIRST, WRONG_SECOND = "couples the points", "first derivative", "second derivative"
KINKED, LOSS = "kinks", "loss"


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


FAULTS = {
    COUPLED: "the output at a point depends on the other points of the batch",
    WRONG_FIRST: "automatic differentiation does not return the derivative of what is computed",
    WRONG_SECOND: "automatic differentiation does not return the second derivative of what is computed",
    KINKED: "its derivative jumps at places that move with the parameters",
    LOSS: "automatic differentiation does not return the parameter gradient of the loss",
}
DIRECTIONAL = "differentiate along a translation of all points, derivatives='forward', instead of the gradient of a sum"
STRAIGHT_THROUGH = (
    "remove the straight-through estimator, detach or custom backward from what the loss differentiates, or evaluate "
    "the smooth function that it stands for"
)
LOSS_REMEDY = "check the loss for detach, no_grad and in-place changes of parameters"
KINK_AWARE = "integrate up to the kinks (rectified.ritz.quadrature), or use an activation with a continuous derivative"


def remedy(module: nn.Module, fault: str) -> str:
    """Return what to do about a module at fault, in one sentence."""
    if fault == KINKED:
        return KINK_AWARE
    if fault in (WRONG_FIRST, WRONG_SECOND):
        return STRAIGHT_THROUGH
    if isinstance(module, NORMALIZATIONS):
        return "use statistics that do not depend on the points: those of a reference set, or eval()"
    if isinstance(module, CONVOLUTIONS):
        return f"{DIRECTIONAL}, as convolutions over points need"
    return f"let the network treat each point by itself, or {DIRECTIONAL}"


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


class Probe:
    """A random combination of the outputs of a module, as a function of a displacement of its inputs at each point.

    Args:
        module: in double precision.
        z: its inputs, [points, ...].
        change: of the inputs under a displacement of 1.
    """

    def __init__(self, module: nn.Module, z: Tensor, change: Tensor):
        self.module, self.z, self.change = module, z, change
        self.random = generator("probe")
        self.weights: Tensor | None = None

    def values(self, s: Float[Tensor, "points 1"]) -> Float[Tensor, " points"]:
        """Values at displacements s."""
        try:
            out = self.module(self.z + s.reshape(-1, *[1] * (self.z.ndim - 1)) * self.change)
        except Exception as error:
            raise InvalidInputError(str(error)) from error
        if not isinstance(out, Tensor) or len(out) != len(s) or not out.is_floating_point():
            raise InvalidInputError("module has no single output with a row per point")
        out = out.reshape(len(s), -1)
        if self.weights is None:
            self.weights = torch.randn(out.shape[1], generator=self.random, dtype=torch.float64)
        return out @ self.weights

    def fault(self) -> str:
        """What is wrong with the derivatives of the module; empty if nothing."""
        s, one = torch.zeros(len(self.z), 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
        if not self._pointwise():
            return COUPLED
        scale = float((self.values(s) - self.values(s).mean()).detach().abs().max()) or 1.0
        wanted = [(0,), (0, 0)]
        used = reverse_mode(self.values, s, wanted)
        rounding = value_rounding(lambda x: self.values(x).detach(), s, one)
        for derivative, estimate, fault in zip(
            used, differences(self.values, s, one, wanted, rounding), (WRONG_FIRST, WRONG_SECOND)
        ):
            size = float(derivative.square().mean().sqrt())
            fine = estimate.error <= WRONG * (estimate.value.abs() + size + 1e-6 * scale)
            if fine.double().mean() < KEPT:
                return ""
            off = (derivative - estimate.value)[fine].norm()
            largest = max(float(derivative[fine].norm()), float(estimate.value[fine].norm()), 1e-4 * scale)
            if off > WRONG * largest and off > 3 * estimate.error[fine].norm():
                return fault
        return ""

    def _pointwise(self) -> bool:
        """True if the output at a point depends on the input at this point alone."""

        def rows(index: Float[Tensor, "points 1"]) -> Float[Tensor, " points"]:
            part = Probe(self.module, self.z[index[:, 0].long()], self.change[index[:, 0].long()])
            part.weights, part.random = self.weights, self.random
            self_values = part.values(torch.zeros(len(index), 1, dtype=torch.float64))
            self.weights = part.weights
            return self_values

        return is_pointwise(rows, torch.arange(len(self.z), dtype=torch.float64)[:, None])
