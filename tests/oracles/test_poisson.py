"""The Poisson problem: forcing and boundary values by independent means, other domains, invalid formulas."""

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rectified.errors import InvalidInputError
from rectified.problems.poisson import PoissonProblem

RANDOM = np.random.default_rng(0)
OFFSET = ((100.0, 102.0), (100.0, 102.0))
FORMULAS = [
    (
        PoissonProblem().solution,
        lambda x, y: mpmath.sin(mpmath.pi * x) * mpmath.sin(2 * mpmath.pi * y) + (x**2 - y**2) / 2,
    ),
    ("exp(-x*y)*cos(3*x) + y**4", lambda x, y: mpmath.exp(-x * y) * mpmath.cos(3 * x) + y**4),
    ("tanh(5*(x - y))/(2 + x)", lambda x, y: mpmath.tanh(5 * (x - y)) / (2 + x)),
]


def points_of(problem, count=40):
    (left, right), (bottom, top) = problem.domain
    return np.stack([RANDOM.uniform(left, right, count), RANDOM.uniform(bottom, top, count)])


@pytest.mark.parametrize(("text", "formula"), FORMULAS)
def test_forcing_agrees_with_the_laplacian_by_mpmath(text, formula):
    problem = PoissonProblem(text)
    points = points_of(problem)
    expected = [float(mpmath.diff(formula, (x, y), (2, 0)) + mpmath.diff(formula, (x, y), (0, 2))) for x, y in points.T]
    np.testing.assert_allclose(problem.forcing(points), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("text", [text for text, _ in FORMULAS])
@pytest.mark.parametrize("domain", [((-1.0, 1.0), (-1.0, 1.0)), ((2.0, 5.0), (-0.5, 0.25))])
def test_exact_solution_satisfies_the_equation(text, domain):
    problem, h = PoissonProblem(text, domain), 1e-3
    points = points_of(problem)
    u = problem.exact(points)

    def second(shift):
        near = [problem.exact(points + k * np.reshape(shift, (2, 1))) for k in (-2, -1, 1, 2)]
        return (16 * (near[1] + near[2]) - (near[0] + near[3]) - 30 * u) / (12 * h**2)

    jets = {"u": u, "xx": second((h, 0)), "yy": second((0, h))}
    scale = abs(jets["xx"]).max() + abs(jets["yy"]).max()
    assert set(problem.derivatives) < set(jets)
    assert abs(problem.operator(jets) - problem.forcing(points)).max() < 1e-6 * scale


def test_default_forcing_agrees_with_its_closed_form():
    problem = PoissonProblem()
    x, y = points = points_of(problem)
    expected = -5 * np.pi**2 * np.sin(np.pi * x) * np.sin(2 * np.pi * y)
    np.testing.assert_allclose(problem.forcing(points), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(problem.exact(points), (x**2 - y**2) / 2 - expected / (5 * np.pi**2), rtol=0, atol=1e-13)


@pytest.mark.parametrize("harmonic", ["(x**2 - y**2)/2", "exp(x)*sin(y)", "x*y", "log((x - 3)**2 + y**2)"])
def test_harmonic_parts_change_the_solution_but_not_the_forcing(harmonic):
    wave, both = PoissonProblem("sin(pi*x)*sin(2*pi*y)"), PoissonProblem(f"sin(pi*x)*sin(2*pi*y) + {harmonic}")
    points = points_of(wave)
    np.testing.assert_allclose(both.forcing(points), wave.forcing(points), rtol=0, atol=1e-12)
    assert abs(both.exact(points) - wave.exact(points)).max() > 0.1
    assert PoissonProblem(harmonic).mean_square_forcing() < 1e-25


@pytest.mark.parametrize("domain", [PoissonProblem().domain, OFFSET])
def test_mean_square_of_the_default_forcing(domain):
    assert PoissonProblem(domain=domain).mean_square_forcing() == pytest.approx(25 * np.pi**4 / 4, rel=1e-10)


def test_mean_square_forcing_of_a_polynomial_on_a_rectangle():
    """q = 6x: the mean of 36x² over [1, 3] is 36·(27 − 1)/6."""
    assert PoissonProblem("x**3", ((1.0, 3.0), (0.0, 5.0))).mean_square_forcing() == pytest.approx(156, rel=1e-13)


def test_formulas_use_the_coordinates_of_the_domain():
    """A shift by 101 is an odd number of half periods in x and a whole number of periods in y."""
    near, far = PoissonProblem("sin(pi*x)*sin(2*pi*y)"), PoissonProblem("sin(pi*x)*sin(2*pi*y)", OFFSET)
    points = points_of(near)
    np.testing.assert_allclose(far.exact(points + 101), -near.exact(points), rtol=0, atol=1e-12)
    np.testing.assert_allclose(far.forcing(points + 101), -near.forcing(points), rtol=0, atol=1e-11)
    assert far.box.tolist() == [[100, 102], [100, 102]]


@settings(max_examples=30, deadline=None)
@given(
    left=st.floats(-50, 50), width=st.floats(0.1, 10), bottom=st.floats(-50, 50), height=st.floats(0.1, 10),
    side=st.integers(1, 30),
)  # fmt: skip
def test_boundary_points_are_midpoints_of_cells_of_each_side(left, width, bottom, height, side):
    right, top = left + width, bottom + height
    problem = PoissonProblem("x*y + cos(x)", ((left, right), (bottom, top)))
    (condition,) = problem.conditions(np.zeros(0), np.zeros(4 * side))
    x, y = condition.points
    assert condition.kind == "boundary"
    for across, end, along, start, length in [
        (x, left, y, bottom, height),
        (x, right, y, bottom, height),
        (y, bottom, x, left, width),
        (y, top, x, left, width),
    ]:
        on_side = along[across == end]
        assert len(on_side) == side
        np.testing.assert_allclose((on_side - start) / length * side % 1, 0.5, atol=1e-9)
        assert len(np.unique(on_side)) == side
    np.testing.assert_allclose(condition.values, x * y + np.cos(x), rtol=1e-12, atol=1e-11)


def test_boundary_points_are_not_random():
    one, other = (PoissonProblem().conditions(np.zeros(5), RANDOM.random(96))[0] for _ in range(2))
    assert np.array_equal(one.points, other.points)


def test_test_grid_consists_of_cell_centres():
    x, y = PoissonProblem("x*y", ((0.0, 64.0), (100.0, 102.0))).test_axes()
    np.testing.assert_allclose(x, np.arange(64) + 0.5, rtol=1e-14)
    np.testing.assert_allclose(y, 100 + (np.arange(64) + 0.5) / 32, rtol=1e-14)


def test_operator_accepts_torch_tensors():
    x_second, y_second = RANDOM.normal(size=(2, 9))
    tensors = {"xx": torch.from_numpy(x_second), "yy": torch.from_numpy(y_second).requires_grad_(True)}
    found = PoissonProblem().operator(tensors)
    assert np.array_equal(found.detach().numpy(), PoissonProblem().operator({"xx": x_second, "yy": y_second}))
    (slope,) = torch.autograd.grad(found.sum(), tensors["yy"])
    assert (slope == 1).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1/x", r"solution '1/x' is not finite everywhere on \[-1, 1\] × \[-1, 1\]"),
        ("sqrt(x**2 + y**2)", r"Laplacian of the solution 'sqrt\(x\*\*2 \+ y\*\*2\)' is not finite"),
        ("sqrt(1 + x)", r"Laplacian of the solution 'sqrt\(1 \+ x\)' is not finite"),
        ("log(x)", "is not finite"),
        ("abs(x)*y", r"solution must be smooth.* got 'abs\(x\)\*y'"),
        ("relu(x - y)", "must be smooth"),
        ("sqrt(x**2)", "must be smooth"),
        ("x - x", "'x - x' is zero everywhere"),
        ("x + z", "'x \\+ z': unknown symbol 'z'"),
    ],
)
def test_invalid_solutions_raise(text, message):
    with pytest.raises(InvalidInputError, match=message):
        PoissonProblem(text)


@pytest.mark.parametrize("text", ["tan(pi*x/2)", "1/(x - 0.3)", "((x - 0.01)**2 + y**2)**0.55", "1/(x - 1/pi)"])
def test_singularities_between_grid_points_raise(text):
    with pytest.raises(InvalidInputError, match=r"is not finite everywhere on .* is not defined at"):
        PoissonProblem(text)


def test_forcing_that_the_quadrature_does_not_resolve_raises_in_the_mean_square():
    with pytest.raises(InvalidInputError, match="singular or too rough"):
        PoissonProblem("exp(-1e6*((x - 0.01)**2 + y**2))").mean_square_forcing()


@pytest.mark.parametrize("domain", [((1.0, 1.0), (0.0, 1.0)), ((0.0, 1.0), (2.0, 1.0)), ((0.0, np.inf), (0.0, 1.0))])
def test_invalid_domains_raise(domain):
    with pytest.raises(InvalidInputError, match=r"left end of the [xy] axis must be below its right end"):
        PoissonProblem(domain=domain)


@pytest.mark.parametrize("boundary", [0, 1, 30])
def test_number_of_boundary_points_must_be_a_multiple_of_4(boundary):
    with pytest.raises(InvalidInputError, match=f"must be a positive multiple of 4; got {boundary}"):
        PoissonProblem().conditions(np.zeros(0), np.zeros(boundary))
