"""Gaussian averages: closed forms, kinks and overflow."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf, gamma, ndtr, roots_hermite

from rectified.effective_theory.gaussian_averages import average

KERNELS = np.logspace(-12, 12, 49)
ROUNDING = 4e-15
CORRELATIONS = [-1, -0.999999, -0.9, -0.3, 0, 1e-9, 0.5, 0.99, 0.999999, 1 - 2**-40, 1]


def relu(z):
    return np.maximum(z, 0)


def smooth_formula_that_cancels(z):
    return (np.exp(z) - 1) ** 2


@pytest.mark.parametrize("power", range(1, 13))
def test_moments_of_relu(power):
    exact = 2 ** (power / 2 - 1) * gamma((power + 1) / 2) / np.sqrt(np.pi) * KERNELS ** (power / 2)
    np.testing.assert_allclose(average(lambda z: relu(z) ** power, KERNELS, (0.0,)), exact, rtol=ROUNDING)


@pytest.mark.parametrize("kink", [-3.0, -1.0, 1e-3, 1.0])
def test_kinks_and_jumps_away_from_zero(kink):
    kernel = np.logspace(-3, 6, 19) * kink**2
    deviation = np.sqrt(kernel)
    density = np.exp(-0.5 * (kink / deviation) ** 2) / np.sqrt(2 * np.pi)
    above = ndtr(-kink / deviation)
    np.testing.assert_allclose(average(lambda z: z > kink, kernel, (kink,)), above, rtol=1e-12, atol=ROUNDING)
    np.testing.assert_allclose(
        average(lambda z: relu(z - kink), kernel, (kink,)),
        deviation * density - kink * above,
        atol=1e-14 * deviation.max(),
    )


@pytest.mark.parametrize("steepness", [1e-3, 1.0, 1e3])
def test_functions_much_narrower_and_much_wider_than_the_density_are_integrated(steepness):
    wide = 2 * steepness**2 * KERNELS
    exact = 2 / np.pi * np.arctan2(wide, np.sqrt(1 + 2 * wide))
    np.testing.assert_allclose(average(lambda z: erf(steepness * z) ** 2, KERNELS), exact, rtol=1e-13)


def test_oscillations_are_resolved():
    kernel = np.logspace(-6, 6, 25)
    np.testing.assert_allclose(average(lambda z: np.sin(z) ** 2, kernel), -np.expm1(-2 * kernel) / 2, rtol=1e-13)


def test_growing_functions_are_integrated_until_they_overflow():
    kernel = np.array([1.0, 10.0, 100.0, 300.0, 5000.0])
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(average(np.exp, kernel), np.exp(kernel / 2), rtol=1e-12)
    assert np.isinf(average(lambda z: z**4, 1e200))
    assert average(lambda z: z**4, 1e-200) == 0


def test_smooth_functions_agree_with_adaptive_quadrature():
    for kernel in (0.01, 1.0, 30.0):

        def density(t, kernel=kernel):
            return np.logaddexp(0, np.sqrt(kernel) * t) ** 2 * np.exp(-t * t / 2) / np.sqrt(2 * np.pi)

        expected = quad(density, -30, 30, points=[-5, 0, 5], epsabs=1e-13, epsrel=1e-13, limit=200)[0]
        assert float(average(lambda z: np.logaddexp(0, z) ** 2, kernel)) == pytest.approx(expected, rel=1e-12)


def test_formula_that_cancels_has_the_rounding_error_over_its_argument():
    kernel = np.logspace(-16, 0, 17)
    exact = np.expm1(2 * kernel) - 2 * np.expm1(kernel / 2)
    error = abs(average(smooth_formula_that_cancels, kernel) / exact - 1)
    assert (error < 10 * np.finfo(float).eps * (1 + 1 / np.sqrt(kernel))).all()


@pytest.mark.parametrize("degree", [1, 2, 4])
def test_hermite_weights_are_orthogonal(degree):
    for power in range(degree):
        assert average(lambda z, power=power: z**power, 1.7, hermite=degree) == pytest.approx(0, abs=1e-13)
    assert average(lambda z: z**degree, 1.7, hermite=degree) == pytest.approx(gamma(degree + 1) * 1.7 ** (degree / 2))


def test_gauss_hermite_with_25_nodes_has_percent_errors_at_a_kink():
    nodes, weights = roots_hermite(25)
    blind = relu(np.sqrt(2) * nodes) @ weights / np.sqrt(np.pi)
    exact = 1 / np.sqrt(2 * np.pi)
    assert abs(blind / exact - 1) > 0.01
    assert average(relu, 1.0, (0.0,)) == pytest.approx(exact, rel=ROUNDING)


def test_shapes_zero_variance_and_negative_variance():
    assert average(np.cos, np.ones((2, 3, 1))).shape == (2, 3, 1)
    assert average(np.cos, 0.0) == pytest.approx(1, rel=ROUNDING)
    np.testing.assert_allclose(average(lambda z: 2.0, [0.0, 1.0]), 2, rtol=ROUNDING)
    with pytest.raises(ValueError, match="negative"):
        average(np.cos, [1.0, -1e-9])
