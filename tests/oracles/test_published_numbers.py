"""Results of the Deep Ritz document against numbers from the literature and from independent computations.

Six seeds, N = 50, Adam at 5e-3, as in config.yaml; energies are exact integrals of the trained fields.
"""

import pytest
import torch

from builders import network, parameters, problem
from output_weights import solve_output_weights
from rectified.optimization import optimizers
from rectified.optimization.hessian import eigenpairs, hessian
from rectified.optimization.training_loop import Schedule, train
from rectified.ritz import loss_landscape
from rectified.ritz.energy import RegressionLoss, RitzEnergy, TrueErrors
from rectified.ritz.gradients import Autodiff, ritz_gradient
from rectified.ritz.quadrature import KinkAware, UniformGrid

NUMBERS = {"step": 1e-2, "order": 5, "panels": 10}


def trained(gradient, theta, epochs: int) -> torch.Tensor:
    optimizer = optimizers.build("adam", theta.clone())
    return train(optimizer, gradient, lambda t: {}, Schedule(epochs, 5e-3, record_every=epochs)).theta


def outcome(rule: str, k: int, epochs: int, activation: str = "relu", points: int = 100, theta=None):
    net, pde = network(activation), problem(f"sin({k}*pi*x)")
    gradient = ritz_gradient(rule, pde, net, points=points, **NUMBERS)
    theta = trained(gradient, parameters(net, 6) if theta is None else theta, epochs)
    return TrueErrors(pde, net)(theta)


@pytest.mark.parametrize(("k", "energy", "error"), [(1, -2.458, 1.2e-2), (2, -9.6745, 4.48e-2), (4, -31.82, 0.26)])
def test_autodiff_converges_to_a_wrong_energy(k, energy, error):
    found = outcome("autodiff", k, 5000)
    assert float(found.energy.median()) == pytest.approx(energy, rel=1.5e-3)
    assert float(found.relative_l2.median()) == pytest.approx(error, rel=0.05)


def test_finer_grid_does_not_reduce_the_error():
    found = outcome("autodiff", 2, 4000, points=1000)
    assert float(found.relative_l2.median()) == pytest.approx(4.66e-2, rel=0.1)


def test_kink_aware_training_reduces_the_error():
    found = outcome("kink_aware", 2, 5000)
    assert 1.4e-3 < float(found.relative_l2.median()) < 6.3e-3
    assert float(found.energy.median()) == pytest.approx(-9.8603, abs=0.01)


def test_finite_differences_reduce_the_error_partially():
    found = outcome("finite_difference", 2, 2000)
    assert float(found.energy.median()) == pytest.approx(-9.791, abs=0.02)
    assert float(found.relative_l2.median()) == pytest.approx(2.6e-2, rel=0.3)


@pytest.mark.parametrize(("k", "energy"), [(1, -2.4674), (4, -39.47)])
def test_tanh_solves_both_frequencies(k, energy):
    assert float(outcome("autodiff", k, 5000, "tanh").energy.median()) == pytest.approx(energy, rel=3e-4)


def test_energy_training_by_autodiff_departs_from_the_solution_and_kink_aware_training_improves_it():
    net, pde = network("relu"), problem()
    fit = Autodiff(RegressionLoss(pde, net, UniformGrid(100)), 100)
    start = trained(fit, parameters(net, 4), 5000)
    before = TrueErrors(pde, net)(start)
    away = outcome("autodiff", 2, 3000, theta=start)
    closer = outcome("kink_aware", 2, 3000, theta=start)
    assert before.relative_l2.median() < 2e-2
    assert float(away.energy.median()) == pytest.approx(-9.6752, abs=2e-3)
    assert float(away.relative_l2.median()) == pytest.approx(4.48e-2, rel=0.05)
    assert (closer.energy < before.energy).all()


def test_linear_solve_at_spread_kinks_of_alternating_sign_beats_that_of_random_sign_at_k_1():
    net, pde = network("relu"), problem("sin(pi*x)")
    theta = solve_output_weights(RitzEnergy(pde, net, KinkAware(net)), net, parameters(net, 1, "spread"))
    assert float(TrueErrors(pde, net)(theta).relative_l2) < 2.2e-4


@pytest.mark.parametrize(("k", "error"), [(2, 4.0e-4), (4, 3.75e-3)])
def test_linear_solve_at_spread_kinks(k, error):
    net, pde = network("relu"), problem(f"sin({k}*pi*x)")
    energy = RitzEnergy(pde, net, KinkAware(net))
    theta = solve_output_weights(energy, net, parameters(net, 1, "spread"))
    assert float(TrueErrors(pde, net)(theta).relative_l2) == pytest.approx(error, rel=0.25)


def test_landscape_around_the_fit_is_rough_only_on_the_grid():
    net, pde = network("relu", width=20), problem()
    fit = Autodiff(RegressionLoss(pde, net, UniformGrid(100)), 100)
    theta = trained(fit, parameters(net, 1, "spread"), 5000)[0]
    grid, exact = RitzEnergy(pde, net, UniformGrid(100)), RitzEnergy(pde, net, KinkAware(net))
    at_grid, at_exact = (eigenpairs(hessian(energy, theta)) for energy in (grid, exact))
    offsets = torch.linspace(-0.5, 0.5, 81, dtype=torch.float64)
    rough = [
        loss_landscape.roughness(loss_landscape.planes(energy, theta, at_grid.vectors, [(9, 19)], offsets, 2000))
        for energy in (grid, exact)
    ]
    assert at_grid.values[-1] < -0.5
    assert at_exact.values[-1] > -0.05
    assert float(rough[0]) > 5e-2
    assert float(rough[1]) < 1e-2
