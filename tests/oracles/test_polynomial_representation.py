"""Lemma 7: exact representation of polynomials by one layer of MRePU_p."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rectified.effective_theory.polynomial_representation import (
    fitted_output,
    inner_weights,
    input_weights,
    last_layer,
    layer,
    output_weights,
)
from rectified.formulas import activations, expressions
from reproduction.config.job import Job
from reproduction.config.tasks.polynomial_representation import PolynomialRepresentationSettings
from reproduction.jobs.polynomial_representation import polynomial_representation


@pytest.mark.parametrize("power", range(1, 5))
def test_random_polynomials_are_represented_to_rounding(power):
    settings = PolynomialRepresentationSettings(document="d", powers=[power], polynomials=50)
    job = Job(tier="test", threads=1, experiment="e", case="c", settings=settings)
    arrays = polynomial_representation(job, {})
    assert float(arrays.error.max()) < 1e-11


@given(
    power=st.integers(1, 4),
    radius=st.floats(0.1, 10),
    coefficients=st.lists(st.floats(-5, 5), min_size=6, max_size=6),
)
def test_any_polynomial_on_any_interval(power, radius, coefficients):
    a = np.array(coefficients[: power + 2])[None]
    weights = input_weights(power, radius)
    assert (abs(weights) * radius < 1).all()
    assert len(set(weights)) == power + 1
    x = np.linspace(-radius, radius, 101)
    value = output_weights(a, weights) @ layer(x, weights, power) + a[:, :1]
    exact = np.polynomial.polynomial.polyval(x, a[0])
    scale = np.polynomial.polynomial.polyval(radius, abs(a[0])) + 1e-300
    assert abs(value - exact).max() < 1e-11 * scale


def test_layer_uses_the_activation_of_the_registry():
    x, weights = np.linspace(-3, 3, 50), np.array([0.3, -0.9])
    for power in (1, 2, 5):
        sigma = activations.get(f"mrepu{power}").expression
        expected = expressions.sample(sigma, weights[:, None] * x)
        np.testing.assert_allclose(layer(x, weights, power), expected, rtol=1e-13, atol=1e-13)


def test_one_unit_fewer_is_insufficient():
    """p units and a bias do not span the polynomials of degree p + 1: x² is at a positive distance from their span."""
    power = 3
    weights = input_weights(power, 1.0)[:-1]
    x = np.linspace(-1, 1, 101)
    design = np.vstack([layer(x, weights, power), np.ones_like(x)]).T
    residual = np.linalg.lstsq(design, x**2, rcond=None)[1]
    assert residual.size == 1
    assert residual[0] > 1e-6


@pytest.mark.parametrize(("variables", "power", "layers"), [(1, 1, 3), (2, 1, 2), (3, 2, 1)])
def test_networks_of_several_variables_represent_polynomials(variables, power, layers):
    """Theorem 8 for the monomial of the largest degree in the last variable and a product of all variables."""
    random = np.random.default_rng(variables)
    fitted, tested = (random.uniform(-1, 1, (variables, count)) for count in (3000, 1000))
    weights = inner_weights(fitted, power, layers, random)
    assert len(weights) == layers
    degree = (power + 1) ** layers

    def polynomials(x):
        return np.stack([x[-1] ** degree - 1, np.prod(x, 0)])

    outputs = fitted_output(last_layer(fitted, weights, power), polynomials(fitted))
    units = last_layer(tested, weights, power)
    assert len(units) == math.comb(degree + variables, degree) - 1
    np.testing.assert_allclose(outputs[:, :-1] @ units + outputs[:, -1:], polynomials(tested), atol=1e-8)
