"""Wrong cases in which the fault is confined: to some points, inputs, outputs, units, or higher derivatives."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, against_twin, cloud, doubled, draws, relative
from audit_study.layers import Constrained, mlp
from audit_study.losses import Loss, Ritz, regression
from audit_study.wrong_estimators import of_twin, without
from audit_study.wrong_normalization import networks


class HeldAt(nn.Module):
    """N(x) + strength·M(x), where M is held constant at the points whose first coordinate is below a bound."""

    def __init__(self, inputs: int, strength: float, bound: float):
        super().__init__()
        self.one, self.other = mlp(inputs, 16, 2, nn.Tanh), mlp(inputs, 16, 1, nn.Tanh)
        self.strength, self.bound = strength, bound

    def forward(self, x: Tensor) -> Tensor:
        part = self.other(x)
        return self.one(x) + self.strength * torch.where(x[:, :1] < self.bound, part.detach(), part)


def at_some_points() -> Iterator[Case]:
    """Faults at 2 to 25 % of the points."""
    for index, (bound, strength) in enumerate([(-0.96, 5.0), (-0.9, 1.0), (-0.9, 0.3), (-0.8, 0.3), (-0.5, 0.3)]):
        random = draws("some points", index)
        network, points = HeldAt(1 + index % 2, strength, bound), cloud(random, 300, 1 + index % 2)
        yield of_twin("some points", index, network, without(network, bound=-2.0), points, 1 + index % 2)


class HeldInput(nn.Module):
    """A network whose last input is held constant in part."""

    def __init__(self, inputs: int, share: float):
        super().__init__()
        self.network, self.share = mlp(inputs, 24, 2, nn.Tanh), share

    def forward(self, x: Tensor) -> Tensor:
        last = x[:, -1:]
        return self.network(torch.cat([x[:, :-1], (1 - self.share) * last + self.share * last.detach()], 1))


def in_one_input() -> Iterator[Case]:
    """One of 3 to 10 inputs is held constant, entirely or in part."""
    for index, (inputs, share) in enumerate([(3, 0.1), (5, 0.2), (5, 1.0), (10, 0.3), (10, 1.0), (4, 0.05)]):
        random = draws("one input", index)
        network, points = HeldInput(inputs, share), cloud(random, 100, inputs)
        yield of_twin("one input", index, network, without(network, share=0.0), points, 1 + index % 2)


class TwoOutputs(nn.Module):
    """Two outputs, the second of which, multiplied by a factor, is held constant in part."""

    def __init__(self, factor: float, share: float):
        super().__init__()
        self.one, self.other, self.factor, self.share = mlp(2, 12, 2, nn.Tanh), HeldInput(2, share), factor, share

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), self.factor * self.other(x)], 1)


def in_one_output() -> Iterator[Case]:
    """One of two outputs is wrong, and much smaller or larger than the other."""
    for index, factor in enumerate([1.0, 1e-6, 1e6]):
        random = draws("one output", index)
        network, points = TwoOutputs(factor, [0.1, 0.3, 1.0][index]), cloud(random, 100, 2)
        truth = against_twin(network.other, without(network.other, share=0.0), points, 1)
        yield Case(f"one output {index}", "one output", False, network, points, {"order": 1}, truth)


class HeldUnits(nn.Module):
    """A linear layer with some units whose weights, or biases, get no gradient."""

    def __init__(self, inputs: int, width: int, units: int, name: str):
        super().__init__()
        self.linear, self.units, self.name = nn.Linear(inputs, width), units, name

    def forward(self, x: Tensor) -> Tensor:
        tensors = {"weight": self.linear.weight, "bias": self.linear.bias}
        if self.units:
            whole = tensors[self.name]
            tensors[self.name] = torch.cat([whole[: self.units].detach(), whole[self.units :]])
        return nn.functional.linear(x, tensors["weight"], tensors["bias"])


def lost_units(network: nn.Module, units: int, loss: Loss) -> float:
    """Mismatch of the tensor with held units: the share of its gradient that these have."""
    network = doubled(network)
    inner = next(part for part in network.modules() if isinstance(part, HeldUnits))
    inner.units = 0
    axis = (torch.arange(60, dtype=DOUBLE) + 0.5) / 60
    whole = torch.autograd.grad(loss(network, torch.cartesian_prod(axis, axis)), getattr(inner.linear, inner.name))[0]
    kept = whole.clone()
    kept[:units] = 0
    return relative(kept, whole)


def in_some_units() -> Iterator[Case]:
    """One to four of 16 to 64 units of a layer get no gradient."""
    for index, (width, units) in enumerate([(16, 1), (32, 1), (64, 2), (16, 1), (32, 2), (64, 4)]):
        random = draws("some units", index)
        order, layer = index % 2, HeldUnits(2, width, units, ["weight", "bias"][index // 3])
        network = nn.Sequential(layer, nn.Tanh(), nn.Linear(width, 1))
        network = Constrained(network) if order else network
        loss = [regression, Ritz(1.0)][order]
        options = {"order": order, "loss": loss, "box": [(0.0, 1.0)] * 2}
        truth = partial(lost_units, network, units, loss)
        points = cloud(random, 100, 2, 0.0, 1.0)
        yield Case(f"some units {index}", "some units", False, network, points, options, truth)


def fine_rounding() -> Iterator[Case]:
    """Straight-through rounding to multiples of 1/100 to 1/10,000."""
    for index, (levels, strength) in enumerate([(100.0, 0.1), (1e3, 0.3), (1e4, 1.0), (1e4, 0.05)]):
        random = draws("fine rounding", index)
        smooth, points = mlp(1, 16, 2, nn.Tanh).to(DOUBLE), cloud(random, 200, 1)

        def network(x: Tensor, through: bool = True, smooth=smooth, levels=levels, strength=strength) -> Tensor:
            rounded = (torch.round(levels * x[:, 0]) / levels).detach()
            return smooth(x)[:, 0] + strength * (x[:, 0] + (rounded - x[:, 0]).detach() if through else rounded)

        yield of_twin("fine rounding", index, network, partial(network, through=False), points, 1)


def third_derivatives(network: nn.Module, twin: nn.Module, points: Tensor) -> float:
    """Mismatch of third derivatives along one input."""
    parts = []
    for part in (doubled(network), doubled(twin)):
        x = points.clone().requires_grad_(True)
        values = part(x)
        for _ in range(3):
            (values,) = torch.autograd.grad(values.sum(), x, create_graph=True)
        parts.append(values.detach())
    return relative(*parts)


def higher_orders() -> Iterator[Case]:
    """Third derivatives of fused layer normalization, and given mixed derivatives that are wrong by a factor."""
    for index in range(3):
        random = draws("third derivatives", index)
        network, twin = networks(1, 8 + 8 * index)
        points = cloud(random, 100, 1)
        truth = partial(third_derivatives, network, twin, points)
        yield Case(f"third derivatives {index}", "third derivatives", False, network, points, {"order": 3}, truth)
    for index, factor in enumerate([1.03, 1.3, -1.0]):
        random = draws("mixed derivatives", index)
        network, points = mlp(2, 16, 2, nn.Tanh).to(DOUBLE), cloud(random, 100, 2)
        options = {"order": 1, "mixed": [(0, 1)], "derivatives": partial(with_mixed, network, factor)}
        truth = partial(factor_mismatch, factor)
        yield Case(f"mixed derivatives {index}", "mixed derivatives", False, network, points, options, truth)


def with_mixed(network: nn.Module, factor: float, points: Tensor) -> tuple[Tensor, Tensor]:
    """First derivatives, and the mixed one multiplied by a factor."""
    x = points.clone().requires_grad_(True)
    (first,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first[:, 0].sum(), x)
    return first.T.detach(), factor * second[:, 1:].T


def factor_mismatch(factor: float) -> float:
    """Relative mismatch of a quantity and its multiple."""
    return abs(factor - 1) / max(abs(factor), 1.0)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (at_some_points, in_one_input, in_one_output, in_some_units, fine_rounding, higher_orders):
        yield from family()
