"""Newton's method in the kinks: its blocks against automatic differentiation, descent, and the limits of splines."""

import numpy as np
import pytest
import scipy.optimize
import torch

from builders import network, parameters, problem
from output_weights import solve_output_weights
from rectified.errors import InvalidInputError
from rectified.optimization.hessian import hessian
from rectified.optimization.training_loop import Schedule, train
from rectified.ritz import spline_limits
from rectified.ritz.block_newton import BlockNewton
from rectified.ritz.energy import RitzEnergy, TrueErrors
from rectified.ritz.gradients import ritz_gradient
from rectified.ritz.kink_blocks import KinkBlocks
from rectified.ritz.quadrature import KinkAware, UniformGrid

ALIVE = torch.ones(1, dtype=torch.bool)


def trained(pde, width: int, projected: bool = True, epochs: int = 80, seeds: int = 1, kinks: str = "spread"):
    """The network, its history and the gap of its energy, by seed."""
    net = network("relu", width=width)
    gradient = ritz_gradient("kink_aware", pde, net, points=100, step=1e-2, order=5, panels=10)
    optimizer = BlockNewton(parameters(net, seeds, kinks), gradient.objective, projected)
    history = train(optimizer, gradient, lambda theta: {}, Schedule(epochs, 1.0, record_every=1))
    return net, history, TrueErrors(pde, net)(history.theta).energy - pde.minimum_energy


def gap(*args, **options) -> float:
    return float(trained(*args, **options)[2][0])


@pytest.mark.parametrize("start", ["random", "stratified"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "abs"])
def test_blocks_are_those_of_automatic_differentiation(activation, start):
    """With t = (z − b)/a and fixed a, ∂/∂t = −a ∂/∂b. The Hessian of the energy itself is computed by autodiff."""
    width = 7
    pde, net = problem("sin(2*pi*x)*exp(x)", "1 + x/2 + x**2"), network(activation, width=width)
    energy = RitzEnergy(pde, net, KinkAware(net, 8, 20))
    for row in parameters(net, 3, start):
        matrix, slope = hessian(energy, row), torch.func.grad(lambda r: energy(r[None])[0])(row)
        a, b, c = row[:width], slice(width, 2 * width), slice(2 * width, 3 * width)
        blocks, found = KinkBlocks(energy), KinkBlocks(energy)(row)
        pairs = [
            (found.gradient, -a * slope[b]),
            (found.kinks, a[:, None] * a * matrix[b, b]),
            (found.mixed, -a[:, None] * matrix[b, c]),
            (blocks.weight_system(row).stiffness, matrix[c, c]),
            (blocks.weight_system(row).load, matrix[c, c] @ row[c] - slope[c]),
        ]
        for mine, expected in pairs:
            torch.testing.assert_close(mine, expected, rtol=1e-10, atol=1e-12 * float(expected.abs().max()))


@pytest.mark.parametrize("projected", [True, False])
def test_energy_never_increases_and_kinks_keep_their_order(projected):
    net, history, _ = trained(problem(), 12, projected, 40, seeds=4, kinks="stratified")
    energies = history.records["objective"]
    assert (np.diff(energies, axis=0) <= 1e-13 * np.abs(energies).max()).all()
    before, after = (
        (-rows[:, 12:24] / rows[:, :12]).argsort(1) for rows in (parameters(net, 4, "stratified"), history.theta)
    )
    assert torch.equal(before, after)


def test_first_iteration_solves_for_the_output_weights():
    pde, net = problem(), network("relu", width=9)
    gradient = ritz_gradient("kink_aware", pde, net, points=100, step=1e-2, order=5, panels=10)
    start = parameters(net, 1, "stratified")
    expected = solve_output_weights(gradient.objective, net, start)
    optimizer = BlockNewton(start.clone(), gradient.objective)
    found = optimizer._with_best_weights(start[0])
    assert float(gradient(found[None])[0]) == pytest.approx(float(gradient(expected)[0]), rel=1e-12)
    optimizer.step(gradient, ALIVE, 1.0)
    assert gradient(optimizer.theta)[0] < gradient(expected)[0]


def test_convergence_is_quadratic_if_the_weights_are_projected_out():
    """The gradient in the kinks, at the best weights, falls to rounding within ten steps from 1e-2 of its start."""
    pde, net = problem(), network("relu", width=10)
    gradient = ritz_gradient("kink_aware", pde, net, points=100, step=1e-2, order=5, panels=10)
    steps = {}
    for projected in (True, False):
        optimizer, norms = BlockNewton(parameters(net, 1, "spread"), gradient.objective, projected), []
        for _ in range(60):
            optimizer.step(gradient, ALIVE, 1.0)
            norms.append(float(optimizer.blocks(optimizer.theta[0]).gradient.norm()))
        norms = np.array(norms) / norms[0]
        steps[projected] = int((norms > 1e-9).sum() - (norms > 1e-2).sum())
    assert steps[True] <= 10 < steps[False], steps


@pytest.mark.parametrize("width", [5, 7, 10, 11, 12, 13, 15, 25])
def test_projected_newton_loses_less_than_a_knot_at_even_and_odd_widths(width):
    """N neurons have 2N degrees of freedom, as many as a linear spline with N − 1 knots and free values at the ends."""
    pde = problem("sin(pi*x)")
    limits = spline_limits.free_knots(pde, "x*(1 - x)", np.array([width, width - 1]))
    assert limits[0] < gap(pde, width) < limits[1]


@pytest.mark.parametrize("frequency", [1, 2, 4])
def test_projected_newton_reaches_the_free_knot_limit(frequency):
    pde = problem(f"sin({frequency}*pi*x)")
    limit = spline_limits.free_knots(pde, "x*(1 - x)", np.array([50]))[0]
    assert 0.9 * limit < gap(pde, 50, epochs=40) < 1.2 * limit


@pytest.mark.parametrize("width", [5, 8, 11])
def test_projected_newton_is_as_good_as_a_search_over_kinks_from_many_starts(width):
    """The search is over the kinks alone: for given kinks the best output weights solve a least-squares problem."""
    nodes, weights = np.polynomial.legendre.leggauss(6)

    def distance_to_solution(kinks: np.ndarray) -> float:
        ends = np.unique(np.concatenate([np.linspace(0, 1, 9), kinks.clip(0, 1)]))
        x = (ends[:-1, None] + np.diff(ends)[:, None] * (1 + nodes) / 2).ravel()
        root = np.sqrt((np.diff(ends)[:, None] * weights / 2).ravel())
        sides = np.where(np.arange(width) < width / 2, 1.0, -1.0)
        distance = sides * (x[:, None] - kinks)
        slopes = (1 - 2 * x)[:, None] * distance.clip(0) + (x * (1 - x))[:, None] * sides * (distance > 0)
        target = np.pi * np.cos(np.pi * x)
        residual = root * (target - slopes @ np.linalg.lstsq(root[:, None] * slopes, root * target)[0])
        return 0.5 * residual @ residual

    random = np.random.default_rng(0)
    starts = [np.sort(random.random(width)) for _ in range(8)] + [(np.arange(width) + 0.5) / width]
    best = min(scipy.optimize.minimize(lambda t: 1e4 * distance_to_solution(t), start).fun / 1e4 for start in starts)
    assert gap(problem("sin(pi*x)"), width) == pytest.approx(best, rel=1e-3)


def test_neurons_without_slope_or_outside_the_domain_are_harmless():
    net = network("relu", width=6)
    gradient = ritz_gradient("kink_aware", problem(), net, points=100, step=1e-2, order=5, panels=10)
    theta = parameters(net, 1, "spread")
    theta[0, 0], theta[0, 7] = 0, 3 * theta[0, 1].sign()  # no kink, and one beyond the domain
    optimizer = BlockNewton(theta, gradient.objective)
    values = [float(optimizer.step(gradient, ALIVE, 1.0)) for _ in range(20)]
    assert bool(optimizer.theta.isfinite().all())
    assert values[-1] < values[1] < values[0]


def test_a_network_that_is_zero_on_the_domain_stops():
    net = network("relu", width=3)
    gradient = ritz_gradient("kink_aware", problem(), net, points=100, step=1e-2, order=5, panels=10)
    theta = net.row({"a": torch.ones(1, 3), "b": torch.full((1, 3), -2.0), "c": torch.ones(1, 3)}).double()
    optimizer = BlockNewton(theta, gradient.objective)
    assert [float(optimizer.step(gradient, ALIVE, 1.0)) for _ in range(2)] == [0, 0]
    assert optimizer.stopped.all()


@pytest.mark.parametrize(
    ("activation", "hidden_layers", "rule"),
    [("tanh", 1, KinkAware), ("relu", 2, KinkAware), ("hat", 1, KinkAware), ("relu", 1, None)],
)
def test_other_energies_are_refused(activation, hidden_layers, rule):
    net = network(activation, width=4, hidden_layers=hidden_layers)
    energy = RitzEnergy(problem(), net, rule(net) if rule else UniformGrid(50))
    with pytest.raises(InvalidInputError, match="piecewise linear activation with one kink"):
        BlockNewton(parameters(net), energy)
