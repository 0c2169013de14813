"""Samples of a part of a claim: measures of cases, or ratios and differences of two, with diverged runs counted."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from rectified.errors import nearest
from reproduction.claims.measures import COMPUTED, measured
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Part
from reproduction.storage.results import KeptResult


class SampleValues(NamedTuple):
    """Numbers of a part.

    Attributes:
        values: [replicates], NaN where unknown; for a shift [n, m], all pairs.
        others: the other sample of a distance or a shift; None if the samples are paired.
        diverged: number of values or pairs with a diverged run.
        computed: whether there is a single value without replicates.
    """

    values: np.ndarray
    others: np.ndarray | None
    diverged: int
    computed: bool


def values_of(part: Part, cases: Mapping[str, KeptResult]) -> SampleValues:
    """Return the numbers of a part: a measure, or ratios or differences of two, paired by seed unless unpaired.

    A value without replicates is paired with every seed of the other case.

    Raises:
        ConfigError: if two paired cases have no seed in common, or a term of a ratio is negative.
    """
    first = _measured(part, cases, part.of, part.at)
    computed = first.index.name == COMPUTED
    if part.over is None and part.less is None:
        lost = ~np.isfinite(first.to_numpy())
        return SampleValues(_filled(part, first), None, int(lost.sum()), computed)
    second = _second(part, cases)
    computed = computed and second.index.name == COMPUTED
    if part.statistic in ("shift", "distance"):
        lost = sum(int((~np.isfinite(sample)).sum()) for sample in (first, second))
        one, other = _filled(part, first), _filled(part, second)
        return SampleValues(
            one if part.statistic == "distance" else _compared(part, one[:, None], other), other, lost, computed
        )
    first, second = _paired(first, second)
    if first.empty:
        raise ConfigError(f"{part.measure!r} of {part.of!r} has no seed in common with the case it is compared with")
    lost = ~np.isfinite([first, second])
    kept = ~lost.all(0) if part.divergence_is_infinite else np.full(len(first), True)
    values = _compared(part, _filled(part, first)[kept], _filled(part, second)[kept])
    return SampleValues(values, None, int(lost.any(0).sum()), computed)


def _paired(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return two measures with the replicates that they share, or with those of one if the other has none."""
    if (first.index.name == COMPUTED) != (second.index.name == COMPUTED):
        index = second.index if first.index.name == COMPUTED else first.index
        return tuple(pd.Series(np.broadcast_to(each.to_numpy(), len(index)), index) for each in (first, second))
    return first.align(second, join="inner")


def _second(part: Part, cases: Mapping[str, KeptResult]) -> pd.Series:
    """Return the values that a part divides by or subtracts."""
    other = part.less if part.over is None else part.over
    return _measured(part, cases, part.of, other) if isinstance(other, dict) else _measured(part, cases, other, part.at)


def _filled(part: Part, values: pd.Series) -> np.ndarray:
    """Return the values of all runs, with ∞ or NaN for diverged runs."""
    return np.where(np.isfinite(values), values, np.inf if part.divergence_is_infinite else np.nan)


def _compared(part: Part, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    if part.over is None:
        return first - second
    if (first < 0).any() or (second < 0).any():
        raise ConfigError(
            f"{part.measure!r} of {part.of!r} over {part.over!r} has negative terms; compare with `less` instead"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        return first / second


def _measured(part: Part, cases: Mapping[str, KeptResult], case: str, at: Mapping) -> pd.Series:
    if case not in cases:
        raise ConfigError(f"no results of the case {case!r}; {nearest(case, cases)}")
    try:
        return measured(cases[case], part.measure, at, part.file, part.reduce)
    except ConfigError as error:
        raise ConfigError(f"case {case!r}: {error}") from None
