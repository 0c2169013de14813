"""Ranks among several samples: against enumeration, and by the observed coverage of their intervals."""

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rectified.statistics.summaries import CONFIDENCE, Rank, holm, mann_whitney, rank


def enumerated(first, second):
    """Return the p value of the two-sided test by enumeration of all splits of the pooled sample."""
    joined = np.array([*first, *second])

    def below(chosen):
        rest = np.delete(np.arange(len(joined)), chosen)
        return (joined[list(chosen)][:, None] < joined[rest]).sum()

    splits = [below(chosen) for chosen in itertools.combinations(range(len(joined)), len(first))]
    middle, found = len(first) * len(second) / 2, below(range(len(first)))
    return np.mean([abs(value - middle) >= abs(found - middle) for value in splits])


@pytest.mark.parametrize("shift", [0.0, 0.7, 5.0])
def test_two_sample_test_agrees_with_enumeration_of_all_splits(shift):
    random = np.random.default_rng(1)
    first, second = random.normal(size=5), shift + random.normal(size=6)
    assert mann_whitney(first, second) == pytest.approx(enumerated(first, second))


def test_separated_samples_have_distinct_ranks_given_enough_seeds():
    low, high = np.arange(6.0), 10 + np.arange(6.0)
    assert mann_whitney(low, high) == pytest.approx(2 / comb(12, 6))
    assert rank(low, {"a": high, "b": high + 20}) == Rank(1, 1, 1, 3)
    assert rank(high, {"a": low, "b": high + 20}) == Rank(2, 2, 2, 3)
    assert rank(high + 20, {"a": low, "b": high}) == Rank(3, 3, 3, 3)
    assert rank(low[:2], {"a": high[:2], "b": high[:2] + 20}) == Rank(1, 1, 3, 3)  # two seeds are undecided


def test_equal_samples_share_all_ranks():
    same = np.ones(6)
    assert rank(same, {"a": same, "b": same}) == Rank(1, 1, 3, 3)


def test_diverged_runs_are_worse_than_any_error():
    nan, errors = np.full(6, np.nan), np.arange(6.0)
    assert rank(nan, {"a": errors}) == Rank(2, 2, 2, 2)
    assert rank(errors, {"a": nan}) == Rank(1, 1, 1, 2)
    assert rank(nan, {"a": nan}) == Rank(1, 1, 2, 2)


def test_holm_rejects_step_by_step():
    assert holm([0.04, 0.01, 0.03]).tolist() == [False, True, False]  # 0.01·3 is rejected, 0.03·2 is not
    assert holm([0.02, 0.01]).tolist() == [True, True]
    assert holm([]).tolist() == []


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=1, max_size=7), min_size=1, max_size=5), st.integers(-9, 9))
def test_rank_lies_in_its_interval_and_does_not_depend_on_units(samples, power):
    own, *others = [np.round(sample, 3) for sample in samples]
    found = rank(own, {str(k): v for k, v in enumerate(others)})
    assert 1 <= found.low <= found.place <= found.high <= found.of == len(samples)
    assert rank(2.0**power * own, {str(k): 2.0**power * v for k, v in enumerate(others)}) == found


def test_intervals_contain_the_true_rank_at_the_nominal_rate():
    """Five distributions, three of them equal: the true ranks of these are 2 to 4, and no interval may exclude them."""
    random, wrong, repetitions = np.random.default_rng(2), 0, 400
    for _ in range(repetitions):
        a, *same, b = (random.lognormal(mean, 1.0, size=6) for mean in (-2, 0, 0, 0, 2))
        found = rank(same[0], {"a": a, "s": same[1], "t": same[2], "b": b})
        wrong += found.low > 2 or found.high < 4
    assert wrong / repetitions <= 1 - CONFIDENCE + 3 * (0.05 * 0.95 / repetitions) ** 0.5
