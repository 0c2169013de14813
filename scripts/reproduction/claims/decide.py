"""Verdicts on claims, computed from the results of cases over seeds and networks.

A claim has parts. A part consists of one number per seed (such as the ratio of the errors of two cases with the same
seed), a statistic of these numbers, and the threshold that is claimed. A part holds if the whole interval of the
statistic, of at least 95 % coverage, lies beyond the threshold, and fails if it lies on the other side; otherwise it is
undecided. With two thresholds, for numbers claimed to be equal, a part holds if the interval lies between them, and
fails if it lies outside. A claim with a part that fails is not reproduced, or in part if another part holds.

The default statistic is the median with the interval of sign tests at fixed numbers of seeds, see
``rectified.statistics.looks``; a value equal to the threshold counts against either side. Two unpaired samples are
compared by their shift; four seeds of each are enough if the samples do not overlap. The mean needs ten values; the
share accepts any number of zeros and ones. Deterministic numbers are compared directly. Parts are decided one by one;
``corrected`` marks those that remain significant after Holm's correction over all tests of the document.

Diverged runs, those with a value that is not finite or with an epoch in ``diverged_at``, are counted, never dropped
silently. Where divergence is infinite, as for errors, ∞/a = ∞ and a/∞ = 0 (∞ − a = ∞ and a − ∞ = −∞), and only a pair
of two diverged runs is dropped. Where it is unknown, the value of the pair is unbounded: it widens the interval on both
sides and supports neither outcome; the same applies to 0/0.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

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
from rectified.statistics.looks import LOOKS, deciding_look, interval_over_looks
from rectified.statistics.summaries import CONFIDENCE, Interval, holm, sign_test
from reproduction.claims import html
from reproduction.claims.markdown import numbers, page, write_claims
from reproduction.claims.samples import values_of
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Claim, Part, from_text
from reproduction.runtime.session import start
from reproduction.storage import store
from reproduction.storage.results import KeptResult, Result, results_of

ESTIMATORS = {
    "mean": (mean_interval, mean_test),
    "share": (share_interval, share_test),
    "shift": (shift_interval, rank_sum_test),
}


def make(snakemake: Any) -> None:
    """Decide the claims of a document; write one row per part (Parquet, CSV) and one per claim (Markdown, HTML)."""
    start(snakemake)
    entry, tier = snakemake.params.entry, snakemake.params.tier
    looks = dict(snakemake.params.looks)
    decided = decide_claims(from_text(entry), by_name(results_of(list(snakemake.input))), looks)
    decided = decided.assign(document=snakemake.params.document, tier=tier)
    write_claims(snakemake.output, decided, page(decided), store.provenance(snakemake.params.code, entry=entry))
    browsable = html.page(decided, snakemake.params.document, numbers)
    store.write_atomically(snakemake.output.html, lambda file: Path(file).write_text(browsable, encoding="utf-8"))


def by_name(results: list[Result]) -> dict[str, KeptResult]:
    """Index results by ``experiment/case``, the end of their folders; the results cache their files."""
    folders = [next(iter(result.files.values())).parent for result in results]
    return {"/".join(folder.parts[-2:]): KeptResult(result.files) for folder, result in zip(folders, results)}


def decide_claims(
    claims: Mapping[str, Claim], cases: Mapping[str, KeptResult], looks: Mapping[int, int] = LOOKS
) -> pd.DataFrame:
    """Return one row per part: the claimed number, the statistic with its interval, the outcome and the verdict.

    Args:
        claims: of a document, by name.
        cases: their results.
        looks: of the sign tests, see ``rectified.statistics.looks``.

    Raises:
        ConfigError: if a measure is missing or ambiguous, or a part is inconsistent with its data.
    """
    table = pd.DataFrame([row for name, claim in claims.items() for row in _rows(name, claim, cases, looks)])
    tested = table.p_value.notna()
    return table.assign(corrected=np.where(tested, _rejected(table.p_value.fillna(1.0)[tested], table.index), False))


def _rejected(p_values: pd.Series, index: pd.Index) -> np.ndarray:
    """Which of the tests remain significant after Holm's correction; False for rows without a test."""
    return pd.Series(holm(p_values), p_values.index, dtype=bool).reindex(index, fill_value=False).to_numpy()


def _rows(name: str, claim: Claim, cases: Mapping[str, KeptResult], looks: Mapping[int, int]) -> list[dict]:
    try:
        decisions = [decide(part, cases, looks) for part in claim.parts]
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
    """Outcome of a part and the numbers it is based on.

    Attributes:
        value: the statistic, such as the median over seeds.
        low, high, coverage: its interval.
        p_value: of the test against the threshold, or of equal distributions for a distance; NaN if there is no test.
        n: number of values.
        n_other: number of values of the other sample, if the two are not paired.
        look: number of values at which a sign test decided, or the last at which it was made; 0 for other statistics.
        diverged: number of values or pairs with a diverged run, dropped or not.
        outcome: "holds", "fails" or "undecided".
    """

    value: float
    low: float
    high: float
    coverage: float
    p_value: float
    n: int
    n_other: int
    look: int
    diverged: int
    outcome: str


def decide(part: Part, cases: Mapping[str, KeptResult], looks: Mapping[int, int] = LOOKS) -> Decision:
    """Decide a part from the results of cases, by name.

    Raises:
        ConfigError: as ``decide_claims``.
    """
    found, look = values_of(part, cases), 0
    if part.deterministic or found.computed:
        interval, p_value = _computed(part, found.values), math.nan
    elif part.statistic == "distance":
        samples = found.values, found.others
        interval, p_value = distance_interval(*samples), distance_test(*samples)
    elif part.statistic == "median":
        interval, look = interval_over_looks(found.values, looks), deciding_look(found.values, looks, *part.bounds)
        p_value = math.nan if part.within else sign_test(found.values[: look or None], part.threshold)
    else:
        interval, p_value = _estimated(part, found.values)
    sizes = (len(found.values), 0 if found.others is None else len(found.others))
    return Decision(*interval, p_value, *sizes, look, found.diverged, outcome(part, interval))


def _estimated(part: Part, values: np.ndarray) -> tuple[Interval, float]:
    estimate, test = ESTIMATORS[part.statistic]
    try:
        return estimate(values), math.nan if part.within else test(values, part.threshold)
    except ValueError as error:
        raise ConfigError(f"{part.measure!r} of {part.of!r}: {error}") from None


def outcome(part: Part, interval: Interval) -> str:
    """Return the outcome of a part, given the interval of its number; a computed number equal to a threshold fails."""
    if interval.coverage < CONFIDENCE:
        return "undecided"
    lower, upper = part.bounds
    above, below = lower == -math.inf or interval.low > lower, upper == math.inf or interval.high < upper
    if above and below:
        return "holds"
    beyond = interval.high < lower or interval.low > upper
    return "fails" if beyond or interval.coverage == 1 else "undecided"


def verdict(outcomes: list[str]) -> str:
    """Return the verdict on a claim from the outcomes of its parts."""
    found = set(outcomes)
    if "fails" in found:
        return "reproduced in part" if "holds" in found else "not reproduced"
    return "reproduced" if found == {"holds"} else "undecided at this tier"


def _computed(part: Part, values: np.ndarray) -> Interval:
    """Return the common value of all seeds as an interval of zero width."""
    if len(values) == 0 or not (values == values[0]).all():
        given = ", ".join(f"{value:g}" for value in np.unique(values)[:4])
        raise ConfigError(
            f"{part.measure!r} of {part.of!r} is deterministic; all seeds must have the same value; got "
            f"{given or 'no value'}"
        )
    return Interval(*[float(values[0])] * 3, 1.0)
