"""One network of another package, with the verdict that its formulas imply, and parts shared by the entries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

SEED = 0


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is audited: a network, the points, and further arguments of the audit."""

    network: Callable[[Tensor], Tensor]
    points: Tensor
    options: dict = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A network and the verdict expected from its formulas.

    Attributes:
        name: class of the network, and what is special here.
        package: name of the distribution, for its version.
        what: what the network is.
        make: builds the case; the package is imported in it.
        verdict: the expected verdict.
        because: why this verdict is expected, one sentence.
        hides: words that ``Audit.hides`` must contain, of ``jumps`` and ``kinks``.
    """

    name: str
    package: str
    what: str
    make: Callable[[], Case]
    verdict: str
    because: str
    hides: Sequence[str] = ()


def points(count: int = 200, inputs: int = 2, low: float = -1.0, high: float = 1.0) -> Tensor:
    """Return random points of a box, the same in every run."""
    random = torch.Generator().manual_seed(SEED)
    return low + (high - low) * torch.rand(count, inputs, generator=random, dtype=torch.float64)


def grid(count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Return the left ends of equal cells as points of one input: a periodic grid."""
    return low + (high - low) * torch.arange(count, dtype=torch.float64)[:, None] / count


class Wrapped(nn.Module):
    """A module of another package with the calling convention of the audit.

    Args:
        module: the module.
        call: maps module and points to values.
    """

    def __init__(self, module: nn.Module, call: Callable[[nn.Module, Tensor], Tensor]):
        super().__init__()
        self.module, self.call = module, call

    def forward(self, x: Tensor) -> Tensor:
        return self.call(self.module, x)


def with_head(encoding: nn.Module, features: int, width: int = 24) -> nn.Module:
    """Return an encoding followed by a small tanh network."""
    return nn.Sequential(encoding, nn.Linear(features, width), nn.Tanh(), nn.Linear(width, 1))


def residual_loss(network: nn.Module, x: Tensor) -> Tensor:
    """Return the mean of (Δu − 1)²."""
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    laplacian = sum(
        torch.autograd.grad(slope[:, axis].sum(), x, create_graph=True)[0][:, axis] for axis in range(x.shape[1])
    )
    return ((laplacian - 1) ** 2).mean()


def ritz_loss(network: nn.Module, x: Tensor) -> Tensor:
    """Return the mean of |∇u|²/2 − u."""
    x = x.detach().requires_grad_()
    u = network(x).reshape(-1)
    (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return (slope.square().sum(1) / 2 - u).mean()


def regression_loss(network: nn.Module, x: Tensor) -> Tensor:
    """Return the mean of (u − sin(2x₀))²."""
    return (network(x).reshape(-1) - torch.sin(2 * x[:, 0])).square().mean()
