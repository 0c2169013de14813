"""Problems, limits, Hessians and landscapes against closed forms and independent computations."""

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy
import torch

from builders import network, parameters, problem
from output_weights import solve_output_weights
from rectified.errors import InvalidInputError
from rectified.optimization.hessian import eigenpairs, hessian
from rectified.problems.elliptic import EllipticProblem, X
from rectified.ritz import loss_landscape, spline_limits
from rectified.ritz.energy import RitzEnergy, TrueErrors
from rectified.ritz.fast_grid_energy import FastGridEnergy
from rectified.ritz.gradients import Autodiff
from rectified.ritz.quadrature import KinkAware, UniformGrid


@pytest.mark.parametrize(("k", "expected"), [(1, -2.467401), (2, -9.869604), (4, -39.478418)])
def test_minimum_energy_of_sines(k, expected):
    pde = problem(f"sin({k}*pi*x)")
    assert pde.minimum_energy == pytest.approx(-((k * np.pi) ** 2) / 4, rel=1e-13)
    assert pde.minimum_energy == pytest.approx(expected, abs=1e-6)


def test_source_satisfies_the_strong_form():
    pde = problem("x*(1 - x)*exp(x)", "1 + x/2")
    flux = pde.coefficient * sympy.diff(pde.solution, X)
    assert sympy.simplify(sympy.diff(flux, X) + pde.source) == 0


def test_every_field_has_more_energy_than_the_solution():
    net = network("tanh", width=5)
    for pde in (problem(), problem(coefficient="1 + x/2")):
        energies = TrueErrors(pde, net)(parameters(net, seeds=50)).energy
        assert (energies > pde.minimum_energy).all()


@pytest.mark.parametrize(
    ("solution", "coefficient", "message"),
    [
        ("cos(pi*x)", "1", "boundary condition"),
        ("sin(pi*x)", "x - 1/2", "positive"),
        ("abs(x - 1/2) - 1/2", "1", "kink"),
        ("sin(pi*x)*log(x)", "1", "finite"),
    ],
)
def test_invalid_problems_are_rejected(solution, coefficient, message):
    with pytest.raises(InvalidInputError, match=message):
        EllipticProblem(solution, coefficient)


@pytest.mark.parametrize(("k", "uniform", "free"), [(2, 1.74e-3, 1.24e-3), (4, 0.1174, 0.0644)])
def test_spline_limits_agree_with_known_values(k, uniform, free):
    pde = problem(f"sin({k}*pi*x)")
    knots = np.array([50])
    assert spline_limits.uniform_knots(pde, "x*(1 - x)", knots)[0] == pytest.approx(uniform, rel=3e-3)
    assert spline_limits.free_knots(pde, "x*(1 - x)", knots)[0] == pytest.approx(free, rel=5e-3)


@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_free_knot_limit_of_a_power_is_a_beta_function(power):
    """With w'' = yᵐ, y = x − 1/2 and D = 1/4 − y², ∫ (D²w''²)^(1/3) dx is a beta integral in 4y²."""
    pde = problem(f"x*(1 - x)*(x - 1/2)**{power + 2}/{(power + 1) * (power + 2)}")
    second = power / 3 + 1 / 2
    integral = 0.25 ** (2 / 3 + second) * scipy.special.beta(5 / 3, second)
    limits = spline_limits.free_knots(pde, "x*(1 - x)", np.array([1, 10]))
    np.testing.assert_allclose(limits, integral**3 / 24 / np.array([1, 100]), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 4])
def test_free_knot_limit_agrees_with_tanh_sinh_quadrature_between_the_zeros(k):
    pde, x = problem(f"sin({k}*pi*x)", "1 + x/2"), sympy.Symbol("x")
    curvature = x * (1 - x) * sympy.diff(sympy.sin(k * sympy.pi * x) / (x * (1 - x)), x, 2)
    function = sympy.lambdify(x, curvature, modules="mpmath")
    with mpmath.workdps(30):
        grid = [mpmath.mpf(i) / 331 for i in range(1, 331)]
        signs = [mpmath.sign(function(point)) for point in grid]
        cells = [i for i in range(329) if signs[i] != signs[i + 1]]
        zeros = [mpmath.findroot(function, (grid[i], grid[i + 1]), solver="ridder") for i in cells]
        cuts = [mpmath.mpf(1) / 10**12, *zeros, 1 - mpmath.mpf(1) / 10**12]
        integral = mpmath.quad(lambda y: mpmath.cbrt((1 + y / 2) * function(y) ** 2), cuts)
    limit = spline_limits.free_knots(pde, "x*(1 - x)", np.array([1]))[0]
    assert limit == pytest.approx(float(integral) ** 3 / 24, rel=1e-10)


def test_linear_solve_at_uniform_kinks_attains_the_uniform_limit():
    pde, net = problem("sin(4*pi*x)"), network("relu", width=50)
    energy = RitzEnergy(pde, net, KinkAware(net))
    theta = solve_output_weights(energy, net, parameters(net, seeds=1, kinks="spread"))
    gap = float(TrueErrors(pde, net)(theta).energy) - pde.minimum_energy
    assert gap == pytest.approx(spline_limits.uniform_knots(pde, "x*(1 - x)", np.array([50]))[0], rel=0.02)


def test_gradient_in_c_vanishes_for_solved_output_weights():
    pde, net = problem(), network("relu", width=12)
    energy = RitzEnergy(pde, net, KinkAware(net))
    theta = solve_output_weights(energy, net, parameters(net, kinks="spread"))
    blocks = net.blocks(Autodiff(energy, 0)(theta)[1])
    assert blocks["c"].abs().max() < 1e-9
    assert blocks["b"].abs().max() > 1e-3


@pytest.mark.parametrize(
    ("activation", "moving"), [("tanh", False), ("relu2", False), ("relu", True), ("leaky_relu", True), ("relu", False)]
)
def test_hessian_is_the_derivative_of_the_gradient(activation, moving):
    net = network(activation, width=5)
    theta = parameters(net, seeds=1)
    rule = KinkAware(net) if moving else UniformGrid(100)
    energy = RitzEnergy(problem(), net, rule)
    gradient = Autodiff(energy, 0)
    step = 1e-6
    shifts = step * torch.eye(net.parameters, dtype=torch.float64)
    columns = (gradient(theta + shifts)[1] - gradient(theta - shifts)[1]) / (2 * step)
    found = hessian(energy, theta[0])
    scale = found.abs().max()
    torch.testing.assert_close(found / scale, (columns + columns.T) / (2 * scale), rtol=0, atol=2e-7)


def test_eigenpairs_of_a_known_matrix():
    angle = 0.3
    turn = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], dtype=torch.float64)
    pairs = eigenpairs(turn @ torch.diag(torch.tensor([-1.0, 2.0], dtype=torch.float64)) @ turn.T)
    torch.testing.assert_close(pairs.values, torch.tensor([2.0, -1.0], dtype=torch.float64))
    torch.testing.assert_close(pairs.vectors[:, 0].abs(), turn[:, 1].abs())
    assert pairs.residuals.max() < 1e-14


def test_planes_contain_the_energy_at_their_points():
    net, pde = network("relu", width=5), problem()
    theta = parameters(net, seeds=1)[0]
    energy = RitzEnergy(pde, net, UniformGrid(50))
    vectors = eigenpairs(hessian(energy, theta)).vectors
    offsets = torch.linspace(-0.5, 0.5, 7, dtype=torch.float64)
    surfaces = loss_landscape.planes(energy, theta, vectors, [(1, 2), (3, 15)], offsets, 250)
    for plane, (i, j) in enumerate([(1, 2), (3, 15)]):
        point = theta + offsets[1] * vectors[:, i - 1] + offsets[5] * vectors[:, j - 1]
        assert float(surfaces[plane, 1, 5]) == pytest.approx(float(energy(point[None])), rel=1e-12)


def test_roughness_of_smooth_and_noisy_surfaces():
    x = torch.linspace(-1, 1, 81, dtype=torch.float64)
    bowl = x[:, None] ** 2 + x[None, :] ** 2
    noise = torch.randn(81, 81, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert float(loss_landscape.roughness(bowl)) < 1e-12
    rough = bowl + 0.1 * noise
    expected = 0.1 * 6**0.5 / float(rough.max() - rough.min())
    assert float(loss_landscape.roughness(rough)) == pytest.approx(expected, rel=0.05)


def test_landscape_of_relu_is_rough_on_a_grid_and_smooth_with_kink_aware_quadrature():
    net, pde = network("relu", width=20), problem()
    start = parameters(net, seeds=1, kinks="spread")
    theta = solve_output_weights(RitzEnergy(pde, net, KinkAware(net)), net, start)[0]
    offsets = torch.linspace(-0.5, 0.5, 41, dtype=torch.float64)
    rules = {"grid": UniformGrid(100), "kink_aware": KinkAware(net)}
    vectors = eigenpairs(hessian(RitzEnergy(pde, net, rules["grid"]), theta)).vectors
    rough = {}
    for name, rule in rules.items():
        energy = RitzEnergy(pde, net, rule)
        surface = loss_landscape.planes(energy, theta, vectors, [(9, 19), (20, 40)], offsets, 2000)
        rough[name] = loss_landscape.roughness(surface).max()
    assert rough["grid"] > 5 * rough["kink_aware"]


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "abs", "hat", "stairs"])
def test_energy_from_moments_equals_the_energy_on_the_grid(activation):
    net = network(activation, width=9)
    theta = parameters(net, seeds=200) * 3
    theta[0, :3] = 0.0  # neurons without a kink
    theta[1, 0], theta[1, 9] = 1.0, -0.5  # a kink on a grid point, from both sides
    theta[2, 0], theta[2, 9] = -1.0, 0.5
    for points in (3, 101):
        energy = RitzEnergy(problem(coefficient="1 + x/2"), net, UniformGrid(points))
        torch.testing.assert_close(FastGridEnergy(energy)(theta), energy(theta), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "hat", "abs"])
@pytest.mark.parametrize("width", [10, 25, 50])
def test_energy_from_moments_equals_the_energy_where_kinks_meet_grid_points(activation, width):
    net = network(activation, width=width)
    theta = parameters(net, seeds=3, kinks="spread")
    for points in (2 * width + 1, 4 * width + 1):
        energy = RitzEnergy(problem(), net, UniformGrid(points))
        torch.testing.assert_close(FastGridEnergy(energy)(theta), energy(theta), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("activation", "moving"), [("tanh", False), ("bent", False), ("relu", True)])
def test_energy_from_moments_is_rejected_for_unsupported_activations_and_rules(activation, moving):
    net = network(activation, width=4)
    energy = RitzEnergy(problem(), net, KinkAware(net) if moving else UniformGrid(50))
    with pytest.raises(InvalidInputError, match="fast energy needs"):
        FastGridEnergy(energy)
