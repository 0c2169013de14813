"""The audit names the module at fault and the remedy."""

import pytest
import torch
from torch import nn

from audited_models import Cubed, Power, Recurrent, Rounded, mlp, points
from rectified.audit import audit

X = points(80)
SIDE = torch.linspace(-1, 1, 9, dtype=torch.float64)
GRID = torch.cartesian_prod(SIDE, SIDE)


class Nested(nn.Module):
    """Parts in lists and in other modules, called in another order than they are registered."""

    def __init__(self, part):
        super().__init__()
        torch.manual_seed(0)
        self.last = nn.Linear(8, 1)
        self.blocks = nn.ModuleList([nn.Linear(2, 8), nn.Sequential(nn.Tanh(), part)])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.last(x)


class OverPoints(nn.Module):
    """A convolution over the points of a grid."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 1, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x.T.reshape(1, 2, 9, 9)))).reshape(-1)


class Functional(nn.Module):
    """A straight-through estimator in its own forward."""

    def __init__(self):
        super().__init__()
        self.network = mlp()

    def forward(self, x):
        u = self.network(x)
        return u + (torch.sign(u) - u).detach()


def sequence(*parts):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), *parts, nn.Linear(8, 1))


@pytest.mark.parametrize(
    ("network", "module", "kind", "remedy"),
    [
        (sequence(nn.BatchNorm1d(8), nn.Tanh()), "1", "BatchNorm1d", r"eval()"),
        (sequence(nn.Tanh(), Rounded(), nn.Tanh()), "2", "Rounded", "straight-through"),
        (sequence(nn.Tanh(), nn.Tanh(), Cubed()), "3", "Cubed", "custom backward"),
        (Nested(Rounded()), "blocks.1.1", "Rounded", "straight-through"),
        (Nested(nn.BatchNorm1d(8)), "blocks.1.1", "BatchNorm1d", "reference set"),
        (Functional(), "", "Functional", "straight-through"),
        (OverPoints(), "first", "Conv2d", "derivatives='forward'"),
        (Recurrent(), "cell", "LSTM", "by itself"),
    ],
)
def test_first_module_at_fault_is_named(network, module, kind, remedy):
    found = audit(network, GRID if isinstance(network, OverPoints) else X)
    assert found.verdict == "inconsistent"
    assert (found.cause.module, found.cause.kind) == (module, kind)
    assert remedy in found.cause.remedy
    assert found.cause.remedy in str(found)


def test_consistent_networks_have_no_cause():
    assert audit(sequence(nn.Tanh()), X).cause is None


class Bar(nn.Module):
    """A network that vanishes on the ends of [−1, 1]."""

    def __init__(self, activation, functional=None):
        super().__init__()
        torch.manual_seed(2)
        self.network = nn.Sequential(nn.Linear(1, 12), activation, nn.Linear(12, 1))
        self.functional = functional or (lambda h: h)

    def forward(self, x):
        return (1 - x**2) * self.network(self.functional(x))


def energy(network, x):
    x = x.requires_grad_(True)
    u = network(x)
    (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return (slope**2 / 2 - u).mean()


def residual(network, x):
    x = x.requires_grad_(True)
    (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
    return ((second + 1) ** 2).mean()


@pytest.mark.parametrize(("activation", "order", "loss"), [(nn.ReLU(), 1, energy), (Power(2), 2, residual)])
def test_moving_kinks_of_an_integrand_are_traced_to_the_activation(activation, order, loss):
    found = audit(Bar(activation), points(100, 1), order=order, loss=loss, box=[[-1, 1]])
    assert found.verdict == "inconsistent"
    assert found.cause.module == "network.1"
    assert "integrate up to the kinks" in found.cause.remedy
    smooth = audit(Bar(nn.Tanh()), points(100, 1), order=order, loss=loss, box=[[-1, 1]])
    assert smooth.verdict == "consistent"


def test_a_wrong_loss_of_a_right_network_is_traced_to_the_loss():
    def detached(network, x):
        u = network(x)
        return (u * u.detach()).mean()

    found = audit(sequence(nn.Tanh()), X, order=0, loss=detached)
    assert found.verdict == "inconsistent"
    assert "check the loss, and how weights are computed" in found.cause.remedy
