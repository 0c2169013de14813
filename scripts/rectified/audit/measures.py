"""Measures of an audit: a relative mismatch, the uncertainty of it, and the verdict that both allow."""

from dataclasses import dataclass
from math import inf, isnan, nan

INCONSISTENT, UNDETERMINED, CONSISTENT = "inconsistent", "undetermined", "consistent"
RESOLVED = 3.0  # ratio of mismatch and uncertainty above which a mismatch is resolved


@dataclass(frozen=True)
class Measure:
    """A relative mismatch between a derivative used in training and that of the function.

    Attributes:
        mismatch: norm of the difference over the larger norm of both derivatives; NaN if it cannot be measured.
        uncertainty: of the mismatch, on the same scale; infinite if it cannot be measured.
        remark: why the mismatch is uncertain, or where it occurs; empty if there is nothing to say.
    """

    mismatch: float = nan
    uncertainty: float = inf
    remark: str = ""

    def verdict(self, threshold: float) -> str:
        """``inconsistent`` if the mismatch exceeds the threshold and three uncertainties, ``consistent`` if neither
        mismatch nor uncertainty exceeds the threshold, otherwise ``undetermined``.
        """
        if self.mismatch > threshold and self.mismatch > RESOLVED * self.uncertainty:
            return INCONSISTENT
        if self.mismatch <= threshold and self.uncertainty <= threshold:
            return CONSISTENT
        return UNDETERMINED

    def __str__(self) -> str:
        if isnan(self.mismatch):
            return "not measured"
        return f"{self.mismatch:.2g}" + f" ± {self.uncertainty:.1e}" * (self.uncertainty > 0)


def worst(measures: list[Measure], threshold: float) -> Measure:
    """Return the measure that decides the verdict on all: the largest inconsistent one, else the most uncertain."""
    inconsistent = [measure for measure in measures if measure.verdict(threshold) == INCONSISTENT]
    if inconsistent:
        return max(inconsistent, key=lambda measure: measure.mismatch)
    undetermined = [measure for measure in measures if measure.verdict(threshold) == UNDETERMINED]
    if undetermined:
        return max(undetermined, key=lambda measure: measure.uncertainty)
    return max(measures, key=lambda measure: measure.mismatch)
