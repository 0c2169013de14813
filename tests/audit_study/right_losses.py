"""Right cases with a loss: smooth integrands, and kinks that move without an effect on the integral's gradient."""

from collections.abc import Callable, Iterator
from functools import partial

from torch import nn

from audit_study.case import Case, cloud, draws
from audit_study.layers import KINKED, SMOOTH, Activation, Constrained, Fourier, Power, Sine, mlp
from audit_study.losses import Loss, Ritz, StrongForm, regression
from audit_study.right_structures import STRUCTURES

CUBE = {1: [(0.0, 1.0)], 2: [(0.0, 1.0)] * 2, 3: [(0.0, 1.0)] * 3}


HIDDEN = [("squared Ritz", 2, 1, Ritz(1.0)), ("cubed strong form", 3, 2, StrongForm(1.0))]


def boundary(inputs: int, width: int, depth: int, activation: Activation) -> nn.Module:
    """A fully connected network times Π x(1 − x)."""
    return Constrained(mlp(inputs, width, depth, activation))


def with_loss(kind: str, index: int, inputs: int, build: Callable[[], nn.Module], order: int, loss: Loss) -> Case:
    """A case on the unit cube."""
    random = draws(kind, index)
    points = cloud(random, int(random.integers(40, 200)), inputs, 0.0, 1.0)
    options = {"order": order, "loss": loss, "box": CUBE[inputs]}
    return Case(f"{kind} {index}", kind, True, build(), points, options)


def smooth() -> Iterator[Case]:
    """Regression, Ritz energies and strong-form residuals of smooth networks in 1 to 3 dimensions."""
    losses = [(0, regression), (1, Ritz(1.0)), (2, StrongForm(1.0)), (1, Ritz(20.0)), (2, StrongForm(50.0))]
    for index in range(30):
        order, loss = losses[index % 5]
        activation = list(SMOOTH.values())[index % len(SMOOTH)]
        inputs = 1 + index // 5 % (3 if order < 2 else 2)
        width, depth = 8 + 7 * index % 25, 1 + index % 3
        build = partial(boundary if index % 2 else mlp, inputs, width, depth, activation)
        yield with_loss("smooth loss", index, inputs, build, order, loss)


def steep() -> Iterator[Case]:
    """Steep and oscillating networks with a Ritz energy or a strong-form residual."""
    builds = [
        lambda: mlp(1, 20, 1, nn.Tanh, 20.0),
        lambda: mlp(1, 20, 2, Sine, 4.0),
        lambda: nn.Sequential(Fourier(1, 8, 10.0), mlp(16, 16, 1, nn.Tanh)),
    ]
    for index in range(6):
        order, loss = [(1, Ritz(1.0)), (2, StrongForm(1.0))][index // 3]
        yield with_loss("steep loss", index, 1, builds[index % 3], order, loss)


def rough() -> Iterator[Case]:
    """Sine networks with hidden weights multiplied by 20 or 40, which oscillate hundreds of times over the box."""
    for index in range(4):
        order, loss = [(0, regression), (1, Ritz(1.0))][index % 2]
        build = partial(mlp, 2, 40, 3, Sine, [20.0, 40.0][index // 2])
        yield with_loss("rough loss", index, 2, build, order, loss)


def structured() -> Iterator[Case]:
    """Losses of structured networks."""
    for index, name in enumerate(["residual", "group norm", "frozen batch norm", "spectral", "complex waves", "gated"]):
        order, loss = [(1, Ritz(1.0)), (2, StrongForm(1.0))][index % 2]
        inputs = 1 + index // 2 % 2
        yield with_loss("structured loss", index, inputs, partial(STRUCTURES[name], inputs), order, loss)


def hidden_kinks() -> Iterator[Case]:
    """Kinks and jumps one order below those that matter."""
    for index, activation in enumerate(list(KINKED.values()) * 2):
        inputs = 1 + index // 4
        build = partial(mlp, inputs, 20, 2, activation)
        yield with_loss("kinks regression", index, inputs, build, 0, regression)
    for index in range(10):
        kind, power, order, loss = HIDDEN[index // 6]
        inputs = 1 + index % 2 if order == 1 else 1
        build = partial(boundary, inputs, 16, 1, partial(Power, power))
        yield with_loss(kind, index, inputs, build, order, loss)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    for family in (smooth, steep, rough, structured, hidden_kinks):
        yield from family()
