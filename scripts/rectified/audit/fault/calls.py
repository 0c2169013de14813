"""Inputs and outputs of the parts of a network at the points of an audit, and their faults."""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rectified.array_types import Float
from rectified.audit.derivatives.differences import LONGEST
from rectified.audit.fault.probe import Probe
from rectified.audit.fault.remedies import COUPLED
from rectified.audit.loss.integrands import integrand_jumps
from rectified.audit.singularity.singularities import singularities
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

CHANGED = 1e-4  # change of an output, relative to the spread of the outputs, that counts


class Call(NamedTuple):
    """First input and output of a part; a part with several outputs has the first one that is a tensor.

    ``alone`` is True if the input is the only argument.
    """

    input: Tensor
    output: Tensor | None
    alone: bool


class Calls:
    """Calls of the parts of a network at the points, at all points translated, and with one point moved alone.

    Args:
        network: module in double precision.
        values: evaluates the network, with points [points, inputs].
        points: of the audit.
        extent: of the points along each input.
    """

    def __init__(self, network: nn.Module, values: Callable[[Tensor], Tensor], points: Tensor, extent: Tensor):
        self.points = points
        shift = extent * torch.randn(len(extent), generator=generator("cause"), dtype=torch.float64) * LONGEST / 8
        one = points.clone()
        one[len(points) // 2] += shift
        self.at_points, self.translated, self.one_moved = (
            _recorded(network, values, x) for x in (points, points + shift, one)
        )
        self.order = list(self.at_points)

    def parts(self, module: nn.Module) -> list[tuple[str, nn.Module]]:
        """Return the parts of a module that were called, in the order of execution; lists of modules are unpacked."""
        found: dict[nn.Module, str] = {}
        for name, child in module.named_children():
            if child in self.at_points:
                found.setdefault(child, name)
            else:
                for inner_name, inner in self.parts(child):
                    found.setdefault(inner, f"{name}.{inner_name}")
        return [(found[part], part) for part in self.order if part in found]

    def fault(self, module: nn.Module) -> str:
        """Return the fault of a module at its inputs; empty if there is none or if it cannot be determined."""
        if not all(module in calls for calls in (self.at_points, self.translated, self.one_moved)):
            return ""
        if self._couples(module):
            return COUPLED
        z, moved = self.at_points[module].input, self.translated[module].input
        if (
            not self.at_points[module].alone
            or not self._has_rows(z)
            or moved.shape != z.shape
            or not bool((moved != z).any())
        ):
            return ""
        change = (moved - z) * ((z - z.mean()).abs().max() / (moved - z).abs().max())
        try:
            return Probe(module, z, change).fault()
        except InvalidInputError:
            return ""

    def jumps(self, module: nn.Module, order: int) -> bool:
        """True if the derivative of a module of some order jumps along a line through its inputs."""
        z = self.at_points[module].input if module in self.at_points else torch.empty(0)
        if not self._has_rows(z) or not bool(z.amax() > z.amin()):
            return False
        line = torch.tensor([[float(z.amin()), float(z.amax())]], dtype=torch.float64)

        def along(t: Float[Tensor, "points 1"]) -> Float[Tensor, " points"]:
            rows = t.reshape(-1, *[1] * (z.ndim - 1)).expand(-1, *z.shape[1:])
            return Probe(module, rows, torch.zeros_like(rows)).values(torch.zeros_like(t))

        try:
            return integrand_jumps(along, line, singularities(along, line), order) is True
        except InvalidInputError:
            return False

    def _has_rows(self, z: Tensor) -> bool:
        return z.ndim > 0 and len(z) == len(self.points) and z.dtype == torch.float64

    def _couples(self, module: nn.Module) -> bool:
        """True if a change of the input at one point changes the output at more points."""
        before, after = self.at_points[module], self.one_moved[module]
        if before.output is None or after.output is None:
            return False
        incoming = _changed_points(before.input, after.input, len(self.points), 0.0)
        outgoing = _changed_points(before.output, after.output, len(self.points), CHANGED)
        return 0 < incoming < outgoing


def _recorded(network: nn.Module, values: Callable, points: Tensor) -> dict[nn.Module, Call]:
    """First call of every part whose first argument is a tensor, in the order of execution."""
    inputs: dict[nn.Module, Tensor] = {}
    alone: dict[nn.Module, bool] = {}
    outputs: dict[nn.Module, Tensor | None] = {}

    def before(module: nn.Module, arguments: tuple) -> None:
        if module not in inputs and arguments and isinstance(arguments[0], Tensor):
            inputs[module] = arguments[0].detach().clone()
            alone[module] = len(arguments) == 1

    def after(module: nn.Module, arguments: tuple, returned: object) -> None:
        parts = returned if isinstance(returned, tuple | list) else [returned]
        tensors = [part.detach().clone() for part in parts if isinstance(part, Tensor)]
        outputs.setdefault(module, tensors[0] if tensors else None)

    handles = [part.register_forward_pre_hook(before) for part in network.modules()]
    handles += [part.register_forward_hook(after) for part in network.modules()]
    try:
        values(points)
    finally:
        for handle in handles:
            handle.remove()
    return {module: Call(at, outputs.get(module), alone[module]) for module, at in inputs.items()}


def _changed_points(a: Tensor, b: Tensor, points: int, part: float) -> int:
    """Return the number of points whose entries differ by more than a part of their spread; 0 if unknown."""
    if a.shape != b.shape or not (a.is_floating_point() or a.is_complex()) or not a.numel():
        return 0
    changed = (a - b).abs() > part * (a - a.mean()).abs().max()
    for split in range(a.ndim + 1):
        if prod(a.shape[:split]) == points:
            return int(changed.reshape(points, -1).any(1).sum())
        if prod(a.shape[split:]) == points:
            return int(changed.reshape(-1, points).any(0).sum())
    return 0
