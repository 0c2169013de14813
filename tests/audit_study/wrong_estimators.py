"""Wrong cases: straight-through estimators, parts held constant, wrong custom differentiation, and gradient hooks.

Each network is built together with its twin, which has the same values and lets automatic differentiation work.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from audit_study.case import Case, Function, against_twin, cloud, draws, reverse
from audit_study.layers import SMOOTH, Sine, mlp

SHARES = [0.022, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.0, 2.0]


def of_twin(kind: str, index: int, network: Function, twin: Function, points: Tensor, order: int) -> Case:
    """A wrong case whose true mismatch is that of a network and its twin."""
    truth = against_twin(network, twin, points, order)
    return Case(f"{kind} {index}", kind, False, network, points, {"order": order}, truth)


def rounded(z: Tensor) -> Tensor:
    return torch.round(3 * z) / 3


def nearest(z: Tensor) -> Tensor:
    """The nearest entry of a fixed code book, as in vector quantization, with the derivative 0."""
    book = torch.linspace(-1.2, 1.2, 9, dtype=z.dtype)
    return book[(z[..., None] - book).abs().argmin(-1)]


ESTIMATORS = {"round": rounded, "sign": torch.sign, "code book": nearest}


class Discrete(nn.Module):
    """N(x) + strength·M(q(h(x))) with a discrete q, whose derivative is 0 or, straight through, 1."""

    def __init__(self, inputs: int, discrete: Callable[[Tensor], Tensor], strength: float):
        super().__init__()
        self.smooth, self.hidden, self.last = mlp(inputs, 16, 1, nn.Tanh), nn.Linear(inputs, 4), nn.Linear(4, 1)
        self.discrete, self.strength, self.through = discrete, strength, True

    def forward(self, x: Tensor) -> Tensor:
        h = self.hidden(x)
        q = h + (self.discrete(h) - h).detach() if self.through else self.discrete(h).detach()
        return self.smooth(x) + self.strength * torch.tanh(self.last(q))


def without(network: nn.Module, **settings: object) -> nn.Module:
    """Return the same network with other settings; parameters are shared."""
    twin = object.__new__(type(network))
    twin.__dict__ = network.__dict__ | settings
    return twin


def straight_through() -> Iterator[Case]:
    """Three estimators with strengths from 0.03 to 2."""
    for name, discrete in ESTIMATORS.items():
        for index, strength in enumerate([0.03, 0.06, 0.12, 0.3, 1.0, 2.0]):
            random = draws(name, index)
            inputs = 1 + index % 2
            network = Discrete(inputs, discrete, strength)
            points = cloud(random, int(random.integers(50, 300)), inputs)
            yield of_twin(f"straight through {name}", index, network, without(network, through=False), points, 1)


class Sum(nn.Module):
    """N(x) + strength·M(x), where M may be held constant in differentiation."""

    def __init__(self, one: nn.Module, other: nn.Module, strength: float, held: bool = True):
        super().__init__()
        self.one, self.other, self.strength, self.held = one, other, strength, held

    def forward(self, x: Tensor) -> Tensor:
        part = self.other(x)
        return self.one(x) + self.strength * (part.detach() if self.held else part)


def held_parts(order: int) -> Iterator[Case]:
    """A term held constant whose derivative of the given order is a share of that of the network."""
    kind = f"held part, order {order}"
    for index, share in enumerate(SHARES):
        random = draws(kind, index)
        inputs = 1 + index % 4
        activation = list(SMOOTH.values())[index % 7]
        one, other = mlp(inputs, 24, 1 + index % 3, activation), mlp(inputs, 12, 1, nn.Tanh)
        points = cloud(random, int(random.integers(20, 300)), inputs)
        sizes = [float(reverse(part.double(), points, order)[-1].norm()) for part in (one, other)]
        network = Sum(one, other, share * sizes[0] / sizes[1])
        network = network.float() if index % 2 else network
        yield of_twin(kind, index, network, without(network, held=False), points, order)


class HeldStatistics(nn.Module):
    """Normalization over the features of a point with statistics that may be held constant."""

    def __init__(self, held: bool = True):
        super().__init__()
        self.held = held

    def forward(self, h: Tensor) -> Tensor:
        mean, spread = h.mean(1, keepdim=True), h.std(1, keepdim=True) + 0.1
        return (h - mean.detach()) / spread.detach() if self.held else (h - mean) / spread


def held_statistics() -> Iterator[Case]:
    """Layer normalization with its statistics held constant."""
    for index in range(4):
        random = draws("held statistics", index)
        network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), HeldStatistics(), nn.Linear(16, 1))
        twin = nn.Sequential(network[0], network[1], HeldStatistics(False), network[3])
        yield of_twin("held statistics", index, network, twin, cloud(random, 100, 2), 1 + index % 2)


class Wrong(torch.autograd.Function):
    """sin z with the derivative multiplied by a factor, and its second derivative by another one."""

    @staticmethod
    def forward(context, z: Tensor, factor: float, second: float) -> Tensor:
        context.save_for_backward(z)
        context.factors = factor, second
        return torch.sin(z)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple:
        (z,) = context.saved_tensors
        factor, second = context.factors
        slope = torch.cos(z)
        slope = slope.detach() + second * (slope - slope.detach())
        return factor * gradient * slope, None, None


class WrongSine(nn.Module):
    """sin z, differentiated wrongly unless both factors are 1."""

    def __init__(self, factor: float, second: float):
        super().__init__()
        self.factors = factor, second

    def forward(self, z: Tensor) -> Tensor:
        return Wrong.apply(z, *self.factors)


def wrong_functions() -> Iterator[Case]:
    """Custom functions whose first or second derivative is wrong by a factor, in a single layer or beside another."""
    factors = [1.022, 1.025, 1.03, 1.05, 1.08, 1.12, 1.25, 1.5, 2.0, -1.0]
    for index, factor in enumerate(factors):
        for kind, pair in {"wrong backward": (factor, 1.0), "wrong double backward": (1.0, factor)}.items():
            random = draws(kind, index)
            inputs = 1 + index % 3
            order = 1 + index % 2 if kind == "wrong backward" else 2
            network = mlp(inputs, 20, 1, lambda pair=pair: WrongSine(*pair))
            twin = nn.Sequential(network[0], Sine(), network[2])
            yield of_twin(kind, index, network, twin, cloud(random, 120, inputs), order)


class Hooked(nn.Module):
    """A network whose backward pass changes the gradient of the hidden layer."""

    def __init__(self, inputs: int, change: Callable[[Tensor], Tensor] | None):
        super().__init__()
        self.first, self.last, self.change = nn.Linear(inputs, 16), nn.Linear(16, 1), change

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        if self.change is not None and h.requires_grad:
            h.register_hook(self.change)
        return self.last(torch.tanh(h))


def hooks() -> Iterator[Case]:
    """Gradients that are clipped, scaled, reversed or rounded on their way back."""
    changes = [
        lambda g: g.clamp(-0.1, 0.1),
        lambda g: g.clamp(-0.02, 0.02),
        lambda g: g / (1 + g.norm(dim=1, keepdim=True)),
        lambda g: 1.03 * g,
        lambda g: 0.9 * g,
        lambda g: -g,
        lambda g: torch.where(g.abs() > 0.05, g, 0 * g),
    ]
    for index, change in enumerate(changes):
        random = draws("hook", index)
        network = Hooked(2, change)
        yield of_twin("hook", index, network, without(network, change=None), cloud(random, 100, 2), 1 + index % 2)


class Untracked(nn.Module):
    """A network that evaluates one of its inputs' encodings without recording it."""

    def __init__(self, tracked: bool):
        super().__init__()
        self.hidden, self.tracked = mlp(4, 16, 1, nn.Tanh), tracked

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.tracked):
            encoding = torch.sin(2 * x)
        return self.hidden(torch.cat([x, encoding], 1))


def untracked() -> Iterator[Case]:
    """Encodings computed under ``no_grad``."""
    for index in range(3):
        random = draws("untracked", index)
        network = Untracked(False)
        yield of_twin("untracked", index, network, without(network, tracked=True), cloud(random, 100, 2), 1 + index % 2)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    yield from straight_through()
    for order in (1, 2):
        yield from held_parts(order)
    for family in (held_statistics, wrong_functions, hooks, untracked):
        yield from family()
