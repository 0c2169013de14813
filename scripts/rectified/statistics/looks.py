"""Sign tests at numbers of replicates that are fixed in advance: group-sequential intervals of a median.

Whoever adds replicates until a test is significant errs more often than the test says. Here the sample sizes at which
the data are looked at are fixed, and so is the number of values on one side that decides at each. The error over all
looks is exact.

Source: Jennison and Turnbull, Group Sequential Methods with Applications to Clinical Trials (2000), ch. 9.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from rectified.errors import InvalidInputError
from rectified.statistics.summaries import CONFIDENCE, Interval, median_interval

LOOKS = {6: 6, 9: 9, 12: 11, 20: 16}  # by number of values: how many on one side of a threshold decide


def error(looks: Mapping[int, int]) -> float:
    """Return the probability that a true median is excluded at one of the looks, for a continuous distribution.

    Args:
        looks: by number of values, how many on one side exclude.
    """
    return _error(tuple(sorted(looks.items())))


@cache
def _error(looks: tuple[tuple[int, int], ...]) -> float:
    reached, excluded, seen = {0: 1.0}, 0.0, 0  # probabilities by number of values above the median
    for count, agreeing in looks:
        for _ in range(count - seen):
            grown: dict[int, float] = {}
            for above, probability in reached.items():
                for more in (0, 1):
                    grown[above + more] = grown.get(above + more, 0.0) + probability / 2
            reached = grown
        seen, least = count, count - agreeing
        excluded += sum(p for above, p in reached.items() if not least < above < agreeing)
        reached = {above: p for above, p in reached.items() if least < above < agreeing}
    return excluded


def require_looks(looks: Mapping[int, int]) -> None:
    """Raise InvalidInputError unless every look needs a majority and all together err in at most 5 %."""
    for count, agreeing in looks.items():
        if not count / 2 < agreeing <= count:
            raise InvalidInputError(f"a look at {count} values must need {count // 2 + 1} to {count}; got {agreeing}")
    if not looks or error(looks) > 1 - CONFIDENCE:
        raise InvalidInputError(f"looks must err in at most 5 %; these err in {100 * error(looks):.1f} %")


def interval_over_looks(values: npt.ArrayLike, looks: Mapping[int, int] = LOOKS) -> Interval:
    """Return the median of the values with the interval that all looks up to their number allow.

    Each look gives the interval of the medians that it does not exclude; the result is their intersection. If it is
    empty, the later looks contradict an earlier one and are left out, since the first look that excludes decides. With
    fewer values than the first look the interval is that of ``median_interval``, with coverage below 95 %.

    Args:
        values: one axis in the order of the replicates. NaN is an unknown value, as in ``median_interval``.
        looks: by number of values, how many on one side of a threshold decide.
    """
    values = np.asarray(values, dtype=float)
    used = {count: looks[count] for count in sorted(looks) if count <= len(values)}
    if not used:
        return median_interval(values)
    low, high = -np.inf, np.inf
    for count, agreeing in used.items():
        below, above = (np.sort(np.where(np.isnan(values[:count]), end, values[:count])) for end in (-np.inf, np.inf))
        narrower = max(low, float(below[count - agreeing])), min(high, float(above[agreeing - 1]))
        if narrower[0] > narrower[1]:
            break
        low, high = narrower
    return Interval(median_interval(values).value, low, high, 1 - error(used))


def deciding_look(values: npt.ArrayLike, looks: Mapping[int, int], lower: float, upper: float) -> int:
    """Return the number of values at the first look whose interval is beyond or between the bounds; else the last look.

    Args:
        values: as in ``interval_over_looks``.
        looks: by number of values, how many on one side decide.
        lower, upper: bounds of the claim; infinite where there is none.
    """
    values = np.asarray(values, dtype=float)
    counts = [count for count in sorted(looks) if count <= len(values)]
    for count in counts:
        found = interval_over_looks(values[:count], looks)
        inside = (lower == -np.inf or found.low > lower) and (upper == np.inf or found.high < upper)
        if inside or found.high < lower or found.low > upper:
            return count
    return counts[-1] if counts else 0
