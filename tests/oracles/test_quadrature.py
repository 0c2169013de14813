"""Quadrature rules: observed orders of convergence, and the kinks they resolve."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from builders import network, parameters, problem
from rectified.ritz.energy import RegressionLoss, RitzEnergy, TrueErrors
from rectified.ritz.quadrature import KinkAware, UniformGrid


def orders(errors: list[float]) -> np.ndarray:
    """Return observed orders of convergence when the step is halved from one error to the next."""
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "abs", "hat", "relu2"])
def test_energy_agrees_with_adaptive_quadrature(activation):
    net = network(activation, width=6)
    theta = parameters(net, seeds=1)
    pde = problem(coefficient="1 + x/2")
    inside = [float(k) for k in net.kinks(theta)[0] if 0 < k < 1]

    def density(x: float) -> float:
        point = torch.tensor([[x]], dtype=torch.float64)
        u, du = (float(f) for f in net.fields(theta, point))
        coefficient, source = 1 + x / 2, float(_source(pde, x))
        return 0.5 * coefficient * du**2 - source * u

    expected, _ = quad(density, 0, 1, points=inside, limit=400, epsabs=1e-12, epsrel=1e-12)
    assert float(TrueErrors(pde, net)(theta).energy) == pytest.approx(expected, abs=1e-9)


def _source(pde, x):
    from rectified.formulas import expressions

    return expressions.sample(pde.source, [x])[0]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_kink_aware_converges_at_twice_its_order(order):
    net = network("relu", width=8)
    theta = parameters(net, seeds=3)
    pde = problem("x*(1 - x)*exp(3*x)", "1 + x/2")
    exact = RitzEnergy(pde, net, KinkAware(net, 16, 64))(theta)
    errors = [
        float((RitzEnergy(pde, net, KinkAware(net, order, panels))(theta) - exact).norm()) for panels in (32, 64, 128)
    ]
    assert orders(errors) == pytest.approx(2 * order, abs=0.3)


def test_grid_converges_at_first_order_for_relu_and_at_second_order_for_tanh():
    rates = {}
    for activation in ("relu", "tanh"):
        net = network(activation, width=20)
        theta = parameters(net, seeds=1000)  # 100 measure the rate of ReLU to ±0.06 only
        exact = TrueErrors(problem(), net)(theta).energy
        sizes = (101, 401, 1601)
        errors = [float((RitzEnergy(problem(), net, UniformGrid(m))(theta) - exact).norm()) for m in sizes]
        rates[activation] = (orders(errors) / 2).mean()
    assert rates["tanh"] == pytest.approx(2, abs=0.1)
    assert rates["relu"] == pytest.approx(1, abs=0.15)


def test_regression_loss_of_a_zero_network_is_the_norm_of_the_solution():
    net = network("relu")
    theta = torch.zeros(1, net.parameters, dtype=torch.float64)
    loss = RegressionLoss(problem(), net, KinkAware(net, 8, 16))(theta)
    assert float(loss) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "hat"])
def test_all_kinks_are_found_and_no_others(activation, hidden_layers):
    net = network(activation, width=7, hidden_layers=hidden_layers)
    theta = parameters(net, seeds=4)
    kinks = net.kinks(theta).detach()
    x = torch.linspace(0, 1, 20001, dtype=torch.float64)[None].expand(4, -1)
    with torch.no_grad():
        _, slope = net.output(theta, x)
    for row in range(4):
        inside = kinks[row][(kinks[row] > 0) & (kinks[row] < 1)]
        cells = set(torch.searchsorted(x[0].contiguous(), inside.contiguous()).tolist())
        jumps = slope[row].diff().abs() > 1e-9 * slope[row].abs().max()
        seen = {index + 1 for index in jumps.nonzero().flatten().tolist()}
        assert seen <= cells
        assert len(cells - seen) <= 0.02 * len(cells) + 1
