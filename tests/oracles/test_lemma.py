"""Lemma 7: polynomials represented exactly by one layer of MRePU_p."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reproduction.config.network_tasks import Lemma

from rectified.effective_theory import polynomial_representation
from rectified.formulas import activations, expressions


@pytest.mark.parametrize("power", range(1, 5))
def test_random_polynomials_are_represented_to_rounding(power):
    found = polynomial_representation.errors(Lemma(document="d", powers=[power], polynomials=50))
    assert float(found.error.max()) < 1e-11


@given(
    power=st.integers(1, 4),
    radius=st.floats(0.1, 10),
    coefficients=st.lists(st.floats(-5, 5), min_size=6, max_size=6),
)
def test_any_polynomial_on_any_interval(power, radius, coefficients):
    a = np.array(coefficients[: power + 2])[None]
    weights = polynomial_representation.input_weights(power, radius)
    assert (abs(weights) * radius < 1).all()
    assert len(set(weights)) == power + 1
    x = np.linspace(-radius, radius, 101)
    value = (
        polynomial_representation.output_weights(a, weights) @ polynomial_representation.layer(x, weights, power)
        + a[:, :1]
    )
    exact = np.polynomial.polynomial.polyval(x, a[0])
    scale = np.polynomial.polynomial.polyval(radius, abs(a[0])) + 1e-300
    assert abs(value - exact).max() < 1e-11 * scale


def test_the_layer_is_the_activation_of_the_registry():
    x, weights = np.linspace(-3, 3, 50), np.array([0.3, -0.9])
    for power in (1, 2, 5):
        sigma = activations.get(f"mrepu{power}").expression
        expected = expressions.sample(sigma, weights[:, None] * x)
        np.testing.assert_allclose(polynomial_representation.layer(x, weights, power), expected, rtol=1e-13, atol=1e-13)


def test_one_unit_fewer_does_not_do():
    """p units and a bias do not span the polynomials of degree p + 1: x² has a distance from what they give."""
    power = 3
    weights = polynomial_representation.input_weights(power, 1.0)[:-1]
    x = np.linspace(-1, 1, 101)
    design = np.vstack([polynomial_representation.layer(x, weights, power), np.ones_like(x)]).T
    residual = np.linalg.lstsq(design, x**2, rcond=None)[1]
    assert residual.size == 1
    assert residual[0] > 1e-6
