"""Right cases: structured networks, custom differentiation that is right, and pointwise derivatives beside kinks."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, Function, cloud, draws
from audit_study.coupled import Convolution
from audit_study.layers import (
    KINKED,
    Chebyshev,
    ComplexWaves,
    Constrained,
    Fourier,
    Gated,
    Gaussians,
    OverFeatures,
    Power,
    Residual,
    Spectral,
    mlp,
)


def block(width: int) -> nn.Module:
    """A residual block."""
    return Residual(nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width)))


def normalized(inputs: int, normalization: nn.Module, width: int = 16) -> nn.Sequential:
    """A network with a normalization before both activations."""
    layers = [nn.Linear(inputs, width), normalization(width), nn.Tanh(), nn.Linear(width, width), normalization(width)]
    return nn.Sequential(*layers, nn.SiLU(), nn.Linear(width, 1))


def frozen(inputs: int) -> nn.Sequential:
    """A network with batch normalization that has seen a batch and is in evaluation mode."""
    network = normalized(inputs, nn.BatchNorm1d)
    network(2 * torch.randn(200, inputs))
    return network.eval()


STRUCTURES = {
    "residual": lambda d: nn.Sequential(nn.Linear(d, 16), block(16), block(16), nn.Linear(16, 1)),
    "Fourier": lambda d: nn.Sequential(Fourier(d, 16, 3.0), mlp(32, 16, 1, nn.Tanh)),
    "Fourier high": lambda d: nn.Sequential(Fourier(d, 16, 25.0), mlp(32, 16, 1, nn.Tanh)),
    "layer norm": lambda d: normalized(d, nn.LayerNorm),
    "group norm": lambda d: normalized(d, lambda width: nn.GroupNorm(4, width)),
    "frozen batch norm": frozen,
    "dropout off": lambda d: nn.Sequential(mlp(d, 16, 2, nn.Tanh), nn.Dropout(0.5)).eval(),
    "boundary": lambda d: Constrained(mlp(d, 16, 2, nn.GELU)),
    "complex waves": lambda d: ComplexWaves(d, 12),
    "spectral": lambda d: nn.Sequential(nn.Linear(d, 16), nn.Tanh(), Spectral(16), nn.Tanh(), nn.Linear(16, 1)),
    "GRU": lambda d: OverFeatures(d, "gru"),
    "attention": lambda d: nn.Sequential(nn.Linear(d, 6), nn.Tanh(), OverFeatures(6, "attention")),
    "gated": lambda d: Gated(d, 24),
    "Gaussians": lambda d: Gaussians(d, 20, 0.5),
    "Chebyshev": lambda d: Chebyshev(d, 8),
    "weight norm": lambda d: nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(d, 16)), nn.Tanh(), nn.Linear(16, 1)
    ),
    "bilinear": lambda d: nn.Sequential(
        nn.Linear(d, 16), nn.SiLU(), nn.Unflatten(1, (4, 4)), nn.Flatten(), block(16)
    ).append(nn.Linear(16, 1)),
}


def structures() -> Iterator[Case]:
    """Three of each structure, with 1 to 4 inputs, in single or double precision."""
    for name, build in STRUCTURES.items():
        for index in range(3):
            random = draws(name, index)
            inputs = int(random.integers(1, 5))
            network, points = build(inputs), cloud(random, int(random.integers(20, 300)), inputs)
            yield Case(f"{name} {index}", name, True, network, points, {"order": 1 + index % 2})


class Cubed(torch.autograd.Function):
    """z + z³/3, with its derivative in closed form."""

    @staticmethod
    def forward(context, z: Tensor) -> Tensor:
        context.save_for_backward(z)
        return z + z**3 / 3

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        (z,) = context.saved_tensors
        return gradient * (1 + z**2)


class Custom(nn.Module):
    """A network with ``Cubed`` as its activation."""

    def __init__(self, inputs: int):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 16), nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(Cubed.apply(self.first(x)))


def custom() -> Iterator[Case]:
    """Custom differentiation that is right, recomputed activations, and a gradient hook that changes nothing."""
    for index in range(4):
        random = draws("custom function", index)
        inputs = 1 + index % 2
        network, points = Custom(inputs), cloud(random, 80, inputs)
        yield Case(f"custom function {index}", "custom function", True, network, points, {"order": 1 + index // 2})


def stencil(function: Function, step: float) -> Function:
    """First and second derivatives by central differences, [inputs, points] each."""

    def derivatives(x: Tensor) -> tuple[Tensor, Tensor]:
        first, second = [], []
        for axis in range(x.shape[1]):
            shift = torch.zeros_like(x)
            shift[:, axis] = step
            a, b, c = (function(x + m * shift).reshape(-1) for m in (-1, 0, 1))
            first.append((c - a) / (2 * step))
            second.append((a - 2 * b + c) / step**2)
        return torch.stack(first), torch.stack(second)

    return derivatives


def other_methods() -> Iterator[Case]:
    """Translation derivatives of networks with and without coupling, and derivatives by a fine stencil."""
    for index in range(3):
        random = draws("forward", index)
        points = cloud(random, 60, 2)
        yield Case(
            f"forward {index}", "forward", True, mlp(2, 16, 2, nn.GELU), points, {"order": 2, "derivatives": "forward"}
        )
        network = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))
        yield Case(
            f"translation invariant {index}",
            "translation invariant",
            True,
            network,
            points,
            {"order": 1 + index % 2, "derivatives": "forward"},
        )
        network = Convolution(2, 8).to(DOUBLE)
        yield Case(
            f"forward convolution {index}",
            "forward convolution",
            True,
            network,
            points,
            {"order": 1 + index % 2, "derivatives": "forward"},
        )
        network = mlp(2, 16, 2, nn.Tanh).to(DOUBLE)
        yield Case(
            f"fine stencil {index}",
            "fine stencil",
            True,
            network,
            points,
            {"order": 2, "derivatives": stencil(network, 1e-3)},
        )


def beside_kinks() -> Iterator[Case]:
    """First derivatives of networks with kinks, second ones of relu², and rounding with the derivative zero."""
    for index, (name, activation) in enumerate(list(KINKED.items()) * 2):
        random = draws("kinks", index)
        inputs = 1 + index // 4
        network, points = mlp(inputs, 20, 2, activation), cloud(random, 200, inputs)
        yield Case(f"kinks {name} {index}", "kinks", True, network, points, {"order": 1})
    for index in range(4):
        random = draws("squared", index)
        network, points = mlp(1 + index % 2, 16, 1, lambda: Power(2)), cloud(random, 200, 1 + index % 2)
        yield Case(f"squared {index}", "squared", True, network, points, {"order": 2})
    for index in range(4):
        random = draws("rounded", index)
        smooth, points = mlp(1, 16, 2, nn.Tanh).to(DOUBLE), cloud(random, 200, 1)
        levels = [2.0, 4.0, 8.0, 16.0][index]
        yield Case(
            f"rounded {index}",
            "rounded",
            True,
            lambda x, smooth=smooth, levels=levels: smooth(x)[:, 0] + torch.round(levels * x[:, 0]) / levels,
            points,
            {"order": 1 + index % 2},
        )


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (structures, custom, other_methods, beside_kinks):
        yield from family()
