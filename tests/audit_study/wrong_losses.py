"""Wrong cases with a loss: kinks and jumps that move over fixed points, and losses that are held constant in part."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from audit_study import exact, plane
from audit_study.case import DOUBLE, Case, draws
from audit_study.layers import KINKED, Constrained, Power, mlp
from audit_study.losses import Held, Ritz, StrongForm, regression

WIDTHS = [5, 8, 12, 20, 32, 50, 64]
ACTIVATIONS = {**KINKED, "hardtanh": nn.Hardtanh, "relu2": lambda: Power(2)}
LEFT = {"relu": 0.0, "leaky": 0.1, "abs": -1.0}  # slopes for negative z


def on_line(kind: str, index: int, name: str, width: int, depth: int, source: float) -> Case:
    """A Ritz energy on [0, 1], or for relu² a strong-form residual, with and without the factor x(1 − x) in turn."""
    random = draws(kind, index)
    strong, constrained = name == "relu2", bool(index % 2 == 0)
    plain = mlp(1, width, depth, ACTIVATIONS[name], 3.0 if name == "relu6" else 1.0)
    network = Constrained(plain) if constrained else plain
    density = exact.strong_density(source) if strong else exact.ritz_density(source)
    options = {"order": 1 + strong, "loss": StrongForm(source) if strong else Ritz(source), "box": [(0.0, 1.0)]}
    line = exact.Line(plain, exact.SHAPES[name], constrained, density)
    points = exact.grid(int(random.integers(50, 300)))
    return Case(f"{kind} {index}", kind, False, network, points, options, lambda: exact.mismatch(line))


def ritz_on_lines() -> Iterator[Case]:
    """Untrained networks with one hidden layer and the usual initial weights."""
    for activation in ("relu", "leaky", "abs", "relu6"):
        for index, width in enumerate(WIDTHS):
            yield on_line(f"Ritz {activation}", index, activation, width, 1, [1.0, 0.1, 5.0][index % 3])
    for index, activation in enumerate(["relu", "leaky", "abs", "hardtanh"] * 3):
        yield on_line("deep Ritz", index, activation, [6, 8, 12][index // 4], 2 + index % 2, 1.0)


def strong_on_lines() -> Iterator[Case]:
    """Strong-form residuals of relu² networks."""
    for index, width in enumerate([5, 8, 12, 20, 32, 50, 10, 16]):
        yield on_line("strong form relu2", index, "relu2", width, 1, [1.0, 0.3][index % 2])


def ritz_on_squares() -> Iterator[Case]:
    """Untrained networks with two inputs and one hidden layer."""
    for index, name in enumerate(["relu", "leaky", "abs"] * 4):
        random = draws("Ritz square", index)
        plain, constrained = mlp(2, [8, 16, 32, 50][index // 3], 1, KINKED[name]), index % 2 == 0
        loss = Ritz(0.0 if constrained else 1.0)
        network = Constrained(plain) if constrained else plain
        points = torch.from_numpy(random.uniform(0, 1, (int(random.integers(100, 400)), 2)))
        options = {"order": 1, "loss": loss, "box": [(0.0, 1.0)] * 2}

        def truth(plain=plain, network=network, name=name, constrained=constrained, loss=loss) -> float:
            return plane.mismatch(plain, network, LEFT[name], constrained, loss)

        yield Case(f"Ritz square {index}", "Ritz square", False, network, points, options, truth)


class Steps(nn.Module):
    """N(x) + Σ h·(x > p) + bend·Σ tanh(x − p): the places p have an effect that is lost and one that is not."""

    def __init__(self, count: int, bend: float):
        super().__init__()
        self.smooth = mlp(1, 8, 1, nn.Tanh)
        self.places, self.heights = nn.Parameter(torch.rand(count)), nn.Parameter(torch.randn(count))
        self.bend = bend

    def forward(self, x: Tensor) -> Tensor:
        u = self.smooth(x)[:, 0] + (x > self.places).to(x.dtype) @ self.heights
        return u + self.bend * torch.tanh(x - self.places).sum(1)


def lost_at_steps(network: Steps) -> float:
    """Mismatch of the gradient in the places p, in which the jumps −[(u − y)²] at p are lost."""
    network, places = network.double(), network.places
    x = exact.grid(20_000)
    (used,) = torch.autograd.grad(regression(network, x), places)
    with torch.no_grad():
        sides = [places[:, None] + shift for shift in (-1e-9, 1e-9)]
        before, after = ((network(side) - exact_target(side)).square() for side in sides)
    true = used - (after - before)
    return exact.worst_tensor([(used.numpy(), true.detach().numpy())])


def exact_target(x: Tensor) -> Tensor:
    """The values to which ``regression`` compares."""
    return torch.sin(np.pi * x[:, 0]) + x[:, 0]


def moving_steps() -> Iterator[Case]:
    """Regression with steps whose places are parameters."""
    for index in range(8):
        random = draws("steps", index)
        network = Steps(1 + index % 3, [0.0, 1.0, 10.0, 30.0][index // 2]).to(DOUBLE)
        points = torch.from_numpy(random.uniform(0, 1, (int(random.integers(50, 300)), 1)))
        options = {"order": 0, "loss": regression, "box": [(0.0, 1.0)]}
        yield Case(f"steps {index}", "steps", False, network, points, options, lambda n=network: lost_at_steps(n))


def held_losses() -> Iterator[Case]:
    """Losses of smooth networks of which a share is not differentiated; the mismatch is this share."""
    for index, share in enumerate([0.022, 0.025, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5, 0.9]):
        random = draws("held loss", index)
        order, inputs = index % 3, 1 + index % 2
        loss = Held([regression, Ritz(1.0), StrongForm(1.0)][order], share)
        network = mlp(inputs, 16, 2, nn.Tanh)
        points = torch.from_numpy(random.uniform(0, 1, (100, inputs)))
        options = {"order": order, "loss": loss, "box": [(0.0, 1.0)] * inputs}
        yield Case(f"held loss {index}", "held loss", False, network, points, options, lambda s=share: s)


class HeldWeights(nn.Module):
    """A linear layer of whose weights a share is held constant; the gradient in them lacks this share."""

    def __init__(self, inputs: int, width: int, share: float):
        super().__init__()
        self.linear, self.share = nn.Linear(inputs, width), share

    def forward(self, x: Tensor) -> Tensor:
        weight = (1 - self.share) * self.linear.weight + self.share * self.linear.weight.detach()
        return nn.functional.linear(x, weight, self.linear.bias)


def held_weights() -> Iterator[Case]:
    """Regression and Ritz energies with a layer that is held constant in part."""
    for index, share in enumerate([0.022, 0.03, 0.05, 0.1, 0.3, 1.0]):
        random = draws("held weights", index)
        order = index % 2
        network = nn.Sequential(HeldWeights(2, 16, share), nn.Tanh(), nn.Linear(16, 1))
        points = torch.from_numpy(random.uniform(0, 1, (100, 2)))
        options = {"order": order, "loss": [regression, Ritz(1.0)][order], "box": [(0.0, 1.0)] * 2}
        yield Case(f"held weights {index}", "held weights", False, network, points, options, lambda s=share: s)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (ritz_on_lines, strong_on_lines, ritz_on_squares, moving_steps, held_losses, held_weights):
        yield from family()
