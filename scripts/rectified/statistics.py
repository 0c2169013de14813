"""Summaries over seeds: a median and a range, never the best run."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


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
    """Index of the member whose value is the lower median: a typical seed to draw."""
    values = np.asarray(values, dtype=float)
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), kind="stable")
    return int(order[(len(order) - 1) // 2])
