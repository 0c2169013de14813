"""Right cases: smooth fully connected networks in many sizes, scales and boxes, steep ones and trained ones."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from audit_study.case import DOUBLE, Case, cloud, draws
from audit_study.layers import SMOOTH, Scaled, Sine, mlp
from audit_study.losses import regression

BOXES = [(0.0, 1.0), (-1.0, 1.0), (0.0, 1e-3), (100.0, 300.0), (-5.0, 5.0)]
FACTORS = [1.0, 1.0, 1e-8, 1e-3, 1e4, 1e8]
OFFSETS = [0.0, 0.0, 0.0, 1.0, 1e3]


def plain(count: int = 40) -> Iterator[Case]:
    """Networks of random depth, width, activation, precision, scale and box, first or second order."""
    names = list(SMOOTH)
    for index in range(count):
        random = draws("smooth", index)
        inputs, box = int(random.integers(1, 11)), BOXES[index % len(BOXES)]
        network = mlp(
            inputs, int(random.integers(8, 65)), int(random.integers(1, 6)), SMOOTH[names[index % len(names)]]
        )
        network = Scaled(network, float(random.choice(FACTORS)), float(random.choice(OFFSETS)), box)
        points = cloud(random, int(random.integers(20, 501)), inputs, *box)
        if index % 3:
            network, points = network.to(DOUBLE), points.clone()
        else:
            points = points.float()
        yield Case(f"smooth {index}", "smooth", True, network, points, {"order": 1 + index % 2})


def unscaled(count: int = 6) -> Iterator[Case]:
    """Networks on boxes to which their inputs are not scaled: nearly linear, or with saturated units."""
    for index in range(count):
        random, box = draws("unscaled", index), [(0.0, 1e-3), (100.0, 300.0), (-20.0, 20.0)][index % 3]
        network = mlp(2, 20, 2, [nn.Tanh, nn.Softplus][index % 2])
        points = cloud(random, 100, 2, *box)
        yield Case(f"unscaled {index}", "unscaled", True, network, points, {"order": 1 + index // 3})


def steep(count: int = 12) -> Iterator[Case]:
    """Networks whose hidden weights are multiplied by 3 to 30."""
    activations = [nn.Tanh, nn.SiLU, Sine, nn.GELU]
    for index in range(count):
        random = draws("steep", index)
        factor = [3.0, 6.0, 12.0, 30.0][index // 3 % 4]
        network = mlp(1 + index % 3, 24, 1 + index % 2, activations[index % 4], factor)
        points = cloud(random, 200, 1 + index % 3)
        yield Case(f"steep {index}", "steep", True, network.to(DOUBLE), points, {"order": 1 + index % 2})


class Layer(nn.Module):
    """tanh((x₁ − 0.1)/thickness) + x₁², an internal layer."""

    def __init__(self, thickness: float):
        super().__init__()
        self.thickness = nn.Parameter(torch.tensor(thickness, dtype=DOUBLE))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh((x[:, 0] - 0.1) / self.thickness) + x[:, 0] ** 2


def layers() -> Iterator[Case]:
    """Internal layers as thin as 1/10 to 1/2000 of the extent."""
    for index, thickness in enumerate([0.1, 0.03, 0.01, 0.003, 0.001]):
        points = cloud(draws("layer", index), 400, 1)
        yield Case(f"layer {index}", "layer", True, Layer(thickness), points, {"order": 1 + index % 2})


def trained(count: int = 6) -> Iterator[Case]:
    """Networks trained for 150 steps of Adam, in single precision, to fit a sine with four periods."""
    for index in range(count):
        random = draws("trained", index)
        network = mlp(2, 32, 2, [nn.Tanh, nn.GELU, Sine][index % 3], 3.0)
        points = cloud(random, 200, 2).float()
        optimizer, values = torch.optim.Adam(network.parameters(), lr=1e-2), torch.sin(12 * points[:, 0])
        for _ in range(150):
            optimizer.zero_grad()
            (network(points)[:, 0] - values).square().mean().backward()
            optimizer.step()
        options = {"order": 2} if index < 3 else {"order": 0, "loss": regression}
        yield Case(f"trained {index}", "trained", True, network, points, options)


def siren(count: int = 6) -> Iterator[Case]:
    """Sine networks with the frequency 30 and the initial weights of Sitzmann et al."""
    for index in range(count):
        random = draws("siren", index)
        inputs, width = 1 + index % 3, 32
        network = mlp(inputs, width, 2 + index % 2, lambda: Sine(30.0))
        with torch.no_grad():
            linear = [layer for layer in network if isinstance(layer, nn.Linear)]
            for place, layer in enumerate(linear):
                bound = 1 / inputs if place == 0 else (6 / width) ** 0.5 / 30
                layer.weight.uniform_(-bound, bound)
        points = cloud(random, 150, inputs)
        yield Case(f"siren {index}", "siren", True, network, points, {"order": 1 + index % 2})


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (plain, unscaled, steep, layers, trained, siren):
        yield from family()
