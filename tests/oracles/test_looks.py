"""Sign tests at fixed looks: exact errors by enumeration, and rates of false decisions by simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rectified.errors import InvalidInputError
from rectified.statistics.intervals import mean_interval, mean_test, share_interval, shift_interval
from rectified.statistics.looks import LOOKS, deciding_look, error, interval_over_looks, require_looks
from rectified.statistics.summaries import median_interval

RATE = 0.05


def margin(rate: float, count: int) -> float:
    """Return 4.5 standard deviations of a rate in a number of trials."""
    return 4.5 * math.sqrt(rate * (1 - rate) / count)


def test_error_over_all_looks_is_that_of_the_specified_bounds():
    assert error(LOOKS) == pytest.approx(0.0421, abs=5e-5)
    assert error({6: 6}) == 2 / 2**6
    assert error({20: 15}) == pytest.approx(2 * sum(math.comb(20, k) for k in range(6)) / 2**20)


@pytest.mark.parametrize("looks", [{3: 3}, {3: 3, 5: 4}, {4: 4, 6: 5, 9: 8}, {2: 2, 4: 4, 8: 7}])
def test_error_agrees_with_enumeration_of_all_signs(looks):
    last = max(looks)
    signs = np.array(list(itertools.product([-1, 1], repeat=last)))
    excluded = np.zeros(len(signs), dtype=bool)
    for count, agreeing in looks.items():
        above = (signs[:, :count] > 0).sum(1)
        excluded |= (above >= agreeing) | (count - above >= agreeing)
    assert error(looks) == pytest.approx(excluded.mean(), abs=1e-14)


@pytest.mark.parametrize("law", ["normal", "lognormal", "exponential"])
@pytest.mark.parametrize("count", [6, 9, 12, 20])
def test_interval_over_looks_covers_the_median_at_its_stated_rate(law, count):
    median = {"normal": 0.0, "lognormal": 1.0, "exponential": math.log(2)}[law]
    samples = getattr(np.random.default_rng(count), law)(size=(4000, count))
    found = [interval_over_looks(sample) for sample in samples]
    stated = found[0].coverage
    assert stated == 1 - error({look: LOOKS[look] for look in LOOKS if look <= count})
    hits = np.mean([interval.low < median < interval.high for interval in found])
    assert abs(hits - stated) < margin(stated, len(samples))


def test_adding_seeds_until_a_decision_errs_as_often_as_stated_and_more_often_without_fixed_looks():
    """A reader who stops at the first decision uses all looks; ordinary intervals at each size err twice as often."""
    samples = np.random.default_rng(0).normal(size=(4000, 20))
    fixed = [excludes(interval_over_looks(sample)) for sample in samples]
    ordinary = [
        any(not low < 0 < high for _, low, high, _ in (median_interval(sample[:n]) for n in LOOKS))
        for sample in samples
    ]
    assert abs(np.mean(fixed) - error(LOOKS)) < margin(error(LOOKS), len(samples))
    assert np.mean(ordinary) > 1.5 * RATE


def excludes(interval) -> bool:
    """Return True if an interval excludes 0."""
    return not interval.low < 0 < interval.high


@given(st.lists(st.floats(-10, 10), min_size=6, max_size=25), st.floats(-10, 10))
def test_first_look_that_excludes_a_threshold_decides(values, threshold):
    values = [value for value in values if value != threshold]
    interval, look = interval_over_looks(values), deciding_look(values, LOOKS, threshold, math.inf)
    if len(values) < 6:
        assert look == 0
        return
    excluded = [
        count
        for count, agreeing in LOOKS.items()
        if count <= len(values)
        and max(sum(v > threshold for v in values[:count]), sum(v < threshold for v in values[:count])) >= agreeing
    ]
    assert look == (excluded[0] if excluded else max(count for count in LOOKS if count <= len(values)))
    if not excluded:
        assert interval.low <= threshold <= interval.high


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=12), st.sets(st.integers(0, 11), max_size=3))
def test_unknown_values_widen_the_interval(values, hidden):
    partly = [math.nan if index in hidden else value for index, value in enumerate(values)]
    known, found = interval_over_looks(values, {6: 6}), interval_over_looks(partly, {6: 6})
    assert found.low <= known.low <= known.high <= found.high


@pytest.mark.parametrize("looks", [{}, {6: 3}, {6: 7}, {5: 5}, {6: 6, 9: 8}])
def test_looks_that_err_too_often_are_rejected(looks):
    with pytest.raises(InvalidInputError, match="look"):
        require_looks(looks)
    require_looks(LOOKS)


# --- other statistics at the threshold ------------------------------------------------------------------


@pytest.mark.parametrize("count", [9, 12, 20])
@pytest.mark.parametrize("true", [0.2, 0.5, 0.9])
def test_shares_err_at_most_at_the_nominal_rate(count, true):
    ones = np.random.default_rng(count).binomial(count, true, size=2000)
    intervals = {k: share_interval([1.0] * k + [0.0] * (count - k)) for k in np.unique(ones)}
    missed = np.mean([not intervals[k].low <= true <= intervals[k].high for k in ones])
    assert missed < RATE + margin(RATE, len(ones))


@pytest.mark.parametrize("count", [6, 9, 12])
def test_shifts_err_at_most_at_the_nominal_rate(count):
    random = np.random.default_rng(count)
    samples = random.lognormal(size=(1500, 2, count))
    found = [shift_interval(one[:, None] / other) for one, other in samples]
    missed = np.mean([not interval.low < 1 < interval.high for interval in found])
    assert missed < RATE + margin(RATE, len(samples))


@pytest.mark.parametrize(
    ("law", "mean", "least"), [("normal", 0.0, 0.95), ("exponential", 1.0, 0.93), ("lognormal", math.exp(0.5), 0.91)]
)
@pytest.mark.parametrize("count", [10, 20])
def test_interval_of_the_mean_covers_skewed_distributions(law, mean, least, count):
    """The t interval alone covers the mean of ten log-normal values in 84 % of samples."""
    samples = getattr(np.random.default_rng(count), law)(size=(1000, count))
    found = [mean_interval(sample) for sample in samples]
    hits = np.array([interval.low < mean < interval.high for interval in found])
    assert hits.mean() > least - margin(least, len(samples)) / 1.5
    rejected = np.array([mean_test(sample, mean) < RATE for sample in samples[:300]])
    assert (rejected == ~hits[:300]).mean() > 0.98


def test_equal_values_do_not_show_that_there_is_no_variance():
    found = mean_interval([3.0] * 10)
    assert (found.value, found.low, found.high) == (3.0, -math.inf, math.inf)
    assert mean_test([3.0] * 10, 0.0) == 1
