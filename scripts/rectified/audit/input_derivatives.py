"""Input derivatives used in training, by automatic differentiation or by a function of the user."""

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rectified.audit.differences import Axes, Points
from rectified.audit.lines import Field
from rectified.audit.user_errors import in_words
from rectified.errors import InvalidInputError

Derivatives = list[Tensor]  # one tensor [points] for every derivative wanted


def wanted_derivatives(order: int, inputs: int, mixed: Sequence[Axes]) -> list[Axes]:
    """Return the inputs of each derivative: pure ones up to an order along every input, then mixed ones."""
    pure = [(axis,) * k for k in range(1, order + 1) for axis in range(inputs)]
    return [*pure, *mixed]


def reverse_mode(function: Field, points: Points, wanted: Sequence[Axes]) -> Derivatives:
    """Return derivatives as gradients of the sum over the points, one order after the other.

    This common practice is correct only if no output depends on another point.
    """
    x = points.clone().requires_grad_(True)
    gradients: dict[Axes, Points] = {}

    def gradient(axes: Axes) -> Points:
        """Gradient of the derivative along some inputs."""
        if axes not in gradients:
            values = gradient(axes[:-1])[:, axes[-1]] if axes else function(x)
            gradients[axes] = gradient_of_sum(values, x)
        return gradients[axes]

    return [gradient(axes[:-1])[:, axes[-1]].detach() for axes in wanted]


def gradient_of_sum(values: Tensor, x: Points) -> Points:
    """Return the gradient of the sum of values, to be differentiated again; 0 if they do not depend on x.

    Raises:
        InvalidInputError: if PyTorch cannot differentiate an operation of the network.
    """
    if not values.requires_grad:
        return torch.zeros_like(x)
    with in_words("network"):
        (gradient,) = torch.autograd.grad(values.sum(), x, create_graph=True, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


def forward_mode(network: Callable, points: Points, wanted: Sequence[Axes]) -> Derivatives:
    """Return derivatives under translation of all points together, by nested forward mode.

    Args:
        network: maps points [points, inputs] to [points].
        points: at which derivatives are taken.
        wanted: inputs of each derivative.
    """

    def tangent(axis: int) -> Points:
        return torch.nn.functional.one_hot(torch.tensor(axis), points.shape[1]).to(points).expand_as(points)

    def derivative(axes: Axes) -> Callable[[Points], Tensor]:
        if not axes:
            return network
        inner = derivative(axes[:-1])
        return lambda x: torch.func.jvp(inner, (x,), (tangent(axes[-1]),))[1]

    with in_words("network"):
        return [derivative(axes)(points.clone()).detach() for axes in wanted]


def without_running_statistics(network: object) -> object:
    """Return a copy of a module without running statistics that are only written, which forward mode does not support.

    Values are unchanged; other functions are returned as they are.
    """
    if not isinstance(network, torch.nn.Module):
        return network
    network = copy.deepcopy(network)
    for module in network.modules():
        if module.training and getattr(module, "track_running_stats", False):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return network


def given_derivatives(given: Callable, points: Points, order: int, mixed: Sequence[Axes]) -> Derivatives:
    """Return the derivatives of a user's function.

    Args:
        given: maps points to a tensor [inputs, points] for each order from 1 to ``order``, and one [mixed, points] if
            there are mixed derivatives.
        points: at which derivatives are taken.
        order: highest pure derivative.
        mixed: inputs of each mixed derivative.

    Raises:
        InvalidInputError: if the function fails, or a tensor is missing, has a wrong shape or is complex.
    """
    with in_words("derivatives"):
        returned = given(points.clone())
    parts = [part for part in returned if part is not None] if isinstance(returned, tuple | list) else []
    shapes = [points.T.shape] * order + [torch.Size((len(mixed), len(points)))] * bool(mixed)
    if [getattr(part, "shape", None) for part in parts[: len(shapes)]] != shapes:
        described = ", ".join(str(list(getattr(part, "shape", []))) for part in parts) or type(returned).__name__
        expected = ", ".join(str(list(shape)) for shape in shapes)
        raise InvalidInputError(f"derivatives must return {len(shapes)} tensors, {expected}; got {described}")
    if any(part.is_complex() for part in parts):
        raise InvalidInputError("derivatives must be real; got a complex tensor")
    return [row for part in parts[: len(shapes)] for row in part.detach().double()]
