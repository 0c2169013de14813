"""Shares of networks of which something is true, with their intervals."""

import numpy as np
import numpy.typing as npt
import scipy.stats


def share_interval(flags: npt.ArrayLike) -> tuple[float, float, float]:
    """Share of true values and its 95 % Wilson interval."""
    flags = np.asarray(flags)
    test = scipy.stats.binomtest(int(flags.sum()), len(flags))
    interval = test.proportion_ci(method="wilson")
    return float(test.statistic), float(interval.low), float(interval.high)
