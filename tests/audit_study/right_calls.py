"""Right cases with several inputs or outputs, higher and mixed derivatives, edges of domains, and scaled losses."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, cloud, draws
from audit_study.layers import Fourier, Scaled, Sine, mlp
from audit_study.losses import Ritz, StrongForm, regression


class OfTwo(nn.Module):
    """u(x, t) of two arguments, or of a dictionary with both."""

    def __init__(self, named: bool):
        super().__init__()
        self.network, self.named = mlp(2, 16, 2, nn.Tanh), named

    def forward(self, *arguments: Tensor) -> Tensor:
        columns = list(arguments[0].values()) if self.named else arguments
        return self.network(torch.cat(list(columns), 1))


class Outputs(nn.Module):
    """Several outputs, the second multiplied by a factor; as columns, or as a tuple."""

    def __init__(self, factor: float, separate: bool):
        super().__init__()
        self.one, self.other, self.factor, self.separate = mlp(2, 12, 2, nn.Tanh), mlp(2, 12, 1, Sine), factor, separate

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        parts = self.one(x), self.factor * self.other(x)
        return parts if self.separate else torch.cat(parts, 1)


def arrangements() -> Iterator[Case]:
    """Arguments and outputs in several arrangements."""
    for index in range(4):
        random = draws("several inputs", index)
        x, t = cloud(random, 60, 1), 10 * cloud(random, 60, 1)
        points = {"x": x, "t": t} if index % 2 else (x, t)
        yield Case(
            f"several inputs {index}", "several inputs", True, OfTwo(index % 2 == 1), points, {"order": 1 + index // 2}
        )
    for index, factor in enumerate([1.0, 1e6, 1e-6, 1e-9]):
        random = draws("several outputs", index)
        network, points = Outputs(factor, index % 2 == 1), cloud(random, 60, 2)
        yield Case(f"several outputs {index}", "several outputs", True, network, points, {"order": 1 + index // 2})


def higher_orders() -> Iterator[Case]:
    """Third, fourth and mixed derivatives."""
    options = [{"order": 3}, {"order": 4}, {"order": 2, "mixed": [(0, 1)]}, {"order": 1, "mixed": [(0, 0, 1)]}]
    for index in range(12):
        random = draws("higher order", index)
        network = [
            mlp(2, 16, 2, nn.Tanh, 2.0),
            mlp(2, 16, 1, nn.GELU, 4.0),
            nn.Sequential(Fourier(2, 8, 4.0), mlp(16, 12, 1, nn.Tanh)),
        ][index // 4]
        yield Case(f"higher order {index}", "higher order", True, network, cloud(random, 80, 2), options[index % 4])


EDGES = [
    (1e-4, lambda x: torch.sqrt(x)),
    (1e-6, lambda x: x * torch.log(x)),
    (1e-9, lambda x: x**1.5),
    (0.0, lambda x: torch.exp(-x / 1e-3) + x),
    (1e-6, lambda x: torch.log(x)),
    (0.01, lambda x: 1 / x),
]


def edges() -> Iterator[Case]:
    """Functions that are singular at, or undefined beyond, an edge of the domain; some points are close to it."""
    for index, (first, function) in enumerate(EDGES):
        random = draws("edge", index)
        points = cloud(random, 100, 1, 0.0, 1.0) ** (1 + 2 * (index % 2)) + first
        yield Case(f"edge {index}", "edge", True, lambda x, f=function: f(x[:, 0]), points, {"order": 1 + index % 2})


def few_points() -> Iterator[Case]:
    """Batches of 2 to 8 points, evenly spread, clustered, or on a regular grid."""
    for index, count in enumerate([2, 3, 5, 8]):
        random = draws("few points", index)
        network, points = mlp(1, 12, 2, nn.Tanh), torch.linspace(0, 1, count, dtype=DOUBLE)[:, None]
        yield Case(f"few points {index}", "few points", True, network, points, {"order": 2})
        points = cloud(random, 50, 2) ** 5
        yield Case(f"clustered {index}", "clustered", True, mlp(2, 12, 2, nn.Tanh), points, {"order": 2})


class Maxout(nn.Module):
    """The larger of pairs of features."""

    def forward(self, h: Tensor) -> Tensor:
        return torch.maximum(*h.chunk(2, 1))


def losses() -> Iterator[Case]:
    """Losses of scaled outputs, in many dimensions, with inputs in other units, and of maxout."""
    for index, factor in enumerate([1e-8, 1e-4, 1e4, 1e8]):
        random = draws("scaled loss", index)
        network = Scaled(mlp(1, 12, 2, nn.Tanh), factor, 0.0, (0.0, 1.0))
        loss = [Ritz(0.0), StrongForm(0.0)][index % 2]
        options = {"order": 1 + index % 2, "loss": loss, "box": [(0.0, 1.0)]}
        yield Case(f"scaled loss {index}", "scaled loss", True, network, cloud(random, 80, 1, 0.0, 1.0), options)
    for index, (low, high) in enumerate([(0.0, 1e-3), (100.0, 300.0), (-1e3, 1e3)]):
        random = draws("loss in units", index)
        network = Scaled(mlp(2, 12, 2, nn.Tanh), 1.0, 0.0, (low, high))
        options = {"order": 2, "loss": StrongForm(0.0), "box": [(low, high)] * 2}
        yield Case(f"loss in units {index}", "loss in units", True, network, cloud(random, 80, 2, low, high), options)
    for index in range(4):
        random = draws("loss in 10 dimensions", index)
        network, order = mlp(10, 20, 1 + index // 2, nn.Tanh), index % 2
        options = {"order": order, "loss": [regression, Ritz(1.0)][order], "box": [(0.0, 1.0)] * 10}
        points = cloud(random, 100, 10, 0.0, 1.0)
        yield Case(f"loss in 10 dimensions {index}", "loss in 10 dimensions", True, network, points, options)
    for index in range(3):
        random = draws("maxout", index)
        network = nn.Sequential(nn.Linear(2, 16), Maxout(), nn.Linear(8, 16), Maxout(), nn.Linear(8, 1))
        options = {"order": 0, "loss": regression, "box": [(0.0, 1.0)] * 2}
        yield Case(f"maxout {index}", "maxout", True, network, cloud(random, 100, 2, 0.0, 1.0), options)


STAIRS = [(100.0, 1.0, 1.0), (1e3, 1.0, 1.0), (1e4, 1.0, 1.0), (3.0, 0.3, 100.0), (5e3, 1.0, 1.0), (256.0, 0.1, 1.0)]


def stairs(smooth: nn.Module, levels: float, height: float, x: Tensor) -> Tensor:
    """N(x) plus x rounded down to multiples of 1/levels and multiplied by the height; the derivative is that of N."""
    return smooth(x)[:, 0] + height * torch.floor(levels * x[:, 0]) / levels


def fine_steps() -> Iterator[Case]:
    """Hundreds to thousands of steps with the derivative zero, and waves of many periods."""
    for index, (levels, height, size) in enumerate(STAIRS):
        random = draws("fine steps", index)
        smooth = Scaled(mlp(1, 16, 2, nn.Tanh), size, 0.0, (-size, size)).to(DOUBLE)
        network, points = partial(stairs, smooth, levels, height), cloud(random, 200, 1, -size, size)
        yield Case(f"fine steps {index}", "fine steps", True, network, points, {"order": 1 + index % 2})
    for index, frequency in enumerate([300.0, 3e3, 3e4]):
        wave = nn.Sequential(Sine(frequency), nn.Linear(1, 1)).to(DOUBLE)
        points = cloud(draws("fine wave", index), 200, 1)
        yield Case(f"fine wave {index}", "fine wave", True, wave, points, {"order": 1 + index % 2})


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (arrangements, higher_orders, edges, few_points, losses, fine_steps):
        yield from family()
