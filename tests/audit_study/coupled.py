"""Layers that couple the points of a batch, and wrong cases in which reverse mode sums over this coupling."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, against_differences, against_twin, cloud, draws
from audit_study.layers import SoftAttention, mlp


class Convolution(nn.Module):
    """tanh of a linear combination of the features of three successive points, and a last linear layer."""

    def __init__(self, inputs: int, width: int, strength: float = 1.0):
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(inputs, width) for _ in range(3)])
        self.last, self.strength = nn.Linear(width, 1), strength

    def forward(self, x: Tensor) -> Tensor:
        before, here, after = (part(torch.roll(x, shift, 0)) for shift, part in zip((-1, 0, 1), self.parts))
        return self.last(torch.tanh(here + self.strength * (before + after)))


class OverBatch(nn.Module):
    """h(x) + strength·coupling(h(x)) and a last linear layer, where the coupling acts along the batch."""

    def __init__(self, inputs: int, coupling: Callable[[Tensor], Tensor] | nn.Module, strength: float):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 8), nn.Linear(8, 1)
        self.coupling, self.strength = coupling, strength

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.first(x))
        return self.last(h + self.strength * self.coupling(h))


class Recurrent(nn.Module):
    """A GRU along the batch."""

    def __init__(self):
        super().__init__()
        self.layer = nn.GRU(8, 8)

    def forward(self, h: Tensor) -> Tensor:
        return self.layer(h)[0]


COUPLINGS = {
    "recurrent batch": Recurrent,
    "attention batch": lambda: SoftAttention(8),
    "sum batch": lambda: lambda h: torch.cumsum(h, 0) / 20,
    "mean batch": lambda: lambda h: h.mean(0, keepdim=True).expand_as(h) ** 2,
    "softmax batch": lambda: lambda h: torch.softmax(h, 0) * 10,
    "standardized batch": lambda: lambda h: (h - h.mean(0)) / h.std(0),
}


def couplings() -> Iterator[Case]:
    """Four strengths of each coupling."""
    for name, build in COUPLINGS.items():
        for index, strength in enumerate([0.2, 0.5, 1.0, 3.0]):
            random = draws(name, index)
            inputs = 1 + index % 2
            network = OverBatch(inputs, build(), strength)
            points = cloud(random, int(random.integers(20, 100)), inputs)
            order = 1 + index // 2
            truth = against_differences(network, points, order)
            yield Case(f"{name} {index}", name, False, network, points, {"order": order}, truth)


def convolutions() -> Iterator[Case]:
    """Convolutions along the batch in which neighbours have a share of 0.05 to 1."""
    for index, strength in enumerate([0.05, 0.1, 0.3, 1.0]):
        random = draws("convolution", index)
        network, points = Convolution(2, 12, strength).to(DOUBLE), cloud(random, 60, 2)
        truth = against_differences(network, points, 2)
        yield Case(f"convolution {index}", "convolution", False, network, points, {"order": 2}, truth)


def batch_normalized() -> Iterator[Case]:
    """Batch normalization in training mode, evaluated on the batch or with frozen statistics of this batch.

    It is in the second layer, because translation does not change a normalized first preactivation.
    """
    for index in range(12):
        random = draws("batch norm", index)
        inputs, width = 1 + index % 3, [8, 16, 32][index // 4]
        first = [nn.Linear(inputs, width), nn.Tanh()]
        network = nn.Sequential(
            *first, nn.Linear(width, width), nn.BatchNorm1d(width, momentum=1.0), nn.Tanh(), nn.Linear(width, 1)
        ).to(DOUBLE)
        points, order = cloud(random, int(random.integers(20, 200)), inputs), 1 + index % 2
        options = {"order": order}
        truth = against_differences(network, points, order)
        if index % 3 == 0:
            options["field"] = frozen_copy(network, points)
            truth = against_twin(network, options["field"], points, order)
        yield Case(f"batch norm {index}", "batch norm", False, network, points, options, truth)


def frozen_copy(network: nn.Module, points: Tensor) -> nn.Module:
    """Return a copy in evaluation mode with the statistics of a batch."""
    other = copy.deepcopy(network)
    other(points)
    return other.eval()


def first_normalized() -> Iterator[Case]:
    """Batch normalization of the first preactivation: the derivative under translation is zero."""
    for index in range(4):
        random = draws("first batch norm", index)
        network = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), mlp(8, 8, 1, nn.Tanh))
        points = cloud(random, 50, 2)
        truth = against_differences(network, points, 1)
        yield Case(f"first batch norm {index}", "first batch norm", False, network, points, {"order": 1}, truth)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (couplings, convolutions, batch_normalized, first_normalized):
        yield from family()
