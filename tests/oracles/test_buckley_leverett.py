"""The Buckley–Leverett equation: Welge's numbers, conservation, finite volumes, the hull, symbolic residuals."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rectified.errors import InvalidInputError
from rectified.problems.buckley_leverett import BuckleyLeverettProblem

PROBLEM = BuckleyLeverettProblem()
GAUSS = np.polynomial.legendre.leggauss(200)  # u has a large slope at x = 0 when M is large
mobilities = st.floats(0.02, 100)


def flow(u, mobility):
    """The fractional flow f, written as M u²/(Mu² + (1 − u)²)."""
    return mobility * u**2 / (mobility * u**2 + (1 - u) ** 2)


def slope(u, mobility):
    """The derivative f' by a complex step."""
    return flow(u + 1e-30j, mobility).imag / 1e-30


def of_mobility(mobility, **more):
    problem = BuckleyLeverettProblem(mobility, final_time=1e-3)
    return BuckleyLeverettProblem(mobility, final_time=0.9 / problem.front_speed, **more)


# --- Welge's tangent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mobility", "saturation", "value", "speed"),
    [(2.0, 0.577350, 0.788675, 1.366025), (1.0, 0.707107, 0.853553, 1.207107)],
)
def test_known_fronts(mobility, saturation, value, speed):
    problem = BuckleyLeverettProblem(mobility)
    assert problem.front_saturation == pytest.approx(saturation, abs=1e-6)
    assert problem.front_speed * problem.front_saturation == pytest.approx(value, abs=1e-6)
    assert problem.front_speed == pytest.approx(speed, abs=1e-6)


def test_default_front_at_three_times():
    np.testing.assert_allclose(PROBLEM.front(np.array([0.125, 0.25, 0.5])), [0.171, 0.342, 0.683], atol=6e-4)


@settings(deadline=None)
@given(mobilities)
def test_front_is_the_tangent_point_of_the_line_from_the_origin(mobility):
    problem = of_mobility(mobility)
    touching = scipy.optimize.brentq(lambda u: u * slope(u, mobility) - flow(u, mobility), 1e-6, 1, xtol=1e-15)
    steepest = scipy.optimize.minimize_scalar(lambda u: -flow(u, mobility) / u, bounds=(1e-6, 1), method="bounded")
    assert problem.front_saturation == pytest.approx(touching, rel=1e-9)
    assert problem.front_speed == pytest.approx(slope(touching, mobility), rel=1e-9)
    assert problem.front_speed == pytest.approx(-steepest.fun, rel=1e-8)


@settings(deadline=None)
@given(mobilities)
def test_front_speed_agrees_with_the_textbook_and_the_rankine_hugoniot_condition(mobility):
    problem = of_mobility(mobility)
    u = problem.front_saturation
    t = np.array([0.5, 1.0]) * problem.final_time
    behind, ahead = (problem.exact(np.stack([problem.front(t) * side, t])) for side in (1 - 1e-13, 1 + 1e-13))
    jump = (flow(behind, mobility) - flow(ahead, mobility)) / (behind - ahead)
    assert problem.front_speed == pytest.approx(mobility * u / (2 * (1 - u)), rel=1e-9)
    np.testing.assert_allclose(jump, problem.front_speed, rtol=1e-9)
    np.testing.assert_allclose(behind, u, rtol=1e-6)
    assert (ahead == 0).all()


@settings(deadline=None)
@given(mobilities, st.floats(0, 1))
def test_flux_is_the_fractional_flow_or_its_tangent(mobility, u):
    assert of_mobility(mobility).flux_value(u) == pytest.approx(flow(u, mobility), rel=1e-12, abs=1e-300)
    hull = of_mobility(mobility, flux="hull")
    tangent = slope(hull.front_saturation, mobility) * u
    assert hull.flux_value(u) == pytest.approx(tangent if u < hull.front_saturation else flow(u, mobility), rel=1e-9)


@settings(deadline=None)
@given(mobilities, st.floats(0, 1))
def test_slope_of_the_fractional_flow(mobility, u):
    problem = of_mobility(mobility)
    assert problem.fractional_flow_slope(u) == pytest.approx(slope(u, mobility), rel=1e-10, abs=1e-13)


# --- the exact solution ------------------------------------------------------------------------------


@settings(deadline=None)
@given(mobilities, st.floats(0.01, 1))
def test_mass_of_the_exact_solution_is_the_inflow(mobility, share):
    problem = of_mobility(mobility)
    t = share * problem.final_time
    x = problem.front(t) * (1 + GAUSS[0]) / 2
    inside = GAUSS[1] @ problem.exact(np.stack([x, np.full_like(x, t)])) * problem.front(t) / 2
    assert inside == pytest.approx(t, rel=1e-9)
    assert problem.mass(t) == t


@settings(deadline=None)
@given(mobilities)
def test_rarefaction_satisfies_the_equation(mobility):
    problem, h = of_mobility(mobility), 1e-4
    t = np.linspace(0.2, 0.9, 8)[:, None] * problem.final_time
    x, t = (axis.ravel() for axis in np.broadcast_arrays(np.linspace(0.1, 0.9, 9) * problem.front(t), t))
    dx, dt = h * problem.front(t), h * t
    u = problem.exact(np.stack([x, t]))
    u_x = (problem.exact(np.stack([x + dx, t])) - problem.exact(np.stack([x - dx, t]))) / (2 * dx)
    u_t = (problem.exact(np.stack([x, t + dt])) - problem.exact(np.stack([x, t - dt]))) / (2 * dt)
    residual = problem.operator({"u": u, "x": u_x, "t": u_t})
    assert abs(residual).max() < 1e-5 * abs(u_t).max()
    assert (u_x < 0).all()


def test_exact_solution_on_the_boundary():
    x, t = np.linspace(0.01, 1, 7), np.linspace(0.01, 0.5, 7)
    assert (PROBLEM.exact(np.stack([x, 0 * x])) == 0).all()
    assert (PROBLEM.exact(np.stack([0 * t, t])) == 1).all()
    assert (PROBLEM.exact(np.stack([PROBLEM.front(t) + 1e-9, t])) == 0).all()
    assert PROBLEM.exact(np.zeros((2, 1))) == 1
    assert PROBLEM.exact(np.zeros((2, 0))).shape == (0,)


@pytest.mark.parametrize("changed", [{"viscosity": 0.01}, {"flux": "hull"}])
def test_exact_solution_does_not_depend_on_viscosity_and_flux(changed):
    points = np.random.default_rng(0).uniform(0, 0.5, (2, 200))
    assert np.array_equal(BuckleyLeverettProblem(**changed).exact(points), PROBLEM.exact(points))


# --- finite volumes ----------------------------------------------------------------------------------


def finite_volumes(flux, speed_limit, cells, time):
    """Return cell averages by Godunov's scheme, whose flux is the upstream one if the flux function increases."""
    steps = int(np.ceil(time * speed_limit * cells / 0.9))
    u = np.zeros(cells)
    for _ in range(steps):
        fluxes = flux(np.concatenate([[1.0], u]))
        u = u - time / steps * cells * np.diff(fluxes)
    return u


def cell_averages(problem, cells, time, samples=64):
    x = (np.arange(cells * samples) + 0.5) / (cells * samples)
    return problem.exact(np.stack([x, np.full_like(x, time)])).reshape(cells, samples).mean(1)


def errors_of_finite_volumes(problem, flux, time, grids):
    speed_limit = slope(np.linspace(0, 1, 2001), problem.mobility).max()
    return [
        abs(finite_volumes(flux, speed_limit, cells, time) - cell_averages(problem, cells, time)).mean()
        for cells in grids
    ]


@pytest.mark.parametrize("mobility", [0.5, 1.0, 2.0, 5.0])
def test_finite_volumes_converge_to_the_exact_solution(mobility):
    problem = of_mobility(mobility)
    errors = errors_of_finite_volumes(problem, lambda u: flow(u, mobility), 0.8 * problem.final_time, (100, 200, 400))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert ((orders > 0.6) & (orders < 1.2)).all()
    assert errors[-1] < 0.01


def test_finite_volumes_with_the_hull_converge_to_the_same_solution():
    """The front is then a contact discontinuity, which upwinding smears at order 1/2."""
    problem = of_mobility(2.0, flux="hull")
    u = np.linspace(0, 1, 20_001)
    corners = _upper_hull(u, flow(u, 2.0))
    errors = errors_of_finite_volumes(problem, lambda u: np.interp(u, *corners), 0.4, (200, 400, 800, 1600))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(orders, 0.5, atol=0.1)


# --- flux and operator -------------------------------------------------------------------------------


@settings(deadline=None)
@given(mobilities)
def test_flux_slope_with_the_hull_is_the_slope_of_the_smallest_concave_function_above_the_flow(mobility):
    problem = of_mobility(mobility, flux="hull")
    u = np.linspace(0, 1, 2001)
    below = u < problem.front_saturation
    hull = np.interp(u, *_upper_hull(u, flow(u, mobility)))
    slopes = (problem.flux_slope(u[:-1]) + problem.flux_slope(u[1:])) / 2
    np.testing.assert_allclose(np.cumsum(slopes * np.diff(u)), hull[1:], atol=1e-4)
    np.testing.assert_allclose(problem.flux_slope(u[below]), problem.front_speed, rtol=1e-14)
    np.testing.assert_allclose(problem.flux_slope(u[~below]), slope(u[~below], mobility), rtol=1e-9, atol=1e-12)
    assert (np.diff(problem.flux_slope(u)) < 1e-12).all()


def _upper_hull(x, y):
    """Return the corners of the upper concave hull of points, by a scan from left to right."""
    kept = []
    for point in zip(x, y):
        while len(kept) > 1 and _left_turn(*kept[-2:], point):
            kept.pop()
        kept.append(point)
    return np.transpose(kept)


def _left_turn(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) >= (b[1] - a[1]) * (c[0] - a[0])


@pytest.mark.parametrize("viscosity", [0.0, 0.03])
def test_operator_agrees_with_symbolic_differentiation_of_the_conservation_law(viscosity):
    x, t = sympy.symbols("x t")
    u = sympy.Rational(1, 2) + sympy.sin(3 * x - 2 * t) / 3
    law = u.diff(t) + flow(u, sympy.Integer(3)).diff(x) - viscosity * u.diff(x, 2)
    points = np.random.default_rng(0).uniform(0, 1, (2, 50))
    expected = sympy.lambdify((x, t), law)(*points)
    jets = {"u": u, "x": u.diff(x), "t": u.diff(t), "xx": u.diff(x, 2)}
    jets = {name: sympy.lambdify((x, t), jet)(*points) for name, jet in jets.items()}
    problem = BuckleyLeverettProblem(3.0, viscosity)
    assert ("xx" in problem.derivatives) == (viscosity > 0)
    needed = {name: jets[name] for name in ("u", *problem.derivatives)}
    np.testing.assert_allclose(problem.operator(needed), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("flux", ["fractional", "hull"])
@pytest.mark.parametrize("viscosity", [0.0, 0.03])
def test_operator_accepts_torch_tensors(flux, viscosity):
    problem = BuckleyLeverettProblem(viscosity=viscosity, flux=flux)
    random = np.random.default_rng(0)
    arrays = {"u": random.uniform(-0.2, 1.2, 60)} | {name: random.normal(size=60) for name in ("x", "t", "xx")}
    tensors = {name: torch.from_numpy(array).requires_grad_(True) for name, array in arrays.items()}
    found = problem.operator(tensors)
    np.testing.assert_allclose(found.detach().numpy(), problem.operator(arrays), rtol=1e-13, atol=1e-14)
    names = ("u", *problem.derivatives)
    assert torch.autograd.gradcheck(
        lambda *jets: problem.operator(dict(zip(names, jets))), [tensors[name] for name in names]
    )


@pytest.mark.parametrize("flux", ["fractional", "hull"])
def test_operator_preserves_the_precision(flux):
    problem, jets = BuckleyLeverettProblem(flux=flux), ("u", "x", "t")
    assert problem.operator({name: torch.rand(5) for name in jets}).dtype == torch.float32
    assert problem.operator({name: np.ones(5, np.float32) for name in jets}).dtype == np.float32


def test_flux_slope_with_the_hull_has_no_gradient_below_the_front():
    u = torch.linspace(-0.5, 0.57, 20, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(BuckleyLeverettProblem(flux="hull").flux_slope(u).sum(), u)
    assert (gradient == 0).all()


# --- conditions, grids, invalid arguments ------------------------------------------------------------


def test_conditions_hold_for_the_exact_solution_and_are_uniform():
    problem = BuckleyLeverettProblem(1.0, final_time=0.8)
    random = np.random.default_rng(0)
    initial, boundary = problem.conditions(random.random(4000), random.random(3000))
    assert (initial.kind, boundary.kind) == ("initial", "boundary")
    assert initial.points.shape == (2, 4000)
    assert boundary.points.shape == (2, 3000)
    assert (initial.points[1] == 0).all()
    assert (boundary.points[0] == 0).all()
    for drawn, end in ((initial.points[0], 1.0), (boundary.points[1], 0.8)):
        assert scipy.stats.kstest(drawn, "uniform", (0, end)).pvalue > 1e-3
    for condition in (initial, boundary):
        assert np.array_equal(problem.exact(condition.points), condition.values)


def test_box_and_test_grid():
    problem = BuckleyLeverettProblem(final_time=0.64)
    x, t = problem.test_axes()
    assert problem.box.tolist() == [[0, 1], [0, 0.64]]
    np.testing.assert_allclose(x * 128, np.arange(128) + 0.5)
    np.testing.assert_allclose(t * 50, np.arange(32) + 0.5)
    assert (problem.forcing(np.stack([x, x])) == 0).all()


def test_latest_final_time_is_the_exit_of_the_front():
    latest = 1 / PROBLEM.front_speed
    assert BuckleyLeverettProblem(final_time=latest * (1 - 1e-12)).front(latest) == pytest.approx(1)
    with pytest.raises(InvalidInputError, match=r"final_time must be at most 0\.732051, .* mobility 2; got 0\.733"):
        BuckleyLeverettProblem(final_time=0.733)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"mobility": 0.0}, "mobility must be a positive number; got 0"),
        ({"mobility": float("inf")}, "mobility must be a positive number; got inf"),
        ({"mobility": float("nan")}, "mobility must be a positive number; got nan"),
        ({"viscosity": -0.1}, r"viscosity must be zero or a positive number; got -0\.1"),
        ({"viscosity": float("nan")}, "viscosity must be zero or a positive number; got nan"),
        ({"final_time": 0.0}, "final_time must be a positive number; got 0"),
        ({"final_time": 2.0}, "final_time must be at most"),
        ({"flux": "hul"}, "unknown flux 'hul'; did you mean 'hull'"),
    ],
)
def test_invalid_arguments_raise(numbers, message):
    with pytest.raises(InvalidInputError, match=message):
        BuckleyLeverettProblem(**numbers)


@pytest.mark.parametrize("counts", [(0, 5), (5, 0)])
def test_conditions_need_points(counts):
    with pytest.raises(InvalidInputError, match=r"points must be at least 1; got 0"):
        PROBLEM.conditions(*map(np.zeros, counts))
