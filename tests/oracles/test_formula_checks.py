"""Bounds, domains and evaluation forms of formulas, against independent values and closed forms."""

import math
import time

import mpmath
import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gamma

from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.universality_class import universality_class
from rectified.errors import InvalidInputError
from rectified.formulas import domain, expressions, high_precision, intervals
from rectified.formulas.activation import Activation
from rectified.formulas.bounded_domain import form_on_domain
from rectified.formulas.kinks import find_kinks, pieces
from rectified.formulas.torch_activation import torch_activation

X, Y = expressions.symbol("x"), expressions.symbol("y")

FORMULAS = st.recursive(
    st.sampled_from(["x", "y", "2", "0.3", "pi"]),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(
            st.sampled_from(
                [
                    "sin",
                    "cos",
                    "tanh",
                    "exp",
                    "abs",
                    "atan",
                    "relu",
                    "sigmoid",
                    "softplus",
                    "sinh",
                    "cosh",
                    "sign",
                    "erf",
                ]
            ),
            part,
        ).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(part, st.integers(2, 4)).map(lambda t: f"({t[0]})**{t[1]}"),
        part.map(lambda text: f"1/(1.5 + sin({text}))"),
        part.map(lambda text: f"log(1 + ({text})**2)"),
        part.map(lambda text: f"(1 + ({text})**2)**0.7"),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(FORMULAS, st.floats(-3, 3), st.floats(0, 2), st.floats(-3, 3), st.floats(0, 2), st.floats(0, 1), st.floats(0, 1))
def test_bounds_contain_the_value_at_every_point_of_a_box(text, left, width, bottom, height, s, t):
    expression = expressions.parse(text, ("x", "y"))
    x, y = min(left + s * width, left + width), min(bottom + t * height, bottom + height)
    box = {X: (np.array([left]), np.array([left + width])), Y: (np.array([bottom]), np.array([bottom + height]))}
    (value,) = high_precision.values([expression], {X: x, Y: y})
    if value is not None and expression.free_symbols:
        low, high = intervals.bounds(expression, box)
        assert low[0] <= value <= high[0]


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-0.999, 0.999),
    st.sampled_from(["1/({u})", "1/({u})**2", "({u})**-0.5", "log(({u})**2)", "tan({u} + pi/2)"]),
)
def test_a_pole_anywhere_in_the_domain_is_found(place, form):
    expression = expressions.parse(form.format(u=f"x - ({place!r})"))
    found = domain.violations(expression, (X,), ((-1.0, 1.0),))
    if "-0.5" in form:
        assert found
        assert found[0].point[0] <= place + 1e-9
    else:
        assert any(abs(one.point[0] - place) < 1e-9 for one in found)
    if abs(place) > 0.01:
        side = (-1.0, place - 0.005) if place > 0 else (place + 0.005, 1.0)
        assert bool(domain.violations(expression, (X,), (side,))) == ("-0.5" in form and place > 0)


@pytest.mark.parametrize(
    "text",
    ["sqrt(x**2 + y**2)", "1/(1.5 + sin(x*y))", "log(x*y + 1.01)", "1/(x**2 + y**2 + 1e-6)", "(x - y)**2/(2 + x)"],
)
def test_functions_that_are_finite_on_a_rectangle_are_accepted(text):
    expression = expressions.parse(text, ("x", "y"))
    assert not domain.violations(expression, (X, Y), ((-1.0, 1.0), (-1.0, 1.0)))


@pytest.mark.parametrize(
    "text", ["1/(x**2 + y**2)", "1/(x - y)", "log(x*y + 1)", "1/(x*y - 1/3)", "tan(3*x*y)", "y**0.5"]
)
def test_singular_points_and_curves_in_a_rectangle_are_found(text):
    expression = expressions.parse(text, ("x", "y"))
    found = domain.violations(expression, (X, Y), ((-1.0, 1.0), (-1.0, 1.0)))
    condition = found[0].condition
    value = float(condition.argument.subs({X: found[0].point[0], Y: found[0].point[1]}))
    assert abs(value) < 1e-9 or value < 0


def test_values_to_many_digits_agree_with_sympy():
    expression = expressions.parse("(exp(x) - exp(-x))/(exp(x) + exp(-x)) - tanh(x) + erf(x)*softplus(x)**2")
    for x in (-3.3, 0.01, 0.7, 12.0):
        found = high_precision.value(expression, {X: x})
        with mpmath.workdps(60):
            expected = mpmath.erf(x) * mpmath.log(1 + mpmath.exp(x)) ** 2
            assert abs(found - expected) < mpmath.mpf(10) ** -29 * abs(expected)


@pytest.mark.parametrize(
    ("text", "ends", "place", "limit"),
    [("sin(x)/x", (-1.0, 1.0), 0.0, 1.0), ("(x**2 - 1/4)/(x - 1/2)", (0.0, 1.0), 0.5, 1.0)],
)
def test_removable_singularities_on_a_domain_are_filled(text, ends, place, limit):
    form = form_on_domain(expressions.parse(text), (X,), (ends,), "function")
    assert expressions.sample(form, [place])[0] == pytest.approx(limit, abs=1e-15)
    inside = np.linspace(*ends, 41)[1:-1:2] + 1e-3
    np.testing.assert_allclose(expressions.sample(form, inside), expressions.sample(expressions.parse(text), inside))


def test_a_function_lost_in_rounding_on_its_domain_is_refused():
    with pytest.raises(InvalidInputError, match=r"is not finite everywhere on \[0, 1000\]: .* in floating point at"):
        form_on_domain(expressions.parse("(exp(x) - exp(-x))/(exp(x) + exp(-x))"), (X,), ((0.0, 1000.0),), "function")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("relu(x*sigmoid(x))", [0]),
        ("relu(sigmoid(x) - 0.5)", [0]),
        ("max(tanh(x), x)", [0]),
        ("max(x, min(0, exp(x) - 1))", [0]),
        ("relu(x - cos(x))", [0.7390851332151607]),
        ("relu(exp(x) - x - 2)", [-1.8414056604369606, 1.1461932206205826]),
        ("abs(x)**0.5", [0]),
        ("((x - 1)**2)**0.75", [1]),
    ],
)
def test_kinks_without_closed_solutions_and_at_roots_are_located(text, points):
    assert [kink.point for kink in find_kinks(expressions.parse(text), X)] == pytest.approx(points, abs=1e-15)


@pytest.mark.parametrize(("power", "smoothness"), [(0.5, "C0"), (0.75, "C0"), (1.5, "C1"), (2.5, "C2")])
def test_real_powers_have_their_smoothness_and_infinite_jumps(power, smoothness):
    activation = Activation("q", f"relu(x)**{power}")
    assert activation.smoothness == smoothness
    assert activation.kinks[0].jumps[math.ceil(power)] == math.inf


@pytest.mark.parametrize("kernel", [1e-4, 1.0, 100.0])
@pytest.mark.parametrize("power", [0.6, 0.75, 1.5, 2.5])
def test_theory_of_real_powers_agrees_with_closed_forms(power, kernel):
    """⟨max(0, z)^a⟩ = 2^{a/2} Γ((a + 1)/2) K^{a/2}/(2√π)."""

    def moment(a):
        return 2 ** (a / 2) * gamma((a + 1) / 2) / (2 * math.sqrt(math.pi)) * kernel ** (a / 2)

    theory = EffectiveTheory(Activation("q", f"relu(x)**{power}"))
    assert theory.second_moment(kernel) == pytest.approx(moment(2 * power), rel=1e-11)
    assert theory.susceptibility_perpendicular(kernel) == pytest.approx(power**2 * moment(2 * power - 2), rel=1e-5)
    assert theory.susceptibility_parallel(kernel) == pytest.approx(power * moment(2 * power) / kernel, rel=1e-11)


@pytest.mark.parametrize("text", ["abs(x)**0.5", "relu(x)**0.5", "sign(x)*sqrt(abs(x)) + tanh(x)"])
def test_slopes_that_are_not_square_integrable_have_an_infinite_susceptibility(text):
    theory = EffectiveTheory(Activation("q", text))
    assert theory.susceptibility_perpendicular(1.0) == math.inf
    assert math.isfinite(theory.susceptibility_parallel(1.0))


def test_slopes_with_a_root_off_zero_are_averaged_accurately_or_refused():
    """The singular factor of the integral is the weight of an independent quadrature rule."""

    def density(s):
        return 0.75**2 * math.exp(-((1 + s) ** 2) / 2) / math.sqrt(2 * math.pi)

    near, _ = quad(density, 0, 1, weight="alg", wvar=(-0.5, 0))
    far, _ = quad(lambda s: density(s) * s**-0.5, 1, 30)
    theory = EffectiveTheory(Activation("q", "relu(x - 1)**0.75"))
    assert theory.susceptibility_perpendicular(1.0) == pytest.approx(near + far, rel=1e-7)
    with pytest.raises(InvalidInputError, match=r"grows like a power -0\.4 of the distance from x = 1; away from 0"):
        EffectiveTheory(Activation("q", "relu(x - 1)**0.6")).susceptibility_perpendicular(1.0)


@pytest.mark.parametrize("text", ["tanh(100*x)", "tanh(300*x)", "sigmoid(1000*x)"])
def test_theory_of_steep_functions_takes_seconds(text):
    began = time.process_time()
    universality_class(Activation("q", text))
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "text", ["max(0, x) + min(0, exp(x) - 1)", "sin(x)/x", "x*(1 + erf(x/sqrt(2)))/2", "relu(x)**1.5"]
)
def test_nan_remains_nan_and_differentiation_twice_is_finite(text):
    activation = torch_activation(Activation("q", text))
    assert activation.values(torch.tensor([math.nan], dtype=torch.float64)).isnan().all()
    z = torch.tensor([-1e30, -90.0, -0.5, 0.25, 90.0, 1e30], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(activation.values(z).sum(), z, create_graph=True)
    (second,) = torch.autograd.grad(slope.sum(), z)
    torch.testing.assert_close(second, activation.values_to_second_order(z.detach())[2], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "same"),
    [("relu(sin(x) + 2)", "sin(x) + 2"), ("sign(sigmoid(x))", "1"), ("abs(softplus(x))", "softplus(x)")],
)
def test_switches_that_never_switch_are_removed(text, same):
    assert [part for _, part in pieces(expressions.parse(text), X)] == [expressions.parse(same)]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 999),
    st.integers(1, 99),
    st.sampled_from(["({a}*x)*relu({a}*x + 1)", "abs({a}*x - 1/3)", "max(0.1*x, x - {a})", "relu({a}*x + 1)**2"]),
)
def test_kinks_between_two_floating_point_numbers_are_no_deviation(numerator, denominator, form):
    """Beside such a kink, rounding of the argument decides which one-sided derivative is evaluated."""
    assert len(Activation("q", form.format(a=f"({numerator}/{denominator})")).forms) == 4


PARTS = st.recursive(
    st.sampled_from(["x", "x", "2", "0.5", "pi"]),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*/"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(
            st.sampled_from(["sin", "tanh", "exp", "abs", "relu", "sigmoid", "softplus", "sign", "sqrt", "log", "erf"]),
            part,
        ).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(part, st.sampled_from(["2", "0.5", "1.5", "-1"])).map(lambda t: f"({t[0]})**{t[1]}"),
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(PARTS, st.sampled_from([-37.4, -3.3, -0.7, 0.21, 1.9, 55.0]))
def test_any_formula_is_refused_in_a_sentence_or_evaluated_right(text, x):
    try:
        activation = torch_activation(Activation("q", text))
    except InvalidInputError:
        return
    (expected,) = high_precision.values([activation.symbolic.expression], {X: x})
    found = activation.values(torch.tensor([x], dtype=torch.float64)).item()
    if expected is not None and abs(expected) < 1e300:
        around = high_precision.values([activation.symbolic.expression], {X: x * (1 + 1e-9)})[0]
        condition = 1e9 * abs(around - expected) if around is not None else 0
        assert abs(found - expected) <= 1e-10 * max(1, abs(expected), condition)


def test_the_derivative_of_a_line_written_with_kinks_is_right_at_their_place():
    """relu(x) − relu(−x) is x; the product of the rules for both terms would give the slope 0 at 0."""
    _, slope = torch_activation(Activation("q", "relu(x) - relu(-x)")).values_and_slopes(torch.zeros(1))
    assert slope.item() == 1
    assert sympy.simplify(Activation("q", "relu(x) - relu(-x)").forms[0] - X) == 0
