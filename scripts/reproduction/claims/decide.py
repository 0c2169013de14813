"""Verdicts on claims, computed from the results of cases over seeds and networks.

A claim has parts. A part is one number per seed, such as the error of one case over that of another with the same
seed, a statistic of them, and a threshold that the claim has it beyond. A part holds if the whole interval of the
statistic lies beyond the threshold, with a coverage of at least 95 %, and fails if it lies on the other side; otherwise
it is undecided. Of two thresholds, for a number that is claimed to be as large as another, it holds if the interval
lies between them and fails if it lies outside. Parts are decided one by one, with no correction for how many there are.

The statistic is the median, if nothing else is said. Its interval is that of the sign test, so that fewer than six
seeds never decide; a value equal to the threshold counts against either side. A factor that is claimed to be beyond 1,
an error at least 1.5 times another, holds if the whole interval is beyond 1 and the estimate is beyond the threshold.
Two independent samples can be compared without pairs by their shift, which four seeds of each decide if they do not
overlap. The mean wants ten values, the share any number of zeros and ones. What is computed without seeds is compared
as it is.

Diverged runs, those with a value that is not finite or with an epoch in ``diverged_at``, are never left out in
silence: they are counted. Where divergence is infinite, as for errors, ∞/a = ∞ and a/∞ = 0 (∞ − a = ∞ and
a − ∞ = −∞), and only a pair of two diverged runs is dropped. Where it is unknown, the value of the pair may lie
anywhere, so it widens the interval on both sides and speaks neither for a claim nor against it; so does 0/0.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rectified.errors import nearest
from rectified.statistics.intervals import (
    distance_interval,
    distance_test,
    mean_interval,
    mean_test,
    rank_sum_test,
    share_interval,
    share_test,
    shift_interval,
)
from rectified.statistics.summaries import CONFIDENCE, Interval, median_interval, sign_test
from reproduction.claims import html
from reproduction.claims.markdown import numbers, page, write
from reproduction.claims.measures import COMPUTED, measured
from reproduction.config.claims import Claim, Part, from_text
from reproduction.config.errors import ConfigError
from reproduction.runtime.session import start
from reproduction.storage import store
from reproduction.storage.results import KeptResult, Result, results_of

STATISTICS = {
    "median": (median_interval, sign_test),
    "mean": (mean_interval, mean_test),
    "share": (share_interval, share_test),
    "shift": (shift_interval, rank_sum_test),
}


def make(snakemake: Any) -> None:
    """Decide the claims of a document; write one row per part as Parquet and CSV, one per claim as Markdown, HTML."""
    start(snakemake)
    entry, tier = snakemake.params.entry, snakemake.params.tier
    decided = table(from_text(entry), by_name(results_of(list(snakemake.input))))
    decided = decided.assign(document=snakemake.params.document, tier=tier)
    write(snakemake.output, decided, page(decided), store.provenance(snakemake.params.code, entry=entry))
    browsable = html.page(decided, snakemake.params.document, numbers)
    store.write_atomically(snakemake.output.html, lambda file: Path(file).write_text(browsable))


def by_name(results: list[Result]) -> dict[str, KeptResult]:
    """Results by the ``experiment/case`` that their folders end in; they keep what they read."""
    folders = [next(iter(result.files.values())).parent for result in results]
    return {"/".join(folder.parts[-2:]): KeptResult(result.files) for folder, result in zip(folders, results)}


def table(claims: Mapping[str, Claim], cases: Mapping[str, KeptResult]) -> pd.DataFrame:
    """One row per part: what was claimed, the median over seeds with its interval, the outcome and the verdict.

    Raises:
        ConfigError: if a measure is not there, or is not told apart from others, or a part is not what it says.
    """
    return pd.DataFrame([row for name, claim in claims.items() for row in _rows(name, claim, cases)])


def _rows(name: str, claim: Claim, cases: Mapping[str, KeptResult]) -> list[dict]:
    try:
        decisions = [decide(part, cases) for part in claim.parts]
    except ConfigError as error:
        raise ConfigError(f"claim {name}: {error}") from None
    stated = {"claim": name, "statement": claim.statement, "source": claim.source, "figure": claim.figure or ""}
    found = {"verdict": verdict([decision.outcome for decision in decisions])}
    return [stated | _columns(part) | decision._asdict() | found for part, decision in zip(claim.parts, decisions)]


def _columns(part: Part) -> dict:
    over, less = (other if isinstance(other, str) else _selected(other or {}) for other in (part.over, part.less))
    lower, upper = part.bounds
    direction = "within" if part.within else "below" if math.isinf(lower) else "above"
    claimed = {"within": f"{lower:g} to {upper:g}", "below": f"< {upper:g}", "above": f"> {lower:g}"}
    return {
        "part": part.what,
        "measure": part.measure,
        "statistic": part.statistic,
        "at": _selected(part.at),
        "of": part.of,
        "over": over,
        "less": less,
        "threshold": upper if direction == "below" else lower,
        "direction": direction,
        "claimed": claimed[direction],
    }


def _selected(selection: Mapping) -> str:
    texts = {key: " or ".join(map(str, v)) if isinstance(v, list) else v for key, v in selection.items()}
    return ", ".join(f"{key} = {value}" for key, value in texts.items())


class Decision(NamedTuple):
    """What the seeds say of a part.

    Attributes:
        value: the statistic, such as the median over seeds.
        low, high, coverage: an interval of it.
        p_value: of the test against the threshold, or for a distance that there is none; NaN where no test is wanted.
        n: values that count.
        n_other: values of the other sample, where the two are not paired.
        diverged: values or pairs of which a run diverged, dropped or not.
        outcome: "holds", "fails" or "undecided".
    """

    value: float
    low: float
    high: float
    coverage: float
    p_value: float
    n: int
    n_other: int
    diverged: int
    outcome: str


def decide(part: Part, cases: Mapping[str, KeptResult]) -> Decision:
    """Decide a part from the results of cases, by name.

    Raises:
        ConfigError: as ``table``.
    """
    found = values_of(part, cases)
    if part.deterministic or found.computed:
        interval, p_value = _computed(part, found.values), math.nan
    elif part.statistic == "distance":
        samples = found.values, found.others
        interval, p_value = distance_interval(*samples), distance_test(*samples)
    else:
        interval, p_value = _estimated(part, found.values)
    sizes = (len(found.values), 0 if found.others is None else len(found.others))
    return Decision(*interval, p_value, *sizes, found.diverged, outcome(part, interval))


def _estimated(part: Part, values: np.ndarray) -> tuple[Interval, float]:
    estimate, test = STATISTICS[part.statistic]
    try:
        return estimate(values), math.nan if part.within else test(values, part.null)
    except ValueError as error:
        raise ConfigError(f"{part.measure!r} of {part.of!r}: {error}") from None


def outcome(part: Part, interval: Interval) -> str:
    """Whether a part holds, given the interval of its number; a computed number equal to a threshold fails."""
    if interval.coverage < CONFIDENCE:
        return "undecided"
    lower, upper = part.bounds
    nulls = part.bounds if part.within else (part.null, part.null)
    above = lower == -math.inf or (interval.value > lower and interval.low > nulls[0])
    below = upper == math.inf or (interval.value < upper and interval.high < nulls[1])
    if above and below:
        return "holds"
    beyond = interval.high < lower or interval.low > upper
    return "fails" if beyond or interval.coverage == 1 else "undecided"


def verdict(outcomes: list[str]) -> str:
    """The verdict on a claim from the outcomes of its parts."""
    found = set(outcomes)
    if found == {"holds"}:
        return "reproduced"
    if found == {"fails"}:
        return "not reproduced"
    return "reproduced in part" if {"holds", "fails"} <= found else "undecided at this tier"


def _computed(part: Part, values: np.ndarray) -> Interval:
    """The one value that all seeds have, as an interval of no width."""
    if len(values) == 0 or not (values == values[0]).all():
        given = ", ".join(f"{value:g}" for value in np.unique(values)[:4])
        raise ConfigError(
            f"{part.measure!r} of {part.of!r} is deterministic; it must be one value for all seeds, "
            f"found: {given or 'none'}"
        )
    return Interval(*[float(values[0])] * 3, 1.0)


class Values(NamedTuple):
    """The numbers of a part.

    Attributes:
        values: [replicates], NaN where unknown; of a shift every value compared with every other, [n, m].
        others: the other sample of a distance or a shift; None where the two are paired.
        diverged: how many values or pairs have a diverged run.
        computed: whether there are no replicates, and so one value.
    """

    values: np.ndarray
    others: np.ndarray | None
    diverged: int
    computed: bool


def values_of(part: Part, cases: Mapping[str, KeptResult]) -> Values:
    """The numbers of a part: a measure, or ratios or differences of two, of the same seed where they are paired.

    Raises:
        ConfigError: if no seed is common to a pair, or the terms of a ratio are negative.
    """
    first = _measured(part, cases, part.of, part.at)
    computed = first.index.name == COMPUTED
    if part.over is None and part.less is None:
        lost = ~np.isfinite(first.to_numpy())
        return Values(_filled(part, first), None, int(lost.sum()), computed)
    second = _second(part, cases)
    if part.statistic in ("shift", "distance"):
        lost = sum(int((~np.isfinite(sample)).sum()) for sample in (first, second))
        one, other = _filled(part, first), _filled(part, second)
        return Values(
            one if part.statistic == "distance" else _compared(part, one[:, None], other), other, lost, computed
        )
    first, second = first.align(second, join="inner")
    if first.empty:
        raise ConfigError(f"{part.measure!r} of {part.of!r} has no seed in common with what it is compared with")
    lost = ~np.isfinite([first, second])
    kept = ~lost.all(0) if part.divergence_is_infinite else np.full(len(first), True)
    values = _compared(part, _filled(part, first)[kept], _filled(part, second)[kept])
    return Values(values, None, int(lost.any(0).sum()), computed)


def _second(part: Part, cases: Mapping[str, KeptResult]) -> pd.Series:
    """What a part divides by, or takes off."""
    other = part.less if part.over is None else part.over
    return _measured(part, cases, part.of, other) if isinstance(other, dict) else _measured(part, cases, other, part.at)


def _filled(part: Part, values: pd.Series) -> np.ndarray:
    """The values of all runs, with ∞ or NaN for those that diverged."""
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
        raise ConfigError(f"there are no results of the case {case!r}; {nearest(case, cases)}")
    try:
        return measured(cases[case], part.measure, at, part.file, part.reduce)
    except ConfigError as error:
        raise ConfigError(f"case {case!r}: {error}") from None
