"""Parser of formulas: accepted and rejected text, kinks and jumps."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.kinks import find_kinks

X = expressions.symbol("x")

TRICKS = [
    "x.__class__",
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "[x for x in (1,)]",
    "lambda: x",
    "x if x else 1",
    "exec('x')",
    "eval('x')",
    "open('/etc/passwd')",
    "f'{x}'",
    "x := 3",
    "sin(*[x])",
    "sin(x=1)",
    "x @ x",
    "x // 2",
    "x and x",
    "x < 1",
    "x^2",
    "{}",
    "x[0]",
    "...",
    "None",
    "1j",
    "9**9**9",
    "((9**64)**64)**64",
    "1e400",
    "1/0",
    "log(0)",
    "sqrt(-1)",
    "y",
    "sine(x)",
    "x +",
    "",
    "x" * 600,
]


@pytest.mark.parametrize("text", TRICKS)
def test_invalid_formulas_are_rejected(text):
    with pytest.raises(InvalidInputError, match="expression"):
        expressions.parse(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_arbitrary_text_is_parsed_or_rejected(text):
    try:
        symbols = expressions.parse(text).free_symbols
    except InvalidInputError:
        return
    assert symbols <= {X}


def test_unknown_functions_are_rejected_with_the_nearest_name():
    with pytest.raises(InvalidInputError, match=r"unknown function 'tahn'; did you mean .*'tanh'"):
        expressions.parse("tahn(x)")


FORMULAS = st.recursive(
    st.sampled_from(["x", "2", "0.5", "pi"]),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["sin", "cos", "tanh", "exp", "abs", "atan"]), part).map(lambda t: f"{t[0]}({t[1]})"),
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(FORMULAS, st.floats(-2, 2))
def test_values_agree_with_python(text, x):
    names = {name: getattr(math, name) for name in ("sin", "cos", "tanh", "exp", "atan", "pi")} | {"abs": abs, "x": x}
    try:
        expected = eval(text, {"__builtins__": {}}, names)
    except OverflowError:
        return
    found = float(expressions.sample(expressions.parse(text), [x])[0])
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "points", "orders"),
    [
        ("relu(x)", [0], [1]),
        ("relu(x)**3", [0], [3]),
        ("max(0.01*x, x)", [0], [1]),
        ("max(0, 1 - abs(x))", [-1, 0, 1], [1, 1, 1]),
        ("abs(abs(x) - 1)", [-1, 0, 1], [1, 1, 1]),
        ("x*relu(x + 1)**2", [-1], [2]),
        ("x*relu(x**2 - 2)", [-math.sqrt(2), math.sqrt(2)], [1, 1]),
        ("heaviside(x - 1/3)", [1 / 3], [0]),
        ("min(relu(x), 1)", [0, 1], [1, 1]),
        ("x*abs(x)", [0], [2]),
        ("relu(x)**5", [0], [5]),
        ("max(0, x, 2*x - 1)", [0, 1], [1, 1]),
        ("sign(x)*x - abs(x)", [], []),
        ("tanh(x)", [], []),
    ],
)
def test_all_kinks_are_found(text, points, orders):
    kinks = find_kinks(expressions.parse(text), X)
    assert [kink.point for kink in kinks] == pytest.approx(points)
    assert [kink.order for kink in kinks] == orders


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-6, 6), st.integers(1, 5)), min_size=1, max_size=4, unique_by=lambda t: t[0]),
    st.integers(1, 3),
)
def test_jumps_of_spline_sums_have_the_exact_size(terms, degree):
    text = " + ".join(f"{height}*relu(x - ({point}))**{degree}" for point, height in terms)
    kinks = find_kinks(expressions.parse(text), X)
    found = {kink.point: kink.jumps[degree] for kink in kinks}
    assert found == {float(point): math.factorial(degree) * height for point, height in terms}
    assert all(kink.order == degree for kink in kinks)


def test_formulas_with_infinitely_many_kinks_are_rejected():
    with pytest.raises(InvalidInputError, match="cannot list"):
        find_kinks(expressions.parse("relu(sin(x))"), X)


def test_overflowing_forms_are_replaced():
    mish = expressions.parse("x*tanh(log(1 + exp(x)))")
    slope = sympy.diff(mish, X)
    assert np.isfinite(expressions.sample(slope, [-1e3, -50.0, 0.0, 50.0, 1e3])).all()
    assert expressions.parse("1/(1 + exp(-x))") == expressions.sigmoid(X)
