"""Estimates with errors: bias, and stated against observed errors."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from rectified.statistics.summaries import (
    mean_estimate,
    median_interval,
    median_member,
    sign_test,
    variance_estimate,
    vertex_estimate,
)


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
def test_estimates_are_unbiased_and_have_correct_errors(estimate, truth):
    values, errors = repeated(estimate)
    assert abs(values.mean() - truth) < 5 * values.std() / np.sqrt(len(values))
    assert errors.mean() == pytest.approx(values.std(), rel=0.2)


def test_vertex_of_independent_neurons_is_zero_without_the_bias_of_a_plain_square():
    """With independent neurons E[zᵢ²zⱼ²] = K², so V = 0; the plain square is biased by −2K²/E."""
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


def test_vertex_detects_a_common_scale():
    """z = s·g with Var s² = v gives E[zᵢ²zⱼ²] − K² = v, so V = n·v."""
    width, networks, random = 40, 20_000, np.random.default_rng(1)
    scale = random.uniform(0.5, 1.5, size=(networks, 1))
    z = np.sqrt(scale) * random.normal(size=(networks, width))
    pairs = ((z**2).sum(1) ** 2 - (z**4).sum(1)) / (width * (width - 1))
    found = vertex_estimate((z**2).mean(1, keepdims=True), pairs[:, None], width)
    assert abs(found.value - width / 12) < 5 * found.error
    assert found.error < 0.05 * width / 12


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3, 1, 2], 2), ([4, 1, 2, 3], 2), ([0.1, np.nan, np.nan], 0), ([np.nan, 0.2, np.nan, np.inf], 1), ([np.nan], 0)],
)
def test_typical_member_has_not_diverged(values, expected):
    assert median_member(values) == expected


def tail(count, fewest):
    """P(B ≤ fewest) for B binomial(count, ½), by counting subsets."""
    return Fraction(sum(math.comb(count, k) for k in range(fewest + 1)), 2**count)


@pytest.mark.parametrize("count", range(1, 9))
def test_coverage_of_the_median_interval_agrees_with_enumeration(count):
    """All patterns of values above and below the median are equally likely; count those that the interval covers."""
    sizes = np.arange(1.0, count + 1)
    patterns = [median_interval(sizes * signs) for signs in itertools.product([-1, 1], repeat=count)]
    covered = np.mean([found.low < 0 < found.high for found in patterns])
    assert patterns[0].coverage == pytest.approx(covered, abs=1e-14)


@pytest.mark.parametrize("count", [*range(1, 41), 200])
def test_interval_of_the_median_is_the_narrowest_with_its_coverage(count):
    values = np.random.default_rng(count).permutation(count).astype(float)
    found = median_interval(values)
    left_out = int(found.low)
    assert (found.value, found.high) == ((count - 1) / 2, count - 1 - left_out)
    assert found.coverage == pytest.approx(float(1 - 2 * tail(count, left_out)), abs=1e-13)
    if count >= 6:
        assert 2 * tail(count, left_out) <= Fraction(1, 20) < 2 * tail(count, left_out + 1)
    else:
        assert left_out == 0
        assert found.coverage == pytest.approx(1 - 2.0 ** (1 - count), abs=1e-14)


@pytest.mark.parametrize("law", ["normal", "lognormal", "exponential"])
@pytest.mark.parametrize("count", [6, 10, 20])
def test_interval_of_the_median_has_its_nominal_coverage(count, law):
    median = {"normal": 0.0, "lognormal": 1.0, "exponential": math.log(2)}[law]
    samples = getattr(np.random.default_rng(7), law)(size=(3000, count))
    found = [median_interval(sample) for sample in samples]
    hits = np.array([interval.low < median < interval.high for interval in found])
    said = found[0].coverage
    assert said >= 0.95
    assert abs(hits.mean() - said) < 4.5 * np.sqrt(said * (1 - said) / len(samples))


@pytest.mark.parametrize("count", [*range(6, 30), 100])
def test_interval_and_sign_test_agree_with_the_quantile_test(count):
    """SciPy's quantile test at ½ is the sign test; its interval uses quantiles of the binomial distribution."""
    values = np.random.default_rng(count).normal(0.3, 1, count)
    peer = scipy.stats.quantile_test(values, q=0.0, p=0.5)
    assert sign_test(values, 0.0) == pytest.approx(peer.pvalue, rel=1e-12)
    assert median_interval(values)[1:3] == tuple(peer.confidence_interval(0.95))


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 4))
def test_sign_test_agrees_with_counting_subsets_without_ties(above, below, ties):
    values = [2.0 + n for n in range(above)] + [-n for n in range(below)] + [1.0] * ties
    p = min(1, 2 * tail(above + below, min(above, below)))
    assert sign_test(values, 1.0) == pytest.approx(float(p), rel=1e-12)


@given(st.lists(st.floats(-10, 10), max_size=25), st.integers(0, 3))
def test_threshold_lies_outside_the_interval_iff_the_sign_test_rejects_it(values, unknown):
    values = [value for value in values if value] + [np.nan] * unknown
    low, high, coverage = median_interval(values)[1:]
    assert (coverage >= 0.95 and (low > 0 or high < 0)) == (sign_test(values, 0.0) < 0.05)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.lists(st.floats(-5, 5), max_size=3), st.floats(-5, 5))
def test_unknown_values_widen_the_interval_over_all_their_possible_values(values, hidden, threshold):
    complete, partly = values + hidden, values + [np.nan] * len(hidden)
    true, found = median_interval(complete), median_interval(partly)
    assert found.low <= true.low <= true.high <= found.high
    assert found.coverage == true.coverage
    if threshold not in complete:
        assert sign_test(partly, threshold) >= sign_test(complete, threshold) * (1 - 1e-12)


def test_medians_of_infinite_and_of_no_values():
    assert median_interval([np.inf] * 4 + [1.0, 2.0, 3.0])[:3] == (np.inf, 1.0, np.inf)
    assert np.isnan(median_interval([-np.inf, np.inf]).value)
    assert median_interval([np.nan, np.nan])[1:] == (-np.inf, np.inf, 0.5)
    assert np.isnan(median_interval([])[:3]).all()
    assert (median_interval([]).coverage, sign_test([], 0.0)) == (0.0, 1.0)
