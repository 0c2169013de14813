"""Intervals and tests beyond the median: against enumeration, against SciPy, and by observed coverage."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from rectified.statistics.intervals import (
    distance_interval,
    distance_test,
    mean_interval,
    mean_test,
    rank_sum_test,
    share_interval,
    share_test,
    shift_interval,
)
from rectified.statistics.summaries import pseudovalues, vertex_estimate, vertices


def differences(first, second):
    return np.subtract.outer(np.asarray(first, dtype=float), np.asarray(second, dtype=float))


def surely(hits, said, runs):
    """Return True if the share of hits is compatible with the stated probability."""
    return abs(hits - said) < 4.5 * np.sqrt(said * (1 - said) / runs)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 3), (3, 3), (4, 4), (5, 3), (4, 6)])
def test_coverage_of_the_shift_agrees_with_enumeration_of_all_orders(n, m):
    """All choices of the ranks of the first sample are equally likely if the shift is 0."""
    covered = []
    for chosen in itertools.combinations(range(n + m), n):
        rest = [rank for rank in range(n + m) if rank not in chosen]
        found = shift_interval(differences(chosen, rest))
        covered.append(found.low < 0 < found.high)
    assert found.coverage == pytest.approx(np.mean(covered), abs=1e-12)
    assert (found.coverage >= 0.95) == (math.comb(n + m, n) >= 40)


@given(st.data(), st.integers(1, 9), st.integers(1, 9))
def test_rank_sum_test_agrees_with_scipy(data, n, m):
    numbers = st.lists(st.floats(-9, 9), min_size=n + m, max_size=n + m, unique=True)
    values = data.draw(numbers)
    compared = differences(values[:n], values[n:])
    expected = scipy.stats.mannwhitneyu(values[:n], values[n:], method="exact").pvalue
    assume((compared != 0).all())
    assert rank_sum_test(compared, 0.0) == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(-9, 9), min_size=4, max_size=8), st.lists(st.floats(-9, 9), min_size=4, max_size=8))
def test_zero_lies_outside_the_shift_interval_iff_the_test_rejects_it(first, second):
    compared = differences(first, second)
    found = shift_interval(compared)
    assert (found.low > 0 or found.high < 0) == (rank_sum_test(compared, 0.0) < 0.05)
    mirrored = shift_interval(-compared)
    assert (mirrored.low, mirrored.high) == (-found.high, -found.low)


@pytest.mark.parametrize("law", ["normal", "exponential"])
@pytest.mark.parametrize(("n", "m"), [(4, 4), (6, 9)])
def test_interval_of_the_shift_has_its_nominal_coverage(n, m, law):
    random, runs = np.random.default_rng(3), 3000
    found = [
        shift_interval(differences(getattr(random, law)(size=n) + 2, getattr(random, law)(size=m))) for _ in range(runs)
    ]
    hits = np.mean([one.low < 2 < one.high for one in found])
    assert surely(hits, found[0].coverage, runs)


def test_unknown_values_widen_the_shift_and_three_replicates_each_are_undecided():
    compared = differences([10.0, 11, 12, 13, 14], [1.0, 2, 3, 4])
    assert shift_interval(compared).low > 0
    compared[0] = np.nan
    found = shift_interval(compared)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert rank_sum_test(compared, 0.0) > 0.05
    assert shift_interval(differences([10, 11, 12], [1, 2, 3])).coverage == pytest.approx(0.9)
    assert (shift_interval(np.empty((0, 3))).coverage, rank_sum_test(np.empty((0, 3)), 1.0)) == (0.0, 1.0)


def test_interval_of_the_mean_agrees_with_scipy_and_has_its_nominal_coverage():
    values = np.random.default_rng(0).exponential(size=25)
    expected = scipy.stats.ttest_1samp(values, 1.2)
    found = mean_interval(values)
    low, high = expected.confidence_interval(0.95)
    assert found.low == pytest.approx(low, rel=1e-12)  # the t interval is the outer one on the left of a skewed sample
    assert found.high > high
    assert mean_test(values, 1.2) >= expected.pvalue
    samples = np.random.default_rng(1).normal(3, 2, size=(4000, 12))
    hits = np.mean([one.low < 3 < one.high for one in map(mean_interval, samples)])
    assert surely(hits, 0.95, len(samples))


def test_mean_is_undetermined_with_few_or_unknown_values():
    assert mean_interval([1.0] * 9).coverage == 0
    assert mean_interval([1.0] * 11 + [np.nan])[1:] == (-np.inf, np.inf, 0.95)
    assert mean_test([1.0] * 11 + [np.inf], 5.0) == 1.0
    assert mean_interval([2.0] * 10) == (
        2.0,
        -np.inf,
        np.inf,
        0.95,
    )  # equal values do not show that there is no variance
    assert (mean_test([2.0] * 10, 2.0), mean_test([2.0] * 10, 1.0)) == (1.0, 1.0)


@pytest.mark.parametrize("count", [4, 7, 20])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9])
def test_interval_of_a_share_covers_by_summation_over_all_outcomes(count, share):
    probabilities = scipy.stats.binom.pmf(np.arange(count + 1), count, share)
    found = [share_interval([1.0] * ones + [0.0] * (count - ones)) for ones in range(count + 1)]
    assert sum(p for p, one in zip(probabilities, found) if one.low <= share <= one.high) >= 0.95
    for ones in range(count + 1):
        test = share_test([1.0] * ones + [0.0] * (count - ones), share)
        assert test == pytest.approx(scipy.stats.binomtest(ones, count, share).pvalue)


def test_interval_of_a_full_share_has_the_closed_form_and_unknown_flags_may_be_either():
    found = share_interval([1.0] * 12)
    assert found[:3] == pytest.approx((1.0, 0.025 ** (1 / 12), 1.0), rel=1e-9)
    partly = share_interval([1.0] * 5 + [0.0] * 5 + [np.nan] * 2)
    assert partly.value == 0.5
    assert partly.low == share_interval([1.0] * 5 + [0.0] * 7).low
    assert partly.high == share_interval([1.0] * 7 + [0.0] * 5).high
    with pytest.raises(ValueError, match="zeros and ones"):
        share_interval([0.5])


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.4])
def test_interval_of_the_distance_of_two_distributions_covers_it(shift):
    """Uniform distributions on [0, 1] and [s, 1 + s] have distance s."""
    random = np.random.default_rng(5)
    pairs = [(random.random(60), shift + random.random(90)) for _ in range(500)]
    found = [distance_interval(*pair) for pair in pairs]
    assert np.mean([one.low <= shift <= one.high for one in found]) >= 0.95
    assert distance_test(*pairs[0]) == scipy.stats.ks_2samp(*pairs[0]).pvalue
    assert found[0].value == scipy.stats.ks_2samp(*pairs[0]).statistic


def test_pseudovalues_have_the_mean_and_the_error_of_the_estimate():
    random = np.random.default_rng(2)
    kernels, pairs = random.exponential(size=(2, 15, 3, 4))
    spread = pseudovalues(*vertices(kernels, pairs, 16))
    expected = vertex_estimate(kernels, pairs, 16)
    np.testing.assert_allclose(spread.mean(0), expected.value, rtol=1e-10)
    np.testing.assert_allclose(spread.std(0, ddof=1) / np.sqrt(15), expected.error, rtol=1e-10)


# Spread of log K between networks, number of networks → coverage, measured with 3000 ensembles of width 32.
VERTEX_COVERAGE = {(0.1, 12): 0.937, (0.3, 12): 0.894, (0.6, 12): 0.781}


@pytest.mark.parametrize(("spread", "networks"), VERTEX_COVERAGE)
def test_interval_of_the_vertex_has_its_measured_coverage(spread, networks):
    """zᵢ ~ N(0, K) with log K ~ N(0, spread²): V = n Var K. The t interval alone covers in fewer ensembles."""
    runs, width, random = 200, 32, np.random.default_rng(5)
    exact = width * (np.exp(2 * spread**2) - np.exp(spread**2))
    covered = covered_by_t = 0
    for _ in range(runs):
        kernel = np.exp(spread * random.standard_normal((networks, 1, 1)))
        squares = kernel * random.standard_normal((networks, 1, width)) ** 2
        pairs = (squares.sum(-1) ** 2 - (squares**2).sum(-1)) / (width * (width - 1))
        values = pseudovalues(*vertices(squares.mean(-1), pairs, width))
        found, error = mean_interval(values), values.std(ddof=1) / networks**0.5
        covered += found.low <= exact <= found.high
        covered_by_t += abs(values.mean() - exact) <= scipy.stats.t.ppf(0.975, networks - 1) * error
    expected = VERTEX_COVERAGE[spread, networks]
    assert abs(covered / runs - expected) < 4 * (expected * (1 - expected) / runs) ** 0.5
    assert covered_by_t < covered
