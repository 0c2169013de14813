"""Rules for the derivatives of a field in its inputs, from a batch of points, in physics-informed training.

``reverse``, the usual rule, takes the gradient of the sum of all outputs. It is the derivative of the field only if
each output depends on no other point of the batch. ``forward`` is the derivative as all points of the batch move
together; ``stencil`` takes differences of neighbouring outputs. Derivatives are named by axes, such as "x" or "xx".
"""

from collections.abc import Callable, Mapping, Sequence
from math import isqrt

import torch
from torch import Tensor
from torch.func import jvp

from rectified.array_types import Float
from rectified.optimization.central_differences import first_difference, second_difference

Batch = Float[Tensor, "networks 2 points"]
FieldDerivatives = dict[str, Tensor]
FieldOf = Callable[[Tensor], Tensor]


def reverse(field: FieldOf, x: Batch, wanted: Sequence[str], axes: Sequence[str]) -> FieldDerivatives:
    """Nested reverse-mode differentiation: Σⱼ ∂uⱼ/∂xᵢ, repeatedly; differentiable in the parameters of the field.

    Returns:
        "u" and every wanted name → [networks, points]. Derivatives are at all inputs of the batch; a convolution has
        more inputs than outputs.
    """
    x = x.detach().requires_grad_(True)
    found: FieldDerivatives = {"u": field(x)}
    for name in _with_prefixes(wanted):
        found[name] = _summed_gradient(found[name[:-1] or "u"], x)[:, axes.index(name[-1])]
    return {name: found[name] for name in ("u", *wanted)}


def _with_prefixes(names: Sequence[str]) -> list[str]:
    """The names and their prefixes, shorter ones first, in a deterministic order."""
    prefixes = dict.fromkeys(name[:length] for name in names for length in range(1, len(name) + 1))
    return sorted(prefixes, key=len)


def _summed_gradient(values: Tensor, x: Tensor) -> Tensor:
    """∂(sum of values)/∂x, zero if the values do not depend on x."""
    if not values.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(values.sum(), x, create_graph=True, materialize_grads=True)[0]


def forward(field: FieldOf, x: Batch, wanted: Sequence[str], axes: Sequence[str]) -> FieldDerivatives:
    """Nested forward-mode differentiation as all points of the batch move together along an axis."""
    found: FieldDerivatives = {"u": field(x)}
    for name in wanted:
        function = field
        for letter in name:
            function = _along(function, axes.index(letter))
        found[name] = function(x)
    return found


def _along(function: FieldOf, axis: int) -> FieldOf:
    def derivative(x: Tensor) -> Tensor:
        tangent = torch.zeros_like(x)
        tangent[:, axis] = 1
        return jvp(function, (x,), (tangent,))[1]

    return derivative


def stencil(field: FieldOf, x: Batch, wanted: Sequence[str], axes: Sequence[str]) -> FieldDerivatives:
    """Central differences of the outputs on a square grid of points, second axis fastest; NaN on its boundary.

    There may be fewer outputs than inputs, on a smaller grid of the same spacing.
    """
    found: FieldDerivatives = {"u": field(x)}
    u = found["u"].unflatten(-1, [isqrt(found["u"].shape[-1])] * 2)
    for name in wanted:
        axis = axes.index(name[0])
        step = (x[0, axis, -1] - x[0, axis, 0]) / (isqrt(x.shape[-1]) - 1)
        inner = _differences(u, 1 + axis, step, len(name))
        found[name] = torch.nn.functional.pad(inner, (1, 1, 1, 1), value=torch.nan).flatten(-2)
    return found


def _differences(u: Tensor, dim: int, step: Tensor, order: int) -> Tensor:
    """First or second central differences along one of the two grid dimensions, at the inner nodes."""
    other = 3 - dim
    u = u.narrow(other, 1, u.shape[other] - 2)
    count = u.shape[dim] - 2
    left, middle, right = (u.narrow(dim, start, count) for start in range(3))
    return first_difference(left, right, step) if order == 1 else second_difference(left, middle, right, step)


RULES: Mapping[str, Callable[[FieldOf, Batch, Sequence[str], Sequence[str]], FieldDerivatives]] = {
    "reverse": reverse,
    "forward": forward,
    "stencil": stencil,
}
