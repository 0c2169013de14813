"""Confidence intervals and tests for shifts of independent samples, means, proportions and distances of distributions.

Intervals have at least 95 % coverage if the sample size permits, and state their coverage. NaN is an unknown value,
which may lie anywhere.
"""

import functools

import numpy as np
import numpy.typing as npt
import scipy  # submodules are loaded on first use

from rectified.statistics.summaries import CONFIDENCE, Interval

FEWEST = 10  # smallest sample for an interval of the mean
RESAMPLES = 2000  # of the bootstrap


def shift_interval(compared: npt.ArrayLike) -> Interval:
    """Hodges–Lehmann estimate of a shift or factor between two distributions, with its confidence interval.

    The interval results from inversion of the Mann–Whitney test; its coverage is exact without ties. The distributions
    are assumed equal up to the shift, and the samples independent; common random numbers make the interval
    conservative.

    Args:
        compared: differences or ratios of every value of one sample to every value of the other, [n, m].

    Source: Conover, Practical Nonparametric Statistics (3rd ed.), sec. 5.4.
    """
    compared = np.asarray(compared, dtype=float)
    if compared.size == 0:
        return Interval(np.nan, np.nan, np.nan, 0.0)
    tails = 2 * _rank_sum_tails(*compared.shape)
    left_out = max(int((tails <= 1 - CONFIDENCE).sum()) - 1, 0)
    flat = compared.ravel()
    low, high = (np.sort(np.where(np.isnan(flat), end, flat)) for end in (-np.inf, np.inf))
    known = flat[~np.isnan(flat)]
    with np.errstate(invalid="ignore"):
        value = float(np.median(known)) if len(known) else np.nan
    return Interval(value, float(low[left_out]), float(high[-1 - left_out]), float(1 - tails[left_out]))


def rank_sum_test(compared: npt.ArrayLike, null: float) -> float:
    """p value of the exact two-sided Mann–Whitney test of the null hypothesis that the shift or factor is ``null``.

    Args:
        compared: as in ``shift_interval``. Ties and unknown values count on the side that makes p largest.
    """
    compared = np.asarray(compared, dtype=float)
    if compared.size == 0:
        return 1.0
    above, below = int((compared > null).sum()), int((compared < null).sum())
    fewer = min(compared.size - max(above, below), compared.size // 2)
    return float(min(1.0, 2 * _rank_sum_tails(*compared.shape)[fewer]))


def _rank_sum_tails(first: int, second: int) -> np.ndarray:
    """P(U ≤ u) for u = 0 … nm, for two samples from the same continuous distribution.

    The numbers of permutations with each U are the coefficients of the Gaussian binomial Π (1 − q^{m+i})/(1 − q^i).
    """
    size = first * second
    counts = np.zeros(size + 1)
    counts[0] = 1.0
    for i in range(1, first + 1):
        if second + i <= size:
            counts[second + i :] -= counts[: size + 1 - second - i].copy()
        for start in range(i):
            counts[start::i] = np.cumsum(counts[start::i])
    return np.cumsum(counts) / counts.sum()


def mean_interval(values: npt.ArrayLike) -> Interval:
    """Mean with the outer ends of its t and its bootstrap-t interval.

    The t interval is too narrow for skewed distributions: with ten log-normal values it covers the mean in 84 % of
    samples, this one in 91 %; with rare ones among zeros it does in 67 %, this one in 99 %. The interval is unbounded
    for fewer than ten values, if a value is not finite, and if all values are equal, which shows no variance, not that
    there is none.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, sec. 12.5.
    """
    values = np.asarray(values, dtype=float)
    finite = values[np.isfinite(values)]
    value = float(finite.mean()) if len(finite) else np.nan
    if not _varies(values):
        return Interval(value, -np.inf, np.inf, CONFIDENCE if len(values) >= FEWEST else 0.0)
    error = values.std(ddof=1) / np.sqrt(len(values))
    tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    symmetric, resampled = scipy.stats.t.ppf(tails, len(values) - 1), _studentized(values)
    skewed = [np.quantile(resampled, tail, method=end) for tail, end in zip(tails, ("lower", "higher"))]  # may be ±∞
    low, high = max(symmetric[1], skewed[1]), min(symmetric[0], skewed[0])
    return Interval(value, value - float(low * error), value - float(high * error), CONFIDENCE)


def mean_test(values: npt.ArrayLike, null: float) -> float:
    """Larger p value of the two-sided t and bootstrap-t tests that the mean is ``null``.

    1 for fewer than ten values, equal values or a value not finite.
    """
    values = np.asarray(values, dtype=float)
    if not _varies(values):
        return 1.0
    t = (values.mean() - null) / (values.std(ddof=1) / np.sqrt(len(values)))
    resampled = _studentized(values)
    tails = [(1 + np.count_nonzero(side)) / (1 + len(resampled)) for side in (resampled <= t, resampled >= t)]
    return float(min(1.0, max(scipy.stats.ttest_1samp(values, null).pvalue, 2 * min(tails))))


def _varies(values: np.ndarray) -> bool:
    return len(values) >= FEWEST and bool(np.isfinite(values).all()) and bool(np.ptp(values) > 0)


def _studentized(values: np.ndarray) -> np.ndarray:
    """Return (m − mean)/s for the means m and standard errors s of resamples, the same ones for the same values."""
    count = len(values)
    drawn = values[np.random.default_rng(0).integers(count, size=(RESAMPLES, count))]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (drawn.mean(1) - values.mean()) / (drawn.std(1, ddof=1) / np.sqrt(count))
    return np.where(np.isnan(t), 0.0, t)


def share_interval(flags: npt.ArrayLike) -> Interval:
    """Proportion of ones among zeros and ones, with its Clopper–Pearson interval; NaN may be either.

    Raises:
        ValueError: if a value is not 0, 1 or NaN.
    """
    ones, unknown, count = _counts(flags)
    if count == 0:
        return Interval(np.nan, np.nan, np.nan, 0.0)
    value = ones / (count - unknown) if unknown < count else np.nan
    return Interval(value, _exact_bounds(ones, count)[0], _exact_bounds(ones + unknown, count)[1], CONFIDENCE)


@functools.cache
def _exact_bounds(ones: int, count: int) -> tuple[float, float]:
    """Clopper–Pearson interval of a proportion."""
    found = scipy.stats.binomtest(ones, count).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)


def share_test(flags: npt.ArrayLike, null: float) -> float:
    """p value of the exact two-sided binomial test that the proportion is ``null``; the largest p over values of NaN.

    Raises:
        ValueError: if a value is not 0, 1 or NaN.
    """
    ones, unknown, count = _counts(flags)
    if count == 0 or not 0 <= null <= 1:
        return 1.0 if count == 0 else 0.0
    return max(float(scipy.stats.binomtest(ones + k, count, null).pvalue) for k in range(unknown + 1))


def _counts(flags: npt.ArrayLike) -> tuple[int, int, int]:
    flags = np.asarray(flags, dtype=float)
    known = flags[~np.isnan(flags)]
    if not np.isin(known, (0.0, 1.0)).all():
        wrong = known[~np.isin(known, (0.0, 1.0))][0]
        raise ValueError(f"values of a share must be zeros and ones; got {wrong:g}")
    return int(known.sum()), len(flags) - len(known), len(flags)


def distance_interval(first: npt.ArrayLike, second: npt.ArrayLike) -> Interval:
    """Kolmogorov distance of two distributions, with an interval that is valid for any two distributions.

    Each empirical distribution function is within √(log(2/α)/2n) of the true one with probability 1 − α
    (Dvoretzky–Kiefer–Wolfowitz with Massart's constant), here with α = 0.025 for each of the two.
    """
    first, second = (np.asarray(sample, dtype=float) for sample in (first, second))
    if len(first) == 0 or len(second) == 0:
        return Interval(np.nan, np.nan, np.nan, 0.0)
    value = float(scipy.stats.ks_2samp(first, second).statistic)
    margin = distance_margin(len(first), len(second))
    return Interval(value, max(value - margin, 0.0), min(value + margin, 1.0), CONFIDENCE)


def distance_margin(first: int, second: int, confidence: float = CONFIDENCE) -> float:
    """Bound that the error of the distance of two samples of these sizes exceeds with probability 1 − confidence."""
    return float(sum(np.sqrt(np.log(4 / (1 - confidence)) / (2 * count)) for count in (first, second)))


def distance_test(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """p value of the two-sample Kolmogorov–Smirnov test that two distributions are equal."""
    return float(scipy.stats.ks_2samp(first, second).pvalue) if len(first) and len(second) else 1.0
