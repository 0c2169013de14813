"""A case of the study: a network whose derivatives are right or wrong by construction, and its true mismatch.

True mismatches are computed here without the audit: from a twin, which has the same values and derivatives that are
right by construction, or from differences.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from rectified.networks.seeding import numpy_generator, seed

DOUBLE = torch.float64
LEAST = 0.02  # true mismatch below which a wrong case is left out: such a network is neither right nor clearly wrong
Function = Callable[[Tensor], Tensor]


def no_mismatch() -> float:
    """The true mismatch of a right case."""
    return 0.0


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        name: unique name, the kind and a number.
        kind: what is varied.
        right: True if the derivatives used are those of the function that is evaluated.
        network, points: as for ``audit``.
        options: further arguments of ``audit``.
        truth: computes the true mismatch, relative, of the worst measure.
    """

    name: str
    kind: str
    right: bool
    network: Function
    points: Tensor
    options: dict = field(default_factory=dict)
    truth: Callable[[], float] = no_mismatch


class Draw:
    """Number of the draw of all cases; other numbers give other weights, points and choices of the same kinds."""

    number = 0


def draws(kind: str, index: int) -> np.random.Generator:
    """Seed torch's generator by kind and index, and return another generator for the choices of a case."""
    names = (kind, index, Draw.number) if Draw.number else (kind, index)
    torch.manual_seed(seed("audit study", *names) % (1 << 63))
    return numpy_generator("audit study choices", *names)


def cloud(random: np.random.Generator, count: int, inputs: int, low: float = -1.0, high: float = 1.0) -> Tensor:
    """Return random points [count, inputs] in a cube, in double precision."""
    return torch.from_numpy(random.uniform(low, high, (count, inputs)))


def doubled(function: Function) -> Function:
    """Return a copy of a module in double precision; complex parameters and other functions are not converted."""
    if not isinstance(function, nn.Module):
        return function
    function = copy.deepcopy(function)
    for tensor in (*function.parameters(), *function.buffers()):
        if tensor.is_floating_point():
            tensor.data = tensor.data.double()
    return function


def reverse(function: Function, points: Tensor, order: int) -> list[Tensor]:
    """First and second derivatives, [points, inputs] each, as gradients of the sum over the points."""
    x = points.double().clone().requires_grad_(True)
    total = function(x).sum()
    (first,) = torch.autograd.grad(total, x, create_graph=True) if total.requires_grad else (torch.zeros_like(x),)
    return [first.detach()] + ([second_of(first, x)] if order == 2 else [])


def second_of(first: Tensor, x: Tensor) -> Tensor:
    """Diagonal second derivatives from the first ones; 0 where these do not depend on the points."""
    if not first.requires_grad:
        return torch.zeros_like(x)
    parts = [
        torch.autograd.grad(first[:, axis].sum(), x, retain_graph=True, allow_unused=True)[0]
        for axis in range(x.shape[1])
    ]
    return torch.stack([0 * x[:, 0] if part is None else part[:, axis] for axis, part in enumerate(parts)], 1).detach()


def translated(function: Function, points: Tensor, order: int, step: float = 2e-3) -> list[Tensor]:
    """First and second derivatives under translation of all points, by differences of fourth order."""
    x, first, second = points.double(), [], []
    for axis in range(x.shape[1]):
        shift = torch.zeros_like(x)
        shift[:, axis] = step * (x[:, axis].max() - x[:, axis].min())
        h = float(shift[0, axis])
        with torch.no_grad():
            a, b, c, d, e = (function(x + m * shift).reshape(-1) for m in (-2, -1, 0, 1, 2))
        first.append((a - 8 * b + 8 * d - e) / (12 * h))
        second.append((-a + 16 * b - 30 * c + 16 * d - e) / (12 * h**2))
    return [torch.stack(first, 1), torch.stack(second, 1)][:order]


def relative(used: Tensor, true: Tensor) -> float:
    """‖used − true‖/max(‖used‖, ‖true‖); 0 if both vanish."""
    used, true = used.detach(), true.detach()
    scale = max(float(used.norm()), float(true.norm()))
    return float((used - true).norm()) / scale if scale > 0 else 0.0


def worst(used: Sequence[Tensor], true: Sequence[Tensor], points: Tensor) -> float:
    """Largest mismatch over the orders of derivatives; lengths in extents of the points."""
    extent = (points.amax(0) - points.amin(0)).double()
    return max(relative(one * extent**k, other * extent**k) for k, (one, other) in enumerate(zip(used, true), 1))


def against_twin(network: Function, twin: Function, points: Tensor, order: int) -> Callable[[], float]:
    """Mismatch of the reverse derivatives of a network and those of a twin, when called."""
    return lambda: worst(reverse(doubled(network), points, order), reverse(doubled(twin), points, order), points)


def against_differences(network: Function, points: Tensor, order: int) -> Callable[[], float]:
    """Mismatch of the reverse derivatives of a network and its derivatives under translation, when called."""

    def mismatch() -> float:
        function = doubled(network)
        return worst(reverse(function, points, order), translated(function, points, order), points)

    return mismatch
