"""Deep Ritz networks on boxes: problems, fields, energies by points and by lines, errors, and a short training."""

import math

import mpmath
import numpy as np
import pytest
import sympy
import torch

from builders import CUSTOM
from polygon_energy import differences, exact_energy
from rectified.errors import InvalidInputError
from rectified.formulas import activations, expressions
from rectified.formulas.piecewise_polynomial import piecewise_polynomial
from rectified.formulas.torch_activation import torch_activation
from rectified.kink_aware import integrate
from rectified.optimization.optimizers import Adam
from rectified.optimization.training_loop import Schedule, train
from rectified.optimization.value_and_gradient import value_and_gradient
from rectified.problems.diffusion import DiffusionProblem
from rectified.ritz.boxes.energy import PointEnergy, TrueBoxErrors
from rectified.ritz.boxes.line_energy import LineEnergy
from rectified.ritz.boxes.module_energy import BoxModule, ModuleEnergy
from rectified.ritz.boxes.network import BoxNetwork, initial_box_parameters
from rectified.ritz.boxes.points import FixedLines, MidpointGrid, MonteCarlo, RandomLines

VARYING = "1 + x1/2 + x1*x2"
WAVE = DiffusionProblem("sin(2*pi*x1)*sin(2*pi*x2)", VARYING)
WIDE = DiffusionProblem("sin(pi*(x1 - 2))*(x2 + 1)*(2 - x2)*exp(x2/3)", "2 + x1*x2/4", ((2.0, 4.0), (-1.0, 2.0)))
CUBE = DiffusionProblem("sin(pi*x1)*sin(2*pi*x2)*x3*(1 - x3)", "1 + x3", ((0.0, 1.0),) * 3)
PIECEWISE = ("relu", "relu2", "relu3", "leaky_relu", "abs", "hat", "bent")


def net(problem, activation="relu", width=9, hidden_layers=1, distance=None):
    sigma = torch_activation(activations.get(activation, CUSTOM))
    return BoxNetwork(width, hidden_layers, sigma, problem.box, distance)


def rows(network, seeds=3):
    return initial_box_parameters(network, seeds, "tests")


def relative(found, expected):
    return float((found - expected).norm() / expected.norm())


# --- problems ---


@pytest.mark.parametrize(
    ("solution", "coefficient", "u", "kappa"),
    [
        (
            "sin(2*pi*x1)*sin(2*pi*x2)",
            VARYING,
            lambda x, y: mpmath.sin(2 * mpmath.pi * x) * mpmath.sin(2 * mpmath.pi * y),
            lambda x, y: 1 + x / 2 + x * y,
        ),
        ("exp(-x1*x2)*x1", "1", lambda x, y: mpmath.exp(-x * y) * x, lambda x, y: 1),
    ],
)
def test_source_is_minus_the_divergence_of_the_flux(solution, coefficient, u, kappa):
    problem = DiffusionProblem(solution, coefficient)
    points = problem.points(16)
    found = problem.sample(problem.source, points)

    def flux(axis):
        order = (1, 0) if axis == 0 else (0, 1)
        return lambda x, y: kappa(x, y) * mpmath.diff(u, (x, y), order)

    with mpmath.workdps(40):
        expected = [-mpmath.diff(flux(0), (x, y), (1, 0)) - mpmath.diff(flux(1), (x, y), (0, 1)) for x, y in points.T]
    np.testing.assert_allclose(found, [float(value) for value in expected], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_minimum_energy_and_norm_of_a_product_of_sines(inputs):
    solution = "*".join(f"sin(2*pi*x{i})" for i in range(1, inputs + 1))
    problem = DiffusionProblem(solution, "1", ((0.0, 1.0),) * inputs)
    assert problem.minimum_energy == pytest.approx(-inputs * 4 * math.pi**2 / 2 / 2**inputs, rel=1e-12)
    assert problem.solution_norm == pytest.approx(2 ** (-inputs / 2), rel=1e-12)


def test_minimum_energy_in_ten_dimensions():
    solution = "sin(pi*x1)*(1 + (cos(pi*x2) + cos(pi*x6) + cos(pi*x10))/4)"
    problem = DiffusionProblem(solution, "1", ((0.0, 1.0),) * 10)
    squares = 1 + 3 / 16 / 2  # ∫(1 + Σ cos/4)² over the other inputs
    expected = -0.5 * (math.pi**2 / 2 * squares + 0.5 * 3 * math.pi**2 / 16 / 2)
    assert problem.minimum_energy == pytest.approx(expected, rel=1e-3)


def test_the_boundary_is_checked_face_by_face():
    one_axis = expressions.parse("x1*(1 - x1)", ("x1", "x2"))
    DiffusionProblem("sin(pi*x1)*cos(pi*x2)").check_boundary(one_axis)  # the flux is 0 at x2 = 0 and 1
    WAVE.check_boundary(net(WAVE).formula)
    with pytest.raises(InvalidInputError, match="at x2 = 0, distance and solution must be zero"):
        WAVE.check_boundary(one_axis)
    with pytest.raises(InvalidInputError, match="at x1 = 0"):
        DiffusionProblem("cos(pi*x1)*cos(pi*x2)").check_boundary(one_axis)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sin(pi*x)",), "unknown symbol 'x'"),
        (("sin(pi*x3)",), "unknown symbol 'x3'"),
        (("relu(x1)*x2",), "solution must be smooth"),
        (("x1*x2", "abs(x1 - 1/2)"), "coefficient must be smooth"),
        (("x1*x2", "x1 - 1/2"), "coefficient must be positive"),
        (("0*x1",), "zero everywhere"),
        (("1/(x1 - 1/2)",), "not finite everywhere"),
        (("x1", "1", ((0.0, 1.0), (1.0, 1.0))), "lower end of x2"),
        (("x1", "1", ()), "1 to 20 inputs"),
    ],
)
def test_unusable_problems_are_rejected(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        DiffusionProblem(*arguments)


# --- fields ---


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
@pytest.mark.parametrize("activation", ["relu", "relu2", "tanh", "leaky_relu", "hat"])
def test_gradient_of_the_field_is_that_of_nested_autodiff(activation, hidden_layers):
    network = net(WIDE, activation, hidden_layers=hidden_layers)
    theta = rows(network)
    points = torch.from_numpy(WIDE.points(64)).expand(3, -1, -1).clone().requires_grad_(True)
    value, gradient = network.fields(theta, points)
    (expected,) = torch.autograd.grad(value.sum(), points, retain_graph=True)
    torch.testing.assert_close(gradient, expected)
    modules = [BoxModule(network, row)(points[0].T) for row in theta]
    torch.testing.assert_close(torch.stack(modules), network.fields(theta, points[:1])[0])


def test_kinks_start_in_the_box_and_rows_depend_on_their_seed_alone():
    network = net(WIDE, width=40)
    theta = rows(network, 5)
    torch.testing.assert_close(theta[:2], rows(network, 2))
    p = network.blocks(theta)
    corners = torch.cartesian_prod(*(torch.tensor(ends, dtype=torch.float64) for ends in WIDE.box))
    z = p["a"] @ corners.T + p["b"][:, :, None]
    assert bool(((z.amin(-1) < 0) & (z.amax(-1) > 0)).all())


# --- energies by lines ---


@pytest.mark.parametrize("problem", [WAVE, WIDE, CUBE], ids=["square", "rectangle", "cube"])
@pytest.mark.parametrize("activation", PIECEWISE)
def test_all_networks_at_once_agree_with_the_integral_of_each(problem, activation):
    network = net(problem, activation, width=5)
    theta = rows(network, 2)
    energy = LineEnergy(problem, network, FixedLines(problem.box, 8, 4), order=5, panels=4)
    value, gradient = value_and_gradient(energy, theta)
    one_by_one = ModuleEnergy(problem, network, lines=8, order=5, panels=4)
    expected, slopes = one_by_one(theta)
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(one_by_one.objective(theta), expected, rtol=1e-12, atol=1e-12)
    assert relative(gradient, slopes) < 1e-11


def test_kinks_that_lie_on_no_line_and_neurons_without_slope():
    network = net(WAVE, width=6)
    theta = rows(network, 1)
    p = {name: block.clone() for name, block in network.blocks(theta).items()}
    p["a"][0, :4] = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    p["b"][0, :4] = torch.tensor([0.3, 5.0, -7.0, -0.2])
    row = network.row(p)
    energy = LineEnergy(WAVE, network, FixedLines(WAVE.box, 8, 4), 5, 4)
    value, gradient = value_and_gradient(energy, row)
    expected, slopes = ModuleEnergy(WAVE, network, 8, 5, 4)(row)
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)
    assert relative(gradient, slopes) < 1e-11


@pytest.fixture(scope="module")
def exact_gradients():
    """Parameters and exact gradients of four small networks, from the polygons of their arrangement."""
    problem = DiffusionProblem("x1*(1 - x1)*x2*(1 - x2)", VARYING)
    network = net(problem, width=5, distance=expressions.parse("x1*(1 - x1)*x2*(1 - x2)", problem.axes))
    data = [
        lambda x, y, part=part: problem.sample(part, np.stack([x, y])) for part in (problem.coefficient, problem.source)
    ]
    theta = rows(network, 4)
    exact = np.stack([differences(lambda row: exact_energy(row, *data), row.numpy()) for row in theta])
    values = [exact_energy(row.numpy(), *data) for row in theta]
    return problem, network, theta, np.array(values), torch.from_numpy(exact)


def test_gradient_converges_to_that_of_the_polygons_with_the_lines(exact_gradients):
    problem, network, theta, values, exact = exact_gradients
    sizes, errors = (8, 16, 32, 64, 128, 256), []
    for size in sizes:
        value, gradient = value_and_gradient(
            LineEnergy(problem, network, FixedLines(problem.box, size, 8), 4, 8), theta
        )
        errors.append(((gradient - exact).norm(dim=1) / exact.norm(dim=1)).numpy())
    np.testing.assert_allclose(value.numpy(), values, rtol=1e-6)
    order = -np.polyfit(np.log(sizes), np.log(errors).mean(1), 1)[0]
    assert order > 1, errors
    assert np.exp(np.log(errors[-1]).mean()) < 2e-3
    fixed = value_and_gradient(PointEnergy(problem, network, MidpointGrid(problem.box, 256)), theta)[1]
    assert bool(((fixed - exact).norm(dim=1) > 10 * errors[-1].max() * exact.norm(dim=1)).all())


def test_random_lines_are_unbiased_and_differ_between_seeds_and_epochs():
    network = net(CUBE, width=4)
    theta = rows(network, 1).expand(40, -1)
    rule = RandomLines(CUBE.box, 16, range(40), "tests")
    energy = LineEnergy(CUBE, network, rule, 4, 4)
    first, again = rule.families[0].origins.clone(), []
    for epoch in range(5):
        energy.redraw(epoch, theta)
        value, gradient = value_and_gradient(energy, theta)
        again.append(torch.cat([value[:, None], gradient], 1))
    assert len({tuple(row) for row in rule.families[0].origins[:, 0, 1:].tolist()}) == 40
    assert not torch.equal(first, rule.families[0].origins)
    rule.draw(0)
    torch.testing.assert_close(first, rule.families[0].origins)
    draws = torch.cat(again)
    fine = LineEnergy(CUBE, network, FixedLines(CUBE.box, 64, 8), 4, 4)
    value, gradient = value_and_gradient(fine, theta[:1])
    expected = torch.cat([value[:, None], gradient], 1)[0]
    error = (draws.mean(0) - expected).abs()
    assert bool((error < 4.5 * draws.std(0) / len(draws) ** 0.5 + 2e-3 * expected.abs().max()).all()), error


def saved_bytes(width: int, lines: int) -> int:
    """Bytes that automatic differentiation keeps for the backward pass of an energy."""
    network = net(WAVE, width=width)
    energy, kept = LineEnergy(WAVE, network, FixedLines(WAVE.box, lines, 8), 3, 8), {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        value = energy(rows(network, 2).requires_grad_(True))
    total = sum(kept.values())
    assert bool(value.isfinite().all())
    return total


def test_memory_is_linear_in_lines_and_neurons():
    base = saved_bytes(40, 24)
    assert saved_bytes(40, 96) == pytest.approx(4 * base, rel=0.1)
    assert saved_bytes(160, 24) < 4.1 * base


def test_only_piecewise_polynomials_have_lines_for_all_networks():
    assert piecewise_polynomial(activations.get("relu2")).jumps == ((0.0, 0.0, 1.0),)
    for name in ("tanh", "relu5"):
        assert piecewise_polynomial(activations.get(name)) is None
    with pytest.raises(InvalidInputError, match="one hidden layer and an activation of polynomials"):
        LineEnergy(WAVE, net(WAVE, "tanh"), FixedLines(WAVE.box, 8, 8))
    with pytest.raises(InvalidInputError, match="got 2 hidden layers"):
        LineEnergy(WAVE, net(WAVE, hidden_layers=2), FixedLines(WAVE.box, 8, 8))


# --- energies by points, and errors ---


def test_points_give_the_energy_of_the_lines_but_not_its_gradient():
    network = net(WAVE, width=20)
    theta = rows(network, 4)
    value, gradient = value_and_gradient(LineEnergy(WAVE, network, FixedLines(WAVE.box, 256, 8), 4, 8), theta)
    for cells in (64, 256):
        found, slopes = value_and_gradient(PointEnergy(WAVE, network, MidpointGrid(WAVE.box, cells)), theta)
        assert relative(found, value) < 0.01
        assert relative(slopes, gradient) > 3e-3  # does not fall with the cells
    random = MonteCarlo(WAVE.box, 4096, range(4), "tests")
    energy, draws = PointEnergy(WAVE, network, random), []
    for epoch in range(40):
        energy.redraw(epoch, theta)
        draws.append(energy(theta))
    draws = torch.stack(draws)
    assert bool(((draws.mean(0) - value).abs() < 4.5 * draws.std(0) / 40**0.5).all())
    assert not torch.equal(random.points[0], random.points[1])


@pytest.mark.parametrize("problem", [WAVE, CUBE], ids=["square", "cube"])
def test_errors_of_the_zero_field_and_energy_by_lines(problem):
    network = net(problem, width=12)
    theta = rows(network, 2)
    errors = TrueBoxErrors(problem, network)
    zero = errors(torch.zeros_like(theta))
    np.testing.assert_allclose(zero.gap, -problem.minimum_energy, rtol=2e-3)
    np.testing.assert_allclose(zero.relative_l2, 1, rtol=2e-3)
    lines = 128 if problem.inputs == 2 else 32
    energy = LineEnergy(problem, network, FixedLines(problem.box, lines, 8))(theta)
    np.testing.assert_allclose(errors(theta).energy, energy, atol=3e-3 * abs(problem.minimum_energy))


def test_short_training_is_five_times_better_than_autodiff_on_a_grid():
    problem = DiffusionProblem("sin(2*pi*x1)*sin(2*pi*x2)")
    network = net(problem, width=40)
    errors, found = TrueBoxErrors(problem, network), []
    for energy in (
        PointEnergy(problem, network, MidpointGrid(problem.box, 64)),
        LineEnergy(problem, network, FixedLines(problem.box, 32, 8), 3, 8),
    ):
        history = train(
            Adam(rows(network, 2)),
            lambda theta, energy=energy: value_and_gradient(energy, theta),
            lambda theta: {},
            Schedule(400, 1e-2, None, 400),
        )
        found.append(errors(history.theta).relative_l2)
    assert bool((found[0] > 5 * found[1]).all()), found


def test_smooth_networks_have_the_same_gradient_by_points_and_by_the_integral():
    network = net(WAVE, "tanh", width=6)
    theta = rows(network, 1)
    value, gradient = value_and_gradient(PointEnergy(WAVE, network, MidpointGrid(WAVE.box, 200)), theta)
    module = BoxModule(network, theta[0])
    energy = integrate(module, ModuleEnergy(WAVE, network, 16).density, list(map(list, WAVE.box)), lines=32, order=8)
    energy.backward()
    slopes = network.row({name: p.grad[None] for name, p in module.blocks.items()})
    torch.testing.assert_close(value[0], energy.detach(), rtol=1e-3, atol=1e-3)
    assert relative(gradient, slopes) < 1e-3


def test_default_distance_is_one_in_the_middle_and_zero_on_the_boundary():
    formula = net(WIDE).formula
    symbols = dict(zip(WIDE.symbols, (3, sympy.Rational(1, 2))))
    assert formula.subs(symbols) == 1
    for symbol, ends in zip(WIDE.symbols, WIDE.box):
        assert all(sympy.simplify(formula.subs(symbol, end)) == 0 for end in ends)
