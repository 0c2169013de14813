"""The Burgers equation: two independent solutions against each other, published numbers, symmetries."""

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats
import sympy
import torch

from rectified.errors import InvalidInputError
from rectified.problems import burgers
from rectified.problems.burgers import BurgersProblem
from rectified.problems.burgers_fourier import fourier_solution

X = np.linspace(-1, 1, 201)
T = np.linspace(0, 1, 11)


def test_cole_hopf_and_fourier_solutions_agree():
    problem = BurgersProblem()
    assert abs(fourier_solution(problem, X, T) - problem.reference(X, T)).max() < 1e-9


def test_both_solutions_resolve_a_thinner_shock():
    problem, times = BurgersProblem(1e-3), np.array([0.4, 0.5])
    assert abs(fourier_solution(problem, X, times) - problem.reference(X, times)).max() < 1e-9


def test_fourier_solution_is_of_fourth_order_in_the_time_step():
    problem = BurgersProblem(viscosity=0.02)
    exact = problem.reference(X, T)
    errors = [abs(fourier_solution(problem, X, T, 1024, step) - exact).max() for step in (2e-3, 1e-3)]
    assert np.log2(errors[0] / errors[1]) > 3.9


def test_slope_of_the_shock_agrees_with_the_published_value():
    """Basdevant et al., Computers and Fluids 14 (1986): |u_x| at 0 is largest at t = 1.6037/π, 152.00516."""
    problem, h = BurgersProblem(), 1e-5
    times = np.array([1.6036, 1.6037, 1.6038]) / np.pi
    near, far = problem.solution(h, times), problem.solution(2 * h, times)
    slopes = -(8 * near - far) / (6 * h)
    assert slopes[1] == pytest.approx(152.00516, abs=1e-3)
    assert slopes.argmax() == 1


def test_solution_satisfies_the_equation():
    problem, h = BurgersProblem(viscosity=0.05), 1e-3
    x, t = np.meshgrid(np.linspace(-0.9, 0.9, 31), np.linspace(0.1, 0.9, 9))
    u = {(i, j): problem.solution(x + i * h, t + j * h) for i in range(-2, 3) for j in range(-2, 3) if i * j == 0}
    u_x = (8 * (u[1, 0] - u[-1, 0]) - (u[2, 0] - u[-2, 0])) / (12 * h)
    u_t = (8 * (u[0, 1] - u[0, -1]) - (u[0, 2] - u[0, -2])) / (12 * h)
    u_xx = (16 * (u[1, 0] + u[-1, 0]) - (u[2, 0] + u[-2, 0]) - 30 * u[0, 0]) / (12 * h**2)
    residual = u_t + u[0, 0] * u_x - problem.viscosity * u_xx
    assert abs(residual).max() < 1e-6 * abs(u_t).max()


def test_solution_has_converged_in_the_number_of_nodes():
    problem = BurgersProblem()
    assert abs(problem.reference(X, T) - problem.solution(X, T[:, None], nodes=200)).max() < 1e-13


def test_initial_values_boundary_values_and_symmetry():
    problem = BurgersProblem()
    u = problem.reference(X, T)
    np.testing.assert_allclose(u[0], -np.sin(np.pi * X), atol=1e-14)
    np.testing.assert_allclose(u[:, [0, -1]], 0, atol=1e-13)
    np.testing.assert_allclose(u, -u[:, ::-1], atol=1e-13)


def test_solution_scales_with_the_domain():
    one = BurgersProblem(0.02, (-1.0, 1.0), 1.0)
    other = BurgersProblem(0.02 * 1.5, (1.0, 4.0), 1.5)
    np.testing.assert_allclose(other.reference(2.5 + 1.5 * X, 1.5 * T), one.reference(X, T), atol=1e-13)
    stretched = fourier_solution(other, 2.5 + 1.5 * X, 1.5 * T, 512, 2e-3)
    np.testing.assert_allclose(stretched, one.reference(X, T), atol=1e-6)


def test_solution_does_not_depend_on_the_size_of_the_parts(monkeypatch):
    problem = BurgersProblem()
    whole = problem.reference(X, T)
    monkeypatch.setattr(burgers, "CHUNK_VALUES", 1000)
    assert np.array_equal(problem.reference(X, T), whole)
    assert problem.solution(X[:0], 0.5).shape == (0,)
    assert problem.solution(0.25, 0.5).shape == ()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"viscosity": 0.0}, "viscosity must be a positive number; got 0"),
        ({"viscosity": float("nan")}, "viscosity must be a positive number; got nan"),
        ({"final_time": -1.0}, "final_time must be a positive number; got -1"),
        ({"domain": (1.0, -1.0)}, r"left end of the domain must be below its right end; got \[1\.0, -1\.0\]"),
    ],
)
def test_invalid_arguments_raise(numbers, message):
    with pytest.raises(InvalidInputError, match=message):
        BurgersProblem(**numbers)


@pytest.mark.parametrize(
    ("viscosity", "nodes"), [(0.01 / np.pi, 20), (1e-3, 100), (1e-5, 100), (1e-5, None), (1.0, 100)]
)
def test_too_few_nodes_raise(viscosity, nodes):
    with pytest.raises(InvalidInputError, match="are too few"):
        BurgersProblem(viscosity).solution(X, 1.0, nodes)


def cole_hopf(viscosity: float, x: float, t: float) -> float:
    """The Cole–Hopf integral by the trapezoidal rule, which converges exponentially, with 30 digits."""
    with mpmath.workdps(30):
        strength, width = 1 / (2 * mpmath.pi * viscosity), 2 * mpmath.sqrt(mpmath.mpf(viscosity) * t)
        reach = mpmath.sqrt(2 * strength + 70)  # beyond it the integrand is below e⁻⁷⁰ times its largest value

        def sums(steps: int, places: range) -> np.ndarray:
            above = below = mpmath.mpf(0)
            for i in places:
                s = reach * (2 * mpmath.mpf(i) / steps - 1)
                phase = mpmath.pi * (x - width * s)
                density = mpmath.exp(-strength * (mpmath.cos(phase) + 1) - s * s)
                above, below = above - mpmath.sin(phase) * density, below + density
            return np.array([above, below])

        steps, found = 375, sums(375, range(376))
        while True:  # the places between those of the last rule are added
            coarse, steps = found[0] / found[1], 2 * steps
            found = found + sums(steps, range(1, steps, 2))
            if abs(found[0] / found[1] - coarse) < 1e-18:
                return float(found[0] / found[1])
            assert steps < 3000


@pytest.mark.parametrize("viscosity", [1e-3, 2e-3, 0.01 / np.pi, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("t", [0.1, 0.33, 0.6, 1.0])
def test_solution_agrees_with_the_integral_in_high_precision(viscosity, t):
    x = np.array([0.0, 1e-3, -0.02, 0.3, 0.999])
    expected = [cole_hopf(viscosity, point, t) for point in x]
    np.testing.assert_allclose(BurgersProblem(viscosity).solution(x, t), expected, rtol=0, atol=1e-10)


def test_shocks_thinner_than_the_underflow_of_the_weights_are_resolved():
    """At ν = 1e-4 the integrand is largest near s = 40, where the Gauss–Hermite weights underflow."""
    problem = BurgersProblem(1e-4)
    for x, t in ((2e-4, 0.6), (-1e-3, 0.6), (1e-4, 1.0)):
        assert problem.solution(x, t) == pytest.approx(cole_hopf(1e-4, x, t), abs=1e-10)


def test_accuracy_is_estimated_up_to_the_latest_time():
    """With 100 nodes at ν = 0.001 the error is 1.5e-6 at t = 0.6, but 6e-8 at t = 1."""
    with pytest.raises(InvalidInputError, match=r"doubling them changes the solution by 1e-0[56]"):
        BurgersProblem(1e-3).solution(X, 1.0, 100)


def test_logarithms_of_the_weights_are_those_of_the_weights_where_these_do_not_underflow():
    points, weights = scipy.special.roots_hermite(150)
    np.testing.assert_allclose(burgers._log_weights(points), np.log(weights), rtol=1e-13, atol=1e-11)


# --- operator, conditions, test grid ------------------------------------------------------------------


def test_operator_agrees_with_symbolic_differentiation_in_numpy_and_torch():
    x, t = sympy.symbols("x t")
    u = sympy.exp(-t) * sympy.sin(3 * x) + x * t
    law = u.diff(t) + (u**2 / 2).diff(x) - sympy.Rational(7, 100) * u.diff(x, 2)
    points, problem = np.random.default_rng(0).uniform(-1, 1, (2, 50)), BurgersProblem(0.07)
    symbolic = {"u": u, "x": u.diff(x), "t": u.diff(t), "xx": u.diff(x, 2)}
    jets = {name: sympy.lambdify((x, t), jet)(*points) for name, jet in symbolic.items()}
    assert {"u", *problem.derivatives} == set(jets)
    np.testing.assert_allclose(problem.operator(jets), sympy.lambdify((x, t), law)(*points), rtol=1e-12, atol=1e-13)
    tensors = [torch.from_numpy(jet).requires_grad_(True) for jet in jets.values()]
    found = problem.operator(dict(zip(jets, tensors)))
    np.testing.assert_allclose(found.detach().numpy(), problem.operator(jets), rtol=1e-14, atol=1e-15)
    assert torch.autograd.gradcheck(lambda *values: problem.operator(dict(zip(jets, values))), tensors)


def test_conditions_hold_for_the_exact_solution_and_are_uniform():
    problem = BurgersProblem(0.1, (2.0, 5.0), 0.5)
    random = np.random.default_rng(0)
    initial, boundary = problem.conditions(random.random(4000), random.random(3001))
    assert (initial.kind, boundary.kind) == ("initial", "boundary")
    assert (initial.points[1] == 0).all()
    assert [(boundary.points[0] == end).sum() for end in (2, 5)] == [1501, 1500]
    for drawn, start, length in ((initial.points[0], 2, 3), (boundary.points[1], 0, 0.5)):
        assert scipy.stats.kstest(drawn, "uniform", (start, length)).pvalue > 1e-3
    for condition in (initial, boundary):
        np.testing.assert_allclose(problem.exact(condition.points), condition.values, rtol=0, atol=1e-13)
    with pytest.raises(InvalidInputError, match="number of initial points must be at least 1; got 0"):
        problem.conditions(np.zeros(0), np.zeros(5))


def test_exact_solution_on_the_test_grid_is_the_reference():
    problem = BurgersProblem(0.1, (2.0, 5.0), 0.5)
    x, t = problem.test_axes()
    points = np.stack([axis.ravel() for axis in np.meshgrid(x, t)])
    assert problem.box.tolist() == [[x[0], x[-1]], [t[0], t[-1]]] == [[2, 5], [0, 0.5]]
    assert (len(x), len(t)) == (128, 33)
    np.testing.assert_array_equal(problem.exact(points).reshape(33, 128), problem.reference(x, t))
    assert (problem.forcing(points) == 0).all()
