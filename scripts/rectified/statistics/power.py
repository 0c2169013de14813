"""Numbers of replicates with which a test decides with a given probability, for a known effect.

They are those of the tests of ``looks`` and ``intervals``: sign tests at fixed looks, the t test, the exact binomial
test, the Mann–Whitney test, and the distance of two distributions. None stands for more than ``MOST`` replicates.
"""

import math
from collections.abc import Callable, Mapping

import scipy  # submodules are loaded on first use

from rectified.statistics.intervals import FEWEST, distance_margin
from rectified.statistics.looks import LOOKS
from rectified.statistics.summaries import CONFIDENCE

MOST = 200  # replicates; a sign test needs as many if 60 % of the values are on one side
POWER = 0.8
TAIL = (1 - CONFIDENCE) / 2


def sign_test_power(share: float, count: int, looks: Mapping[int, int] = LOOKS) -> float:
    """Return the probability that sign tests decide for a side.

    Args:
        share: probability that a value is on this side.
        count: number of values; up to the last look, all looks up to this number are made, beyond it a single one.
        looks: by number of values, how many on one side decide.
    """
    if count > max(looks):
        return float(scipy.stats.binom.sf(_agreeing(count) - 1, count, share))
    reached, decided, seen = {0: 1.0}, 0.0, 0  # probabilities by number of values on the side
    for look, agreeing in sorted(looks.items()):
        if look > count:
            break
        grown: dict[int, float] = {}
        for before, probability in reached.items():
            for more in range(look - seen + 1):
                chance = float(scipy.stats.binom.pmf(more, look - seen, share))
                grown[before + more] = grown.get(before + more, 0.0) + probability * chance
        seen, decided = look, decided + sum(p for on_side, p in grown.items() if on_side >= agreeing)
        reached = {on_side: p for on_side, p in grown.items() if look - agreeing < on_side < agreeing}
    return decided


def _agreeing(count: int) -> int:
    """Return how many of the values must be on one side of a single two-sided sign test at the 5 % level."""
    return int(scipy.stats.binom.isf(TAIL, count, 0.5)) + 1


def sign_test_size(
    share: float, power: float = POWER, looks: Mapping[int, int] = LOOKS, most: int = MOST
) -> int | None:
    """Return the smallest number of values with which sign tests decide for a side: a look, or a number beyond them.

    Args:
        share: probability that a value is on this side.
        power: probability of a decision.
        looks: by number of values, how many on one side decide.
        most: largest number.
    """
    if share <= 0.5:
        return None
    early = next((look for look in sorted(looks) if sign_test_power(share, look, looks) >= power), None)
    return early or _smallest(lambda count: sign_test_power(share, count, looks) >= power, max(looks) + 1, most)


def mean_power(effect: float, count: int) -> float:
    """Return the probability that a two-sided t test decides for a side.

    Args:
        effect: distance of the mean from the bound, on this side, in standard deviations.
        count: number of values.
    """
    bound = scipy.stats.t.isf(TAIL, count - 1)
    return float(scipy.stats.nct.sf(bound, count - 1, effect * math.sqrt(count)))


def mean_size(effect: float, power: float = POWER, most: int = MOST) -> int | None:
    """Return the smallest number of values, ten or more, with which a t test decides for a side; see ``mean_power``."""
    if effect == math.inf:
        return FEWEST
    return _smallest(lambda count: mean_power(effect, count) >= power, FEWEST, most)


def share_power(share: float, bound: float, count: int) -> float:
    """Return the probability that the Clopper–Pearson interval of a share lies above or below a bound.

    Args:
        share: true share; the side is that on which it is.
        bound: claimed.
        count: number of zeros and ones.
    """
    if share < bound:
        share, bound = 1 - share, 1 - bound
    if bound < 0:
        return 1.0
    ones = int(scipy.stats.binom.isf(TAIL, count, bound)) + 1  # the fewest with P(B ≥ ones) below 2.5 %
    return float(scipy.stats.binom.sf(ones - 1, count, share))


def share_size(share: float, bound: float, power: float = POWER, most: int = MOST) -> int | None:
    """Return the smallest number of zeros and ones that decide on which side of a bound a share is."""
    return _smallest(lambda count: share != bound and share_power(share, bound, count) >= power, 1, most)


def shift_size(chance: float, power: float = POWER, most: int = MOST) -> int | None:
    """Return the smallest size of each of two samples with which the Mann–Whitney test decides for a side.

    Args:
        chance: probability that the comparison of one value of each sample is on this side.
        power: probability of a decision.
        most: largest size.

    Source: Noether, J. Amer. Statist. Assoc. 82 (1987); exact for samples that do not overlap.
    """
    least = next(size for size in range(1, most) if 2 / math.comb(2 * size, size) <= 1 - CONFIDENCE)
    if chance == 1:
        return least
    if chance <= 0.5:
        return None
    quantiles = scipy.stats.norm.isf(TAIL) + scipy.stats.norm.ppf(power)
    size = max(least, math.ceil(float(quantiles**2) / (6 * (chance - 0.5) ** 2)))
    return size if size <= most else None


def distance_size(gap: float, power: float = POWER, most: int = 1 << 20) -> int | None:
    """Return the smallest size of each of two samples with which the interval of their distance excludes a bound.

    It is sufficient for any two distributions, since the error of the estimate is bounded by the same inequality.

    Args:
        gap: difference between the distance and the bound.
        power: probability of a decision.
        most: largest size.
    """
    if gap <= 0:
        return None
    at_one = distance_margin(1, 1) + distance_margin(1, 1, power)
    size = math.ceil((at_one / gap) ** 2)
    return size if size <= most else None


def _smallest(is_enough: Callable[[int], bool], least: int, most: int) -> int | None:
    """Return the smallest sufficient number; above ``MOST``, where power no longer jumps, by bisection."""
    found = next((count for count in range(least, min(most, MOST) + 1) if is_enough(count)), None)
    low, high = MOST, most
    if found or most <= MOST or not is_enough(most):
        return found
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
