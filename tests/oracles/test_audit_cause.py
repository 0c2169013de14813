"""The audit names the module at fault and the remedy."""

import pytest
import torch
from torch import nn

from audited_models import Cubed, Power, Recurrent, Rounded, mlp, points
from rectified.audit import audit
from rectified.errors import InvalidInputError

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


# --- losses that jump, and hooks ------------------------------------------------------------------------


class Interface(nn.Module):
    """A network and the position of an interface, both learned."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.network = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
        self.place = nn.Parameter(torch.tensor(0.13))

    def forward(self, x):
        return self.network(x)


def of_interface(network, x):
    return ((torch.where(x < network.place, 1.0, 3.0) - network(x)) ** 2).mean()


def of_level_set(network, x):
    u = network(x) - network(torch.zeros_like(x[:1])).detach()
    return (torch.where(u > 0, 1.0, 5.0) * (1 + x)).mean() + u.square().mean()


@pytest.mark.parametrize("loss", [of_interface, of_level_set])
def test_a_loss_that_jumps_at_a_moving_place_is_inconsistent(loss):
    """The derivative in the position of a jump is lost entirely, however smooth the network is."""
    found = audit(Interface(), points(100, 1), order=0, loss=loss, box=[[-1, 1]])
    assert found.verdict == "inconsistent"
    if loss is of_interface:
        assert found.data.parameters["place"].mismatch == pytest.approx(1, abs=1e-3)


def test_a_loss_with_fixed_jumps_and_moving_kinks_is_consistent():
    def loss(network, x):
        return (torch.where(x < 0.1, 1.0, 3.0) * network(x).abs()).mean()

    assert audit(Interface().network, points(100, 1), order=0, loss=loss, box=[[-1, 1]]).verdict == "consistent"


class Front(nn.Module):
    """A front of given steepness that moves with a learned speed."""

    def __init__(self, steepness: float):
        super().__init__()
        self.steepness, self.speed = (nn.Parameter(torch.tensor(value)) for value in (steepness, 0.7))

    def forward(self, x):
        return torch.sigmoid(self.steepness * (x[:, :1] - 0.1 - self.speed * x[:, 1:]))


@pytest.mark.parametrize("steepness", [20.0, 60.0, 200.0, 500.0, 1000.0])
def test_a_loss_with_a_moving_kink_in_a_steep_front_is_not_inconsistent(steepness):
    """A flux with a bend at u = 0.6: the integrand is continuous, but nearly jumps between few points."""

    def loss(network, x):
        x = x.requires_grad_()
        u = network(x)
        (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        speed = 0.7 + (u[:, 0] > 0.6) * 3 * (u[:, 0] - 0.6)
        return ((slope[:, 1] + speed * slope[:, 0]) / network.steepness).square().mean()

    found = audit(Front(steepness), points(200, 2), loss=loss, box=[[0, 1], [0, 1]])
    assert found.verdict == ("consistent" if steepness <= 200 else "undetermined")


def test_hooks_of_parameters_are_kept():
    network = sequence(nn.Tanh())
    network[0].weight.register_hook(lambda gradient: 0 * gradient)
    found = audit(network, X, order=0, loss=lambda network, x: network(x).square().mean())
    assert found.verdict == "inconsistent"
    assert found.measure("parameter gradient").remark == "in 0.weight"


def test_random_losses_are_refused():
    with pytest.raises(InvalidInputError, match="loss must be deterministic"):
        audit(sequence(nn.Tanh()), X, order=0, loss=lambda network, x: network(torch.rand_like(x)).mean())


class Attention(nn.Module):
    """Attention over the points."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.up, self.attention, self.last = (
            nn.Linear(2, 8),
            nn.MultiheadAttention(8, 2, batch_first=True),
            nn.Linear(8, 1),
        )

    def forward(self, x):
        tokens = self.up(x)[None]
        return self.last(self.attention(tokens, tokens, tokens)[0][0])


def test_parts_with_several_arguments_are_named():
    found = audit(Attention(), X, order=1)
    assert (found.cause.module, found.cause.kind) == ("attention", "MultiheadAttention")


class Stream(nn.Module):
    """A velocity that is the curl of a stream function, which differentiates in its forward."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, x):
        if not x.requires_grad:
            x.requires_grad_()
        (gradient,) = torch.autograd.grad(self.network(x).sum(), x, create_graph=True)
        return torch.stack([gradient[:, 1], -gradient[:, 0]], 1)


def test_networks_that_differentiate_in_their_forward_are_audited():
    assert audit(Stream(), X).verdict == "consistent"
