"""One version of a network in a comparison: values, input derivatives and parameter gradient in its own precision."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from rectified.audit.arguments import Inputs
from rectified.audit.derivative_measures import MIXED, NAMES
from rectified.audit.differences import Axes, Points
from rectified.audit.input_derivatives import wanted_derivatives
from rectified.audit.network_calls import Outputs
from rectified.audit.private_copy import own_copy

VALUES, PARAMETERS = "values", "parameter gradient"
COMPILED = "a compiled network has no second derivative"
REASONS = {"does not currently support double backward": COMPILED}  # by PyTorch's words

Parts = dict[str, Tensor]  # a quantity by output or by parameter
Quantity = Parts | str  # or the reason why it cannot be computed


class Version:
    """A network in its own precision; a module is copied, unless ``Module.compile`` has compiled a part of it.

    Copies of such modules are not compiled. They are evaluated themselves, and their buffers are restored.

    Args:
        network: module or other function.
        name: in error messages.
        inputs: arrangement of the arguments.
        given: dtype of the points, in which functions that are not modules are evaluated.
    """

    def __init__(self, network: Callable, name: str, inputs: Inputs, given: torch.dtype):
        self.name = name
        self.shared = _is_compiled_in_place(network)
        self.network = network if self.shared else own_copy(network)
        module = getattr(self.network, "__self__", self.network)
        self.module = module if isinstance(module, torch.nn.Module) else None
        tensors = [] if self.module is None else [*self.module.parameters(), *self.module.buffers()]
        first = next(
            (one for one in tensors if one.is_floating_point() or one.is_complex()), torch.empty(0, dtype=given)
        )
        self.dtype, self.device, self.epsilon = first.real.dtype, first.device, torch.finfo(first.real.dtype).eps
        self.outputs = Outputs(self.network, f"version {name}", inputs, None)
        self.kind = f"{type(network).__name__} in {str(self.dtype).removeprefix('torch.')}"

    def __call__(self, x: Points) -> Tensor:
        """Values in float64, [points, outputs]."""
        u = self.outputs(x.to(self.device, self.dtype))
        self.epsilon = max(torch.finfo(self.dtype).eps, torch.finfo(u.dtype).eps)
        return u.to("cpu", torch.float64)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Restore the buffers of a module that is not copied, such as running statistics, at the end."""
        buffers = list(self.module.buffers()) if self.shared else []
        saved = [buffer.detach().clone() for buffer in buffers]
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, value in zip(buffers, saved):
                    buffer.copy_(value)

    @property
    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Trained parameters by the name that they have without ``torch.compile``."""
        named = () if self.module is None else self.module.named_parameters()
        return {name.replace("_orig_mod.", ""): one for name, one in named if one.requires_grad}

    def quantities(self, points: Points, order: int, mixed: Sequence[Axes]) -> dict[str, Quantity]:
        """Return values, derivatives and parameter gradient by name; lengths in extents of the points.

        Args:
            points: in float64.
            order: highest pure derivative.
            mixed: inputs of mixed derivatives.

        Raises:
            InvalidInputError: if the network cannot be evaluated.
        """
        x, extent = points.to(self.device, self.dtype, copy=True).requires_grad_(), points.amax(0) - points.amin(0)
        kinds: dict[str, list[Axes]] = {}
        for axes in wanted_derivatives(order, x.shape[1], mixed):
            kinds.setdefault(NAMES[len(axes)] if len(set(axes)) == 1 else MIXED, []).append(axes)
        u = self.outputs(x)
        found: dict[str, Quantity] = {VALUES: self._by_output(list(u.unbind(1)))}
        if order or mixed:
            columns = [_Derivatives(column, x) for column in u.unbind(1)]
            found |= {name: _or_reason(lambda w=w: self._stacked(columns, w, extent)) for name, w in kinds.items()}
        if self.parameters:
            found[PARAMETERS] = _or_reason(lambda: self._parameter_gradient(points))
        return found

    def rounded(
        self, points: Points, order: int, mixed: Sequence[Axes], random: torch.Generator
    ) -> dict[str, Quantity]:
        """Return the quantities after changes of points and parameters as large as their rounding errors.

        The points change by ±ε/2 times the largest |x| of the input, the parameters by ±ε/2 times themselves, with
        random signs. The parameters of modules that are not copied are left.
        """
        moved = points + self.epsilon / 2 * points.abs().amax(0) * _signs(points, random)
        saved = {} if self.shared else {one: one.detach().clone() for one in self.parameters.values()}
        with torch.no_grad():
            for parameter in saved:
                parameter.mul_(1 + self.epsilon / 2 * _signs(parameter.real, random).to(parameter.device))
        try:
            return self.quantities(moved, order, mixed)
        finally:
            with torch.no_grad():
                for parameter, value in saved.items():
                    parameter.copy_(value)

    def _by_output(self, columns: list[Tensor]) -> Parts:
        return {name: part.detach().to("cpu", torch.float64) for name, part in zip(self.outputs.names, columns)}

    def _stacked(self, columns: "list[_Derivatives]", wanted: list[Axes], extent: Tensor) -> Parts:
        lengths = torch.stack([extent[list(axes)].prod() for axes in wanted])
        parts = self._by_output([torch.stack([column(axes) for axes in wanted]) for column in columns])
        return {name: part * lengths[:, None] for name, part in parts.items()}

    def _parameter_gradient(self, points: Points) -> Parts:
        """Gradient of the mean square of all outputs."""
        gradient = torch.autograd.grad(self(points).square().mean(), list(self.parameters.values()), allow_unused=True)
        parts = zip(self.parameters.items(), gradient)
        full = {name: torch.zeros_like(one) if part is None else part for (name, one), part in parts}
        flat = {name: torch.view_as_real(part) if part.is_complex() else part for name, part in full.items()}
        return {name: part.detach().to("cpu", torch.float64) for name, part in flat.items()}


class _Derivatives:
    """Derivatives of one output in reverse mode, as gradients of sums over the points."""

    def __init__(self, u: Tensor, x: Points):
        self.u, self.x = u, x
        self.gradients: dict[Axes, Points] = {}

    def __call__(self, axes: Axes) -> Tensor:
        return self._gradient(axes[:-1])[:, axes[-1]]

    def _gradient(self, axes: Axes) -> Points:
        if axes not in self.gradients:
            values, gradient = self(axes) if axes else self.u, None
            if values.requires_grad:
                (gradient,) = torch.autograd.grad(values.sum(), self.x, create_graph=True, allow_unused=True)
            self.gradients[axes] = torch.zeros_like(self.x) if gradient is None else gradient
        return self.gradients[axes]


def _signs(like: Tensor, random: torch.Generator) -> Tensor:
    """Random numbers −1 and 1."""
    return 2.0 * torch.randint(2, like.shape, generator=random, dtype=torch.float64) - 1


def _or_reason(compute: Callable[[], Parts]) -> Quantity:
    """What a function returns, or the reason why it fails."""
    try:
        return compute()
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        known = next((words for fragment, words in REASONS.items() if fragment in text), "")
        return known or text.split(". ")[0].removesuffix(".")


def _is_compiled_in_place(network: object) -> bool:
    module = getattr(network, "__self__", network)
    parts = module.modules() if isinstance(module, torch.nn.Module) else ()
    return any(getattr(part, "_compiled_call_impl", None) is not None for part in parts)
