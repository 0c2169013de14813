"""Jets of networks and their gradients against nested automatic differentiation of a plain network."""

import pytest
import torch

from builders import CUSTOM
from rectified.errors import InvalidInputError
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.jets import Jets
from rectified.networks.mlp import MLP, initial_parameters

X, T = 0, 1
ACTIVATIONS = ["tanh", "gelu", "mrepu2", "relu2", "relu", "leaky_relu", "bent", "mish"]
POINTS = 40


def network(activation: str, hidden_layers: int = 3) -> MLP:
    return MLP(2, 6, hidden_layers, torch_activation(activations.get(activation, CUSTOM)))


def parameters(net: MLP, seeds: int = 3) -> torch.Tensor:
    return initial_parameters(net, range(seeds), [0.8] * net.layers, 0.3, "tests")


def points(networks: int = 1) -> torch.Tensor:
    return 2 * torch.rand(networks, 2, POINTS, generator=torch.Generator().manual_seed(7), dtype=torch.float64) - 1


def derivative(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return ∂value/∂x summed over points, or zeros if value does not depend on x."""
    if not value.requires_grad:
        return torch.zeros_like(x)
    (found,) = torch.autograd.grad(value.sum(), x, create_graph=True, allow_unused=True)
    return torch.zeros_like(x) if found is None else found


def nested(net: MLP, row: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return u, u_x, u_t, u_xx, u_tt of one network at points [2, points], by automatic differentiation twice."""
    p = {name: block[0] for name, block in net.blocks(row[None]).items()}
    x = x.clone().requires_grad_(True)
    h = x
    for layer in range(1, net.layers):
        h = net.activation.values(p[f"W{layer}"] @ h + p[f"b{layer}"][:, None])
    u = (p[f"W{net.layers}"] @ h + p[f"b{net.layers}"][:, None])[0]
    first = derivative(u, x)
    second = [derivative(first[i], x)[i] for i in (X, T)]
    return torch.stack([u, first[X], first[T], *second])


@pytest.mark.parametrize("hidden_layers", [1, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_jets_agree_with_nested_autodiff(activation, hidden_layers):
    net = network(activation, hidden_layers)
    theta, x = parameters(net), points()
    found = Jets(net, (X, T), (X, T))(theta, x)
    expected = torch.stack([nested(net, row, x[0]) for row in theta])
    torch.testing.assert_close(found, expected.detach(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_threefold_autodiff(activation):
    net = network(activation)
    theta, x = parameters(net), points()
    weights = torch.randn(3, 4, POINTS, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    rows = theta.clone().requires_grad_(True)
    sums = torch.stack([(w * nested(net, row, x[0])[:4]).sum(0) for row, w in zip(rows, weights)])
    expected = torch.stack([torch.autograd.grad(s, rows, retain_graph=True)[0] for s in sums.sum(0)], -1)
    tape = Jets(net, (X, T), (X,)).record(theta, x)
    torch.testing.assert_close(tape.gradients(weights), expected, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(tape.gradient(weights), expected.sum(-1), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("activation", ["tanh", "mrepu2", "relu"])
def test_jets_are_differentiable_by_autograd(activation):
    net = network(activation)
    jets, x = Jets(net, (X, T), (X,)), points()
    theta = parameters(net).requires_grad_(True)
    (expected,) = torch.autograd.grad(jets(theta, x).sum(), theta)
    tape = jets.record(theta.detach(), x)
    torch.testing.assert_close(tape.gradient(torch.ones_like(tape.values)), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("first", "second"), [((), ()), ((T,), ()), ((T, X), (T,)), ((X,), (X,))])
def test_components_are_those_requested_in_that_order(first, second):
    net = network("tanh")
    theta, x = parameters(net), points()
    u, u_x, u_t, u_xx, u_tt = Jets(net, (X, T), (X, T))(theta, x).unbind(1)
    expected = torch.stack([u, *[(u_x, u_t)[i] for i in first], *[(u_xx, u_tt)[i] for i in second]], 1)
    jets = Jets(net, first, second)
    assert jets.components == expected.shape[1]
    tape = jets.record(theta, x)
    torch.testing.assert_close(tape.values, expected, rtol=1e-13, atol=1e-14)
    assert torch.equal(tape.values, jets(theta, x))
    weights = torch.ones_like(expected)
    torch.testing.assert_close(tape.gradients(weights).sum(-1), tape.gradient(weights), rtol=1e-12, atol=1e-13)


def test_jet_values_equal_network_values():
    net = network("gelu")
    theta, x = parameters(net), points()
    torch.testing.assert_close(Jets(net)(theta, x)[:, 0], net.output(theta, x), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_second_derivatives_of_piecewise_linear_networks_are_zero(activation):
    net = network(activation)
    jets = Jets(net, (X, T), (X,))
    assert (jets(parameters(net), points())[:, 3] == 0).all()
    tape = jets.record(parameters(net), points())
    only_u_xx = torch.tensor([0, 0, 0, 1.0], dtype=torch.float64)[None, :, None].expand(3, -1, POINTS)
    assert (tape.gradient(only_u_xx) == 0).all()


def test_each_network_can_have_its_own_points():
    net = network("tanh")
    theta, x = parameters(net), points(3)
    jets = Jets(net, (X, T), (X,))
    together = jets.record(theta, x)
    for row in range(3):
        alone = jets.record(theta[row : row + 1], x[row : row + 1])
        weights = torch.ones_like(alone.values)
        torch.testing.assert_close(together.values[row], alone.values[0], rtol=1e-13, atol=1e-14)
        of_all = together.gradient(weights.expand(3, -1, -1))[row]
        torch.testing.assert_close(of_all, alone.gradient(weights)[0], rtol=1e-12, atol=1e-13)


def test_jets_preserve_single_precision():
    net = network("gelu")
    tape = Jets(net, (X, T), (X,)).record(parameters(net).float(), points().float())
    assert tape.values.dtype == torch.float32
    assert tape.gradient(torch.ones_like(tape.values)).dtype == torch.float32


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((), (X,), r"must be among the first derivatives \[\]; got \[0\]"),
        ((2,), (), r"between 0 and 1; got \[2\]"),
        ((-1,), (), r"between 0 and 1; got \[-1\]"),
    ],
)
def test_invalid_derivatives_raise(first, second, message):
    with pytest.raises(InvalidInputError, match=message):
        Jets(network("tanh"), first, second)
