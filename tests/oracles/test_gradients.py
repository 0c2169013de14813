"""The four gradients against each other, against nested autodiff, and against the exact energy."""

import pytest
import torch

from builders import network, parameters, problem
from rectified.errors import InvalidInputError
from rectified.ritz.closed_form_gradient import ClosedFormGradient
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.gradients import (
    Autodiff,
    FiniteDifference,
    NeuronwiseFiniteDifference,
    ritz_gradient,
    steps_within_kinks,
)
from rectified.ritz.pointwise_gradient import DiscreteDelta, PointwiseGradient
from rectified.ritz.quadrature import Gauss, KinkAware, UniformGrid

NUMBERS = {"points": 100, "step": 1e-2, "order": 5, "panels": 10}


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / b.norm())


def central_differences(energy, theta: torch.Tensor, step: float) -> torch.Tensor:
    """Fourth-order central differences of the energy, one parameter at a time."""

    def shifted(index: int, size: float) -> torch.Tensor:
        moved = theta.clone()
        moved[:, index] += size
        return energy(moved)

    with torch.no_grad():
        columns = [
            (8 * (shifted(i, step) - shifted(i, -step)) - (shifted(i, 2 * step) - shifted(i, -2 * step))) / (12 * step)
            for i in range(theta.shape[1])
        ]
    return torch.stack(columns, 1)


CASES = [
    (activation, 1) for activation in ("relu", "leaky_relu", "abs", "hat", "stairs", "bent", "relu2", "tanh", "mrepu1")
]


@pytest.mark.parametrize("coefficient", ["1", "1 + x/2"])
@pytest.mark.parametrize(("activation", "hidden_layers"), [*CASES, ("relu", 2), ("relu", 3), ("leaky_relu", 2)])
def test_kink_aware_gradient_is_that_of_the_exact_energy(activation, hidden_layers, coefficient):
    net = network(activation, width=8, hidden_layers=hidden_layers)
    theta = parameters(net)
    pde = problem(coefficient=coefficient)
    _, gradient = ritz_gradient("kink_aware", pde, net, **NUMBERS)(theta)
    exact = RitzEnergy(pde, net, KinkAware(net, 8, 64))
    step = 1e-4 if hidden_layers == 1 else 1e-6
    assert relative(gradient, central_differences(exact, theta, step)) < 1e-8


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "hat", "bent", "tanh", "relu2", "mish"])
@pytest.mark.parametrize("hidden_layers", [1, 2])
def test_autodiff_agrees_with_nested_autodiff_of_plain_torch(activation, hidden_layers):
    net = network(activation, width=8, hidden_layers=hidden_layers)
    theta, pde = parameters(net), problem()
    grid = UniformGrid(100)
    rows = theta.clone().requires_grad_(True)
    x = grid.points[0].clone().requires_grad_(True)
    sigma = net.activation.values_and_slopes
    energies = []
    for row in range(len(rows)):
        p = {name: block[row] for name, block in net.blocks(rows).items()}
        h = sigma(x[:, None] * p["a"] + p["b"])[0]
        for layer in range(2, hidden_layers + 1):
            h = sigma(h @ p[f"W{layer}"].T + p[f"v{layer}"])[0]
        u = x * (1 - x) * (h @ p["c"])
        (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        source = 4 * torch.pi**2 * torch.sin(2 * torch.pi * x)
        energies.append((grid.weights[0] * (0.5 * du**2 - source * u)).sum())
    (expected,) = torch.autograd.grad(sum(energies), rows)
    value, gradient = ritz_gradient("autodiff", pde, net, **NUMBERS)(theta)
    torch.testing.assert_close(value, torch.stack(energies).detach(), rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-11)


def block_errors(activation: str, rule: str, points: int = 10_000) -> dict[str, float]:
    net = network(activation)
    theta = parameters(net, seeds=3)
    reference = net.blocks(Autodiff(RitzEnergy(problem(), net, KinkAware(net, 8, 64)), 0)(theta)[1])
    found = net.blocks(ritz_gradient(rule, problem(), net, **NUMBERS | {"points": points})(theta)[1])
    return {name: relative(found[name], reference[name]) for name in "abc"}


def test_autodiff_of_relu_is_exact_for_c_and_wrong_for_a_and_b_on_any_grid():
    for points in (1000, 10_000, 100_000):
        errors = block_errors("relu", "autodiff", points)
        assert errors["c"] < 10 / points
        assert errors["a"] > 1e-3
        assert errors["b"] > 1e-3


def test_autodiff_of_tanh_is_exact_for_all_blocks():
    assert max(block_errors("tanh", "autodiff").values()) < 1e-6


def test_discrete_delta_is_closer_than_autodiff_but_does_not_converge():
    fine, finer = (block_errors("relu", "discrete_delta", points) for points in (30_000, 100_000))
    wrong = block_errors("relu", "autodiff", 100_000)
    for name in "ab":
        assert finer[name] < 0.3 * wrong[name]
        assert finer[name] == pytest.approx(fine[name], rel=0.2)


def test_discrete_delta_error_is_half_the_jump_of_each_neuron_on_any_grid():
    """It takes the one-sided slope at a kink, whereas the derivative of the integral takes the mean of both sides."""
    net = network("relu")
    theta = parameters(net, seeds=1)
    exact = net.blocks(ClosedFormGradient(RitzEnergy(problem(), net, KinkAware(net, 8, 64)))(theta)[1])["b"]
    found = net.blocks(ritz_gradient("discrete_delta", problem(), net, **NUMBERS | {"points": 300_001})(theta)[1])["b"]
    p = net.blocks(theta)
    kinks = -p["b"] / p["a"]
    inside = (kinks > 0) & (kinks < 1)
    expected = 0.5 * (kinks * (1 - kinks)) ** 2 * p["c"] ** 2 * p["a"].abs()
    torch.testing.assert_close((found - exact).abs()[inside], expected[inside], rtol=0.05, atol=1e-6)


@pytest.mark.parametrize("coefficient", ["1", "1 + x/2"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "hat", "stairs", "relu2", "tanh", "gelu"])
def test_the_pointwise_gradient_equals_automatic_differentiation(activation, coefficient):
    net = network(activation, width=15)
    theta = parameters(net, seeds=5)
    for rule in (UniformGrid(100), Gauss(4, 25)):
        energy = RitzEnergy(problem(coefficient=coefficient), net, rule)
        for mine, theirs in zip(PointwiseGradient(energy)(theta), Autodiff(energy, 100)(theta)):
            torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-12)


def test_discrete_deltas_need_a_uniform_grid():
    with pytest.raises(InvalidInputError, match="quadrature must be a uniform grid; got Gauss"):
        DiscreteDelta(RitzEnergy(problem(), network("relu"), Gauss(4, 25)))


def test_discrete_delta_of_a_smooth_activation_equals_autodiff():
    net = network("tanh")
    theta = parameters(net)
    by_hand = ritz_gradient("discrete_delta", problem(), net, **NUMBERS)(theta)
    automatic = ritz_gradient("autodiff", problem(), net, **NUMBERS)(theta)
    for mine, theirs in zip(by_hand, automatic):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "tanh", "hat"])
def test_neuronwise_differences_equal_plain_ones(activation):
    net = network(activation, width=12)
    theta = parameters(net, seeds=3)
    energy = RitzEnergy(problem(coefficient="1 + x/2"), net, UniformGrid(100))
    plain = FiniteDifference(energy, 1e-2, 100, net)(theta)
    quick = NeuronwiseFiniteDifference(energy, 1e-2)(theta)
    for mine, theirs in zip(quick, plain):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-11)


def test_differences_of_a_smooth_energy_converge_at_second_order():
    net = network("tanh", width=10)
    theta = parameters(net)
    _, exact = ritz_gradient("autodiff", problem(), net, **NUMBERS)(theta)
    errors = [
        relative(ritz_gradient("finite_difference", problem(), net, **NUMBERS | {"step": step})(theta)[1], exact)
        for step in (2e-2, 1e-2)
    ]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_discrete_delta_requires_one_hidden_layer():
    net = network("relu", hidden_layers=2)
    energy = RitzEnergy(problem(), net, UniformGrid(100))
    with pytest.raises(ValueError, match="hidden_layers must be 1"):
        DiscreteDelta(energy)


def test_an_unknown_gradient_is_refused():
    with pytest.raises(InvalidInputError, match=r"unknown gradient 'autograd'; it must be one of autodiff, "):
        ritz_gradient("autograd", problem(), network("relu"), **NUMBERS)


def test_networks_of_a_batch_are_independent():
    net = network("relu")
    theta = parameters(net, seeds=4)
    for rule in ("autodiff", "discrete_delta", "finite_difference", "kink_aware"):
        gradient = ritz_gradient(rule, problem(), net, **NUMBERS)
        _, together = gradient(theta)
        for row in range(4):
            torch.testing.assert_close(gradient(theta[row : row + 1])[1][0], together[row], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("coefficient", ["1", "1 + x/2"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "abs", "hat", "stairs"])
def test_closed_form_by_leibniz_equals_autodiff_through_the_moving_ends(activation, coefficient):
    net = network(activation, width=15)
    theta = parameters(net, seeds=5)
    theta[0, 3] = 0.0  # a neuron without a kink
    energy = RitzEnergy(problem(coefficient=coefficient), net, KinkAware(net, 6, 20))
    value, gradient = ClosedFormGradient(energy)(theta)
    expected_value, expected = Autodiff(energy, 0)(theta)
    torch.testing.assert_close(value, expected_value, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("activation", ["tanh", "relu2", "bent"])
def test_closed_form_is_rejected_for_unsupported_activations(activation):
    net = network(activation, width=4)
    with pytest.raises(InvalidInputError, match="closed-form"):
        ClosedFormGradient(RitzEnergy(problem(), net, KinkAware(net)))


@pytest.mark.parametrize("activation", ["relu", "hat", "tanh"])
def test_steps_of_the_check_move_no_kink_across_another_or_an_end(activation):
    net = network(activation, width=12)
    theta = parameters(net)[0]
    steps = steps_within_kinks(net, theta, 0.02)
    points = torch.as_tensor(net.activation.kink_points, dtype=theta.dtype)

    def order(row: torch.Tensor) -> list[int]:
        p = net.blocks(row[None])
        kinks = ((points - p["b"][0, :, None]) / p["a"][0, :, None]).flatten()
        return torch.cat([kinks, torch.tensor(net.domain, dtype=theta.dtype)]).argsort().tolist()

    shifts = torch.diag(steps)
    assert {tuple(order(theta + sign * shift)) for shift in shifts for sign in (-1, 1)} == {tuple(order(theta))}
    assert (steps > 0).all()
    assert (steps <= 0.02).all()
    assert (steps == 0.02).all() == (activation == "tanh")
    assert (net.blocks(steps[None])["c"] == 0.02).all()
