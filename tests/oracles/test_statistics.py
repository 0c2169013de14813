"""Estimates with errors: unbiased, with the spread that they say."""

import numpy as np
import pytest

from rectified.shares import share_interval
from rectified.statistics import mean_estimate, median_member, variance_estimate, vertex_estimate


def repeated(estimate, repetitions=400):
    random = np.random.default_rng(0)
    found = [estimate(random) for _ in range(repetitions)]
    values, errors = np.array([f.value for f in found]), np.array([f.error for f in found])
    return values, errors


@pytest.mark.parametrize(
    ("estimate", "truth"),
    [
        (lambda random: mean_estimate(random.exponential(size=200)), 1.0),
        (lambda random: variance_estimate(random.exponential(size=200)), 1.0),
        (lambda random: variance_estimate(random.normal(size=200)), 1.0),
    ],
)
def test_estimates_are_unbiased_and_know_their_error(estimate, truth):
    values, errors = repeated(estimate)
    assert abs(values.mean() - truth) < 5 * values.std() / np.sqrt(len(values))
    assert errors.mean() == pytest.approx(values.std(), rel=0.2)


def test_vertex_of_independent_neurons_is_zero_without_the_bias_of_a_plain_square():
    """With neurons independent across a network E[zᵢ²zⱼ²] = K², so V = 0; the plain square is off by −2K²/E."""
    width, networks = 30, 8

    def estimate(random):
        z = random.normal(size=(networks, width))
        q = (z**2).mean(1)
        pairs = ((z**2).sum(1) ** 2 - (z**4).sum(1)) / (width * (width - 1))
        return vertex_estimate(q[:, None], pairs[:, None], width)

    values, errors = repeated(estimate, 3000)
    assert abs(values.mean()) < 5 * values.std() / np.sqrt(len(values))
    assert errors.mean() == pytest.approx(values.std(), rel=0.25)
    assert abs(values.mean()) < 0.25 * 2 / networks


def test_vertex_sees_a_common_scale():
    """z = s·g with Var s² = v gives E[zᵢ²zⱼ²] − K² = v, so V = n·v."""
    width, networks, random = 40, 20_000, np.random.default_rng(1)
    scale = random.uniform(0.5, 1.5, size=(networks, 1))
    z = np.sqrt(scale) * random.normal(size=(networks, width))
    pairs = ((z**2).sum(1) ** 2 - (z**4).sum(1)) / (width * (width - 1))
    found = vertex_estimate((z**2).mean(1, keepdims=True), pairs[:, None], width)
    assert abs(found.value - width / 12) < 5 * found.error
    assert found.error < 0.05 * width / 12


def test_interval_of_a_share():
    share, low, high = share_interval(np.arange(10) < 3)
    assert share == 0.3
    assert 0.1 < low < 0.3 < high < 0.61
    assert share_interval(np.zeros(10, dtype=bool))[0] == 0.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3, 1, 2], 2), ([4, 1, 2, 3], 2), ([0.1, np.nan, np.nan], 0), ([np.nan, 0.2, np.nan, np.inf], 1), ([np.nan], 0)],
)
def test_the_typical_member_is_a_healthy_one(values, expected):
    assert median_member(values) == expected
