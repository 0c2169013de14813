"""Wrong cases: derivatives given by a wrong formula or a coarse stencil."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, Function, cloud, draws, reverse, worst
from audit_study.layers import mlp
from audit_study.right_structures import stencil


def given(kind: str, index: int, network: Function, points: Tensor, order: int, derivatives: Callable) -> Case:
    """A wrong case with given derivatives, compared with those of automatic differentiation of a plain network."""

    def truth() -> float:
        used = [part.T for part in derivatives(points)]
        return worst(used[:order], reverse(network, points, order), points)

    options = {"order": order, "derivatives": derivatives}
    return Case(f"{kind} {index}", kind, False, network, points, options, truth)


def forward_difference(function: Function, step: float) -> Function:
    """First derivatives by forward differences; second derivatives, not used, are 0."""

    def derivatives(x: Tensor) -> tuple[Tensor, Tensor]:
        parts = []
        for axis in range(x.shape[1]):
            shift = torch.zeros_like(x)
            shift[:, axis] = step
            parts.append((function(x + shift) - function(x)).reshape(-1) / step)
        return torch.stack(parts), torch.zeros_like(x.T)

    return derivatives


def stencils() -> Iterator[Case]:
    """Central differences of a sine network with errors of about (kh)²/6, and forward differences."""
    for index, step in enumerate([0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5]):
        random = draws("coarse stencil", index)
        network = nn.Sequential(mlp(1 + index % 2, 20, 2, nn.Tanh, 6.0)).to(DOUBLE)
        points = cloud(random, 200, 1 + index % 2)
        yield given("coarse stencil", index, network, points, 1 + index % 2, stencil(network, step))
    for index, step in enumerate([0.01, 0.03, 0.1]):
        random = draws("forward difference", index)
        network, points = mlp(1, 20, 2, nn.Tanh, 4.0).to(DOUBLE), cloud(random, 200, 1)
        yield given("forward difference", index, network, points, 1, forward_difference(network, step))


def wave(x: Tensor) -> Tensor:
    """sin 3x₁ · cos 2x₂."""
    return torch.sin(3 * x[:, 0]) * torch.cos(2 * x[:, 1])


def formulas(change: Callable[[list[Tensor]], list[Tensor]]) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """The first and second derivatives of ``wave`` after a change of the four terms."""

    def derivatives(x: Tensor) -> tuple[Tensor, Tensor]:
        s, c = torch.sin(torch.tensor([3.0, 2.0]) * x), torch.cos(torch.tensor([3.0, 2.0]) * x)
        terms = [3 * c[:, 0] * c[:, 1], -2 * s[:, 0] * s[:, 1], -9 * s[:, 0] * c[:, 1], -4 * s[:, 0] * c[:, 1]]
        one, other, second, last = change(terms)
        return torch.stack([one, other]), torch.stack([second, last])

    return derivatives


CHANGES: list[tuple[int, Callable[[list[Tensor]], list[Tensor]]]] = [
    (1, lambda t: [t[0], -t[1], *t[2:]]),
    (1, lambda t: [t[0] / 3, *t[1:]]),
    (1, lambda t: [t[0], 0 * t[1], *t[2:]]),
    (1, lambda t: [1.03 * part for part in t]),
    (1, lambda t: [t[0], 1.06 * t[1], *t[2:]]),
    (2, lambda t: [*t[:3], 1.1 * t[3]]),
    (2, lambda t: [*t[:2], 1.025 * t[2], 1.025 * t[3]]),
    (2, lambda t: [*t[:2], t[3], t[2]]),
    (2, lambda t: [*t[:2], t[2] + 0.3, t[3]]),
    (2, lambda t: [*t[:2], t[2] * math.pi / 3, t[3]]),
]


def wrong_formulas() -> Iterator[Case]:
    """A wrong sign, lost factors, exchanged axes, small relative errors and offsets."""
    for index, (order, change) in enumerate(CHANGES):
        points = cloud(draws("wrong formula", index), 60 + 20 * index, 2)
        yield given("wrong formula", index, wave, points, order, formulas(change))


def cases() -> Iterator[Case]:
    """All cases of this module."""
    yield from stencils()
    yield from wrong_formulas()
