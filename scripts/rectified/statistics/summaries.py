"""Summaries over seeds and networks: medians and ranges, sign tests, means with standard errors, never the best run."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded when first used

CONFIDENCE = 0.95


class Summary(NamedTuple):
    """Median, smallest and largest of the finite values along the first axis, and how many there were."""

    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray


def summarize(values: npt.ArrayLike) -> Summary:
    """Summarize over the first axis; NaN (a diverged run) is left out, and all-NaN gives NaN."""
    values = np.asarray(values, dtype=float)
    finite = np.where(np.isfinite(values), values, np.nan)
    count = np.isfinite(finite).sum(0)
    with np.errstate(all="ignore"):
        empty = count == 0
        filled = np.where(empty, 0.0, finite)
        low, median, high = (f(filled, axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax))
    return Summary(*(np.where(empty, np.nan, part) for part in (median, low, high)), count)


def median_member(values: npt.ArrayLike) -> int:
    """Index of the member whose value is the lower median of the finite ones: a typical seed to draw."""
    values = np.asarray(values, dtype=float)
    finite = np.isfinite(values)
    order = np.argsort(np.where(finite, values, np.inf), kind="stable")
    return int(order[max(int(finite.sum()) - 1, 0) // 2])


class Interval(NamedTuple):
    """What a sample says of a number of its law, and the ends of an interval that holds it, with what probability."""

    value: float
    low: float
    high: float
    coverage: float


def median_interval(values: npt.ArrayLike) -> Interval:
    """Interval of the median of any law, by inversion of the sign test: the i-th smallest and i-th largest of n values.

    With B binomial(n, ½), i is the largest with 2·P(B < i) ≤ 0.05; the coverage 1 − 2·P(B < i) is exact for a
    continuous law and a lower bound for others. Fewer than six values cannot reach 95 %: they give their range, of
    coverage 1 − 2^{1−n}.

    Args:
        values: of one axis. NaN is a value that is not known: it counts as −∞ in the lower end, as ∞ in the upper
            one, and not in the median. No values give NaN, and coverage 0.

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
    """The median of values that may be infinite; NaN of none, and halfway between −∞ and ∞."""
    with np.errstate(invalid="ignore"):
        return float(np.median(values)) if len(values) else np.nan


def sign_test(values: npt.ArrayLike, threshold: float) -> float:
    """p value of the exact two-sided sign test of the hypothesis that the median is the threshold.

    Values equal to the threshold are dropped. NaN, a value that is not known, lies on the side that makes p largest.
    """
    values = np.asarray(values, dtype=float)
    above, below, unknown = (int(part.sum()) for part in (values > threshold, values < threshold, np.isnan(values)))
    count = above + below + unknown
    fewer = min(min(above, below) + unknown, count // 2)
    return float(scipy.stats.binomtest(fewer, count).pvalue) if count else 1.0


class Rank(NamedTuple):
    """A place among several, and the places that the seeds do not rule out; 1 is the smallest.

    Attributes:
        place: by the median.
        low, high: the first and the last place of an interval.
        of: how many there are.
    """

    place: int
    low: int
    high: int
    of: int


def rank(values: npt.ArrayLike, others: Mapping[str, npt.ArrayLike]) -> Rank:
    """The place of a sample among others, by medians, smallest first, with an interval of at least 95 %.

    Each of the others is compared by the two-sided test of Mann and Whitney, exact without ties, and the p values are
    corrected by Holm: with that probability every difference found is one. The place is then at least 1 and the number
    of those found smaller, at most that of those not found larger. NaN, a diverged run, is larger than any number.

    Source: Holm, Scand. J. Statist. 6 (1979).
    """
    own, rest = _infinite(values), [_infinite(other) for other in others.values()]
    differ = holm([mann_whitney(own, other) for other in rest])
    smaller = np.array([_order(other, own) for other in rest])
    place = 1 + sum(_median(other) < _median(own) for other in rest)
    below, above = (int((differ & (smaller == sign)).sum()) for sign in (1, -1))
    return Rank(place, min(1 + below, place), max(len(rest) + 1 - above, place), len(rest) + 1)


def mann_whitney(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """p value of the two-sided test of Mann and Whitney; 1 where all values are the same."""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not len(first) or not len(second) or len(np.unique([*first, *second])) == 1:
        return 1.0
    return float(scipy.stats.mannwhitneyu(first, second).pvalue)


def holm(p_values: npt.ArrayLike) -> np.ndarray:
    """Which of several hypotheses are rejected, so that all rejections are right with probability 0.95."""
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
    """1 if values of the first sample are below those of the second more often than above, −1 the other way."""
    below, above = (first[:, None] < second).sum(), (first[:, None] > second).sum()
    return int(np.sign(below - above))


class Estimate(NamedTuple):
    """An estimate and its standard error."""

    value: np.ndarray
    error: np.ndarray


def mean_estimate(values: npt.ArrayLike) -> Estimate:
    """Mean over the first axis."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return _unknown(values)
    return Estimate(values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values)))


def variance_estimate(values: npt.ArrayLike) -> Estimate:
    """Unbiased variance over the first axis; its error by the fourth central moment, for any law."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return _unknown(values)
    count, variance = len(values), np.var(values, axis=0, ddof=1)
    fourth = ((values - values.mean(0)) ** 4).mean(0)
    return Estimate(variance, np.sqrt(np.maximum(fourth - (count - 3) / (count - 1) * variance**2, 0) / count))


def _unknown(values: np.ndarray) -> Estimate:
    """What fewer than two networks tell: nothing."""
    return Estimate(*[np.full(values.shape[1:], np.nan)] * 2)


def vertex_estimate(kernels: npt.ArrayLike, pairs: npt.ArrayLike, width: int) -> Estimate:
    """Four-point vertex of an ensemble by ``vertices``, its error by the jackknife, of the shape without networks."""
    value, left_out = vertices(kernels, pairs, width)
    return Estimate(value, np.sqrt((len(left_out) - 1) * left_out.var(0)))


def vertices(kernels: npt.ArrayLike, pairs: npt.ArrayLike, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Four-point vertex V = n·(E[zᵢ²zⱼ²] − E[zᵢ²]E[zⱼ²]) of an ensemble of any law, without bias.

    The product of means runs over different networks: the plain square of the mean is too large by the
    variance of the mean, for K² by about 2K² over the number of networks.

    Args:
        kernels: mean over neurons of z², [networks, …, inputs].
        pairs: mean over pairs of different neurons of zᵢ²zⱼ², of the same shape.
        width: neurons n.

    Returns:
        V averaged over the inputs, of the shape between the first axis and the last; and the same without each of
        the networks, [networks, …], NaN of fewer than three.
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
    """nθ − (n − 1)θ₋ᵢ, [networks, …]: one number per network, whose mean has the error of the jackknife.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, sec. 11.5.
    """
    count = len(left_out)
    return count * np.asarray(value) - (count - 1) * np.asarray(left_out)
