"""Hard right cases: rounding inside of a network, near singularities, kinks that rest, and minima of a loss."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, cloud, draws
from audit_study.layers import KINKED, Gaussians, mlp
from audit_study.losses import Ritz, regression


class Single(nn.Module):
    """A network that computes in single precision whatever the precision of the points, as under autocast."""

    def __init__(self, network: nn.Module, back: bool):
        super().__init__()
        self.network, self.back = network, back

    def forward(self, x: Tensor) -> Tensor:
        parameters = {name: p.float() for name, p in self.network.named_parameters()}
        u = torch.func.functional_call(self.network, parameters, (x.float(),))
        return u.to(x.dtype) if self.back else u


class Cancelling(nn.Module):
    """(N + large) − large, which has the rounding errors of the large number."""

    def __init__(self, network: nn.Module, large: float):
        super().__init__()
        self.network, self.large = network, large

    def forward(self, x: Tensor) -> Tensor:
        return (self.network(x) + self.large) - self.large


def rounding() -> Iterator[Case]:
    """Single precision inside, with values in single or in double precision, and cancellation down to that."""
    for index in range(6):
        random = draws("single inside", index)
        network = Single(mlp(1 + index % 2, 16, 2, nn.Tanh), index >= 2)
        points = cloud(random, 100, 1 + index % 2)
        yield Case(f"single inside {index}", "single inside", True, network, points, {"order": 1 + index // 2 % 2})
    for index, large in enumerate([1e4, 1e5, 1e6, 1e7, 1e8, 1e9]):
        random = draws("cancelling", index)
        network, points = Cancelling(mlp(1, 16, 2, nn.Tanh), large).to(DOUBLE), cloud(random, 100, 1)
        yield Case(f"cancelling {index}", "cancelling", True, network, points, {"order": 1 + index % 2})


FUNCTIONS: list[tuple[int, Callable[[Tensor], Tensor]]] = [
    (2, lambda x: torch.exp(8 * x)),
    (2, lambda x: 1 / (x + 1.05)),
    (2, lambda x: torch.sqrt(x + 1.001)),
    (1, lambda x: x.abs() ** 1.5),
    (2, lambda x: x.abs() ** 2.5),
    (2, lambda x: torch.sin(200 * x)),
    (2, lambda x: torch.nn.functional.softplus(50 * x)),
    (1, lambda x: torch.log1p(20 * x.square())),
    (2, lambda x: torch.erf(10 * x) * x),
    (2, lambda x: 1e-12 * torch.sin(3 * x)),
    (1, lambda x: torch.atan(1000 * (x - 0.2))),
    (2, lambda x: x**9 - x),
    (2, lambda x: 1e6 + torch.sin(3 * x)),
    (1, lambda x: torch.cumsum(x[:, None] ** torch.arange(1, 6), 1).sum(1)),
]


def functions() -> Iterator[Case]:
    """Functions of one variable, some nearly singular, in formulas."""
    for index, (order, function) in enumerate(FUNCTIONS):
        points = cloud(draws("formula", index), 100, 1)
        yield Case(f"formula {index}", "formula", True, lambda x, f=function: f(x[:, 0]), points, {"order": order})


class Resting(nn.Module):
    """Σ c |x₁ − p| plus a smooth network, with places p that are no parameters."""

    def __init__(self, inputs: int, count: int):
        super().__init__()
        self.register_buffer("places", torch.rand(count))
        self.heights, self.smooth = nn.Parameter(torch.randn(count)), mlp(inputs, 8, 1, nn.Tanh)

    def forward(self, x: Tensor) -> Tensor:
        return self.smooth(x)[:, 0] + (x[:, :1] - self.places).abs() @ self.heights


def resting_kinks() -> Iterator[Case]:
    """Ritz energies of networks with kinks that do not move, or that lie outside of the box."""
    for index in range(6):
        random = draws("resting kinks", index)
        inputs = 1 + index % 2
        network, points = Resting(inputs, 1 + index), cloud(random, 100, inputs, 0.0, 1.0)
        options = {"order": 1, "loss": Ritz(1.0), "box": [(0.0, 1.0)] * inputs}
        yield Case(f"resting kinks {index}", "resting kinks", True, network, points, options)
    for index, activation in enumerate(KINKED.values()):
        random = draws("outer kinks", index)
        network = mlp(1, 12, 1, activation).to(DOUBLE)
        network[0].bias.data += 1.5 * torch.sign(network[0].bias.data + 1e-12)
        points, options = cloud(random, 100, 1, 0.0, 1.0), {"order": 1, "loss": Ritz(1.0), "box": [(0.0, 1.0)]}
        yield Case(f"outer kinks {index}", "outer kinks", True, network, points, options)


class Fit:
    """Mean squared difference from another network."""

    def __init__(self, target: nn.Module):
        self.target = copy.deepcopy(target).to(DOUBLE).requires_grad_(False)

    def __call__(self, network: nn.Module, x: Tensor) -> Tensor:
        return (network(x) - self.target(x)).square().mean()


def minima() -> Iterator[Case]:
    """Losses at their minimum, where the gradient vanishes, and near it."""
    for index, away in enumerate([0.0, 0.0, 1e-9, 1e-6, 1e-3]):
        random = draws("minimum", index)
        network = (mlp(2, 12, 1, nn.Tanh) if index % 2 else Gaussians(2, 8, 0.5)).to(DOUBLE)
        loss = Fit(network)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += away * torch.randn_like(parameter)
        options = {"order": 0, "loss": loss, "box": [(0.0, 1.0)] * 2}
        yield Case(f"minimum {index}", "minimum", True, network, cloud(random, 100, 2, 0.0, 1.0), options)


class Unused(nn.Module):
    """A network with a parameter without effect, one whose effect is exactly zero, and units that are never active."""

    def __init__(self):
        super().__init__()
        self.network, self.unused, self.vanishing = mlp(1, 12, 1, nn.ReLU), nn.Parameter(torch.ones(3)), nn.Linear(1, 4)
        self.network[0].bias.data[:6] -= 5

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + 0 * self.vanishing(x).sum(1, keepdim=True)


def unused() -> Iterator[Case]:
    """Regression of networks with parameters without an effect."""
    for index in range(3):
        points = cloud(draws("unused", index), 100, 1, 0.0, 1.0)
        options = {"order": 0, "loss": regression, "box": [(0.0, 1.0)]}
        yield Case(f"unused {index}", "unused", True, Unused(), points, options)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (rounding, functions, resting_kinks, minima, unused):
        yield from family()
