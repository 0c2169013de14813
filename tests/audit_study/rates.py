"""Verdicts of a rule from the measures in the CSV, and rates of right and wrong verdicts with their intervals."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from audit_study.case import LEAST
from audit_study.study import MEASURES
from rectified.audit.result import MISSED
from rectified.statistics.intervals import share_interval
from rectified.statistics.summaries import Interval

THRESHOLD, FACTOR = 0.01, 3.0
THRESHOLDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
FACTORS = (1.0, 2.0, 3.0, 5.0)
CONSISTENT, INCONSISTENT, UNDETERMINED = "consistent", "inconsistent", "undetermined"


def read(file: Path) -> pd.DataFrame:
    """Return the rows of a study without the wrong cases whose true mismatch is below ``LEAST``."""
    rows = pd.read_csv(file)
    return rows[(rows.right == 1) | (rows.truth >= LEAST)].reset_index(drop=True)


def sizes(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Mismatches and uncertainties [cases, measures]; both are NaN if the audit has no such measure."""
    mismatch = rows[[*MEASURES]].to_numpy(float)
    return mismatch, rows[[f"{name}_uncertainty" for name in MEASURES]].to_numpy(float)


def verdicts(rows: pd.DataFrame, threshold: float = THRESHOLD, factor: float = FACTOR) -> np.ndarray:
    """Verdicts of the rule with a threshold and a factor; the factor 0 is the rule without uncertainties.

    Inconsistent: one measure exceeds the threshold, and its uncertainty times the factor. Consistent: no measure and no
    uncertainty exceeds the threshold, and the points miss at most a tenth of the variation. Otherwise undetermined.
    """
    mismatch, uncertainty = sizes(rows)
    absent = np.isnan(uncertainty)
    if not factor:
        uncertainty = np.zeros_like(uncertainty)
    exceeding = (mismatch > threshold) & (mismatch > factor * uncertainty)
    small = (mismatch <= threshold) & (uncertainty <= threshold)
    settled = (small | absent).all(1) & ~absent.all(1) & ~(rows.missed.to_numpy() > MISSED)
    return np.select([exceeding.any(1), settled], [INCONSISTENT, CONSISTENT], UNDETERMINED)


class Rates(NamedTuple):
    """Shares with their Clopper–Pearson intervals.

    Attributes:
        false_alarms: right cases that are called inconsistent.
        misses: wrong cases that are called consistent.
        undetected: wrong cases that are not called inconsistent, the misses and those undetermined.
        right_undetermined: right cases without a verdict.
    """

    false_alarms: Interval
    misses: Interval
    undetected: Interval
    right_undetermined: Interval


def rates(rows: pd.DataFrame, found: np.ndarray) -> Rates:
    """Rates of verdicts."""
    right = rows.right.to_numpy(bool)
    return Rates(
        share_interval(found[right] == INCONSISTENT),
        share_interval(found[~right] == CONSISTENT),
        share_interval(found[~right] != INCONSISTENT),
        share_interval(~np.isin(found[right], [CONSISTENT, INCONSISTENT])),
    )


def curve(rows: pd.DataFrame, factor: float, thresholds: np.ndarray) -> np.ndarray:
    """False alarms and undetected wrong cases [thresholds, 2] as the threshold varies."""
    found = [rates(rows, verdicts(rows, threshold, factor)) for threshold in thresholds]
    return np.array([(one.false_alarms.value, one.undetected.value) for one in found])
