"""Summaries over seeds and networks: medians, ranges, intervals, ranks, and means with standard errors."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy  # submodules are loaded on first use

CONFIDENCE = 0.95


class Summary(NamedTuple):
    """Median, minimum, maximum and number of the finite values along the first axis."""

    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray


def summarize(values: npt.ArrayLike) -> Summary:
    """Return the summary over the first axis of the finite values; NaN where there are none (all runs diverged)."""
    values = np.asarray(values, dtype=float)
    finite = np.where(np.isfinite(values), values, np.nan)
    count = np.isfinite(finite).sum(0)
    with np.errstate(all="ignore"):
        empty = count == 0
        filled = np.where(empty, 0.0, finite)
        low, median, high = (f(filled, axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax))
    return Summary(*(np.where(empty, np.nan, part) for part in (median, low, high)), count)


def median_member(values: npt.ArrayLike) -> int:
    """Return the index of the lower median of the finite values, for example of a typical seed."""
    values = np.asarray(values, dtype=float)
    finite = np.isfinite(values)
    order = np.argsort(np.where(finite, values, np.inf), kind="stable")
    return int(order[max(int(finite.sum()) - 1, 0) // 2])


class Interval(NamedTuple):
    """Estimate with a confidence interval.

    Attributes:
        value: the estimate.
        low, high: ends of the interval.
        coverage: probability that the interval contains the true value.
    """

    value: float
    low: float
    high: float
    coverage: float


def median_interval(values: npt.ArrayLike) -> Interval:
    """Return the median with its distribution-free confidence interval, by inversion of the sign test.

    The ends are the i-th smallest and i-th largest of n values. With B binomial(n, ½), i is the largest integer with
    2·P(B < i) ≤ 0.05; the coverage 1 − 2·P(B < i) is exact for a continuous distribution and a lower bound for others.
    Fewer than six values cannot reach 95 %; the interval is then their range, with coverage 1 − 2^{1−n}.

    Args:
        values: one axis. NaN is an unknown value: it counts as −∞ in the lower end, as ∞ in the upper end, and is
            ignored in the median. An empty sample gives NaN with coverage 0.

    Source: Conover, Practical Nonparametric Statistics (3rd ed.), sec. 3.2.
    """
    values = np.asarray(values, dtype=float)
    count = len(values)
    if count == 0:
        return Interval(np.nan, np.nan, np.nan, 0.0)
    tails = 2 * scipy.stats.binom.cdf(np.arange(count), count, 0.5)
    left_out = max(int((tails <= 1 - CONFIDENCE).sum()) - 1, 0)
    low, high = (np.sort(np.where(np.isnan(values), end, values)) for end in (-np.inf, np.inf))
    ends = float(low[left_out]), float(high[count - 1 - left_out])
    return Interval(_median(values[~np.isnan(values)]), *ends, float(1 - tails[left_out]))


def _median(values: np.ndarray) -> float:
    """Median of values that may be infinite; NaN for no values, and for the mean of −∞ and ∞."""
    with np.errstate(invalid="ignore"):
        return float(np.median(values)) if len(values) else np.nan


def sign_test(values: npt.ArrayLike, threshold: float) -> float:
    """p value of the exact two-sided sign test that the median equals the threshold.

    Values equal to the threshold are dropped. NaN, an unknown value, counts on the side that makes p largest.
    """
    values = np.asarray(values, dtype=float)
    above, below, unknown = (int(part.sum()) for part in (values > threshold, values < threshold, np.isnan(values)))
    count = above + below + unknown
    fewer = min(min(above, below) + unknown, count // 2)
    return float(scipy.stats.binomtest(fewer, count).pvalue) if count else 1.0


class Rank(NamedTuple):
    """Rank of a sample among several, with a confidence interval; 1 is the smallest.

    Attributes:
        place: rank by the median.
        low, high: smallest and largest rank in the interval.
        of: number of samples.
    """

    place: int
    low: int
    high: int
    of: int


def rank(values: npt.ArrayLike, others: Mapping[str, npt.ArrayLike]) -> Rank:
    """Return the rank of a sample by its median, smallest first, with an interval of at least 95 % coverage.

    Each other sample is compared by the two-sided Mann–Whitney test, exact without ties, with Holm's correction: with
    probability 0.95 all significant differences are true. The lower end of the interval is 1 plus the number of
    significantly smaller samples, the upper end the number of samples that are not significantly larger. NaN, a
    diverged run, is larger than any number.

    Args:
        values: the sample.
        others: the other samples by name.

    Source: Holm, Scand. J. Statist. 6 (1979).
    """
    own, rest = _infinite(values), [_infinite(other) for other in others.values()]
    differ = holm([mann_whitney(own, other) for other in rest])
    smaller = np.array([_order(other, own) for other in rest])
    place = 1 + sum(_median(other) < _median(own) for other in rest)
    below, above = (int((differ & (smaller == sign)).sum()) for sign in (1, -1))
    return Rank(place, min(1 + below, place), max(len(rest) + 1 - above, place), len(rest) + 1)


def mann_whitney(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """p value of the two-sided Mann–Whitney test; 1 if all values are equal or a sample is empty."""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not len(first) or not len(second) or len(np.unique([*first, *second])) == 1:
        return 1.0
    return float(scipy.stats.mannwhitneyu(first, second).pvalue)


def holm(p_values: npt.ArrayLike) -> np.ndarray:
    """Return which hypotheses Holm's procedure rejects; with probability 0.95 all rejections are correct."""
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values, kind="stable")
    passed = p_values[order] * np.arange(len(p_values), 0, -1) <= 1 - CONFIDENCE
    rejected = np.zeros(len(p_values), dtype=bool)
    rejected[order] = np.logical_and.accumulate(passed)
    return rejected


def _infinite(values: npt.ArrayLike) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return np.where(np.isnan(values), np.inf, values)


def _order(first: np.ndarray, second: np.ndarray) -> int:
    """1 if values of the first sample are more often below those of the second than above, −1 if less often, else 0."""
    below, above = (first[:, None] < second).sum(), (first[:, None] > second).sum()
    return int(np.sign(below - above))


class Estimate(NamedTuple):
    """An estimate and its standard error."""

    value: np.ndarray
    error: np.ndarray


def mean_estimate(values: npt.ArrayLike) -> Estimate:
    """Return mean and standard error over the first axis; NaN for fewer than two values."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return _unknown(values)
    return Estimate(values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values)))


def variance_estimate(values: npt.ArrayLike) -> Estimate:
    """Return unbiased variance and standard error over the first axis; NaN for fewer than two values.

    The standard error uses the fourth central moment and is valid for any distribution.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return _unknown(values)
    count, variance = len(values), np.var(values, axis=0, ddof=1)
    fourth = ((values - values.mean(0)) ** 4).mean(0)
    return Estimate(variance, np.sqrt(np.maximum(fourth - (count - 3) / (count - 1) * variance**2, 0) / count))


def _unknown(values: np.ndarray) -> Estimate:
    """Estimate from fewer than two values: NaN."""
    return Estimate(*[np.full(values.shape[1:], np.nan)] * 2)


def vertex_estimate(kernels: npt.ArrayLike, pairs: npt.ArrayLike, width: int) -> Estimate:
    """Return the four-point vertex of an ensemble by ``vertices``, with its standard error by the jackknife."""
    value, left_out = vertices(kernels, pairs, width)
    return Estimate(value, np.sqrt((len(left_out) - 1) * left_out.var(0)))


def vertices(kernels: npt.ArrayLike, pairs: npt.ArrayLike, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unbiased estimates of the four-point vertex V = n·(E[zᵢ²zⱼ²] − E[zᵢ²]E[zⱼ²]) of an ensemble.

    The product of means is taken over different networks, since the square of the mean exceeds it by the variance of
    the mean, about 2K² divided by the number of networks.

    Args:
        kernels: mean of z² over neurons, [networks, …, inputs].
        pairs: mean of zᵢ²zⱼ² over pairs of different neurons, of the same shape.
        width: number n of neurons.

    Returns:
        V averaged over the inputs, […], and the same with each network left out, [networks, …]; the latter is NaN for
        fewer than three networks.
    """
    q, pairs = np.asarray(kernels, dtype=float), np.asarray(pairs, dtype=float)
    count = len(q)

    def vertex(pair_sum, q_sum, square_sum, n):
        return width * (pair_sum / n - (q_sum**2 - square_sum) / (n * (n - 1))).mean(-1)

    sums = pairs.sum(0), q.sum(0), (q**2).sum(0)
    value = np.asarray(vertex(*sums, count))
    if count < 3:
        return value, np.full(q.shape[:-1], np.nan)
    return value, vertex(sums[0] - pairs, sums[1] - q, sums[2] - q**2, count - 1)


def pseudovalues(value: npt.ArrayLike, left_out: npt.ArrayLike) -> np.ndarray:
    """Return the jackknife pseudovalues nθ − (n − 1)θ₋ᵢ, [networks, …].

    Args:
        value: estimate θ from all networks.
        left_out: estimates θ₋ᵢ with one network left out, [networks, …].

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, sec. 11.5.
    """
    count = len(left_out)
    return count * np.asarray(value) - (count - 1) * np.asarray(left_out)
