"""Verdicts on published claims, computed from the results of cases over seeds.

A claim has parts. A part is one number per seed, such as the error of one case over that of another with the same
seed, and a threshold that the claim has its median beyond. A part holds if the whole interval of the median lies
beyond the threshold, with a coverage of at least 95 %, and fails if it lies on the other side; otherwise it is
undecided, as it always is with fewer than six seeds. Without values equal to the threshold that is the two-sided sign
test at p < 0.05; a value equal to it counts against either side. A factor that is claimed to be beyond 1, an error at
least 1.5 times another, holds if the ratios are beyond 1 by that test and their median is beyond the threshold. Parts
are decided one by one, with no correction for how many there are.

Diverged runs, those with a value that is not finite or with an epoch in ``diverged_at``, are never left out in
silence: their pairs are counted. Where divergence is infinite, as for errors, ∞/a = ∞ and a/∞ = 0 (∞ − a = ∞ and
a − ∞ = −∞), and only a pair of two diverged runs is dropped. Where it is unknown, the value of the pair may lie
anywhere, so it widens the interval on both sides and speaks neither for a claim nor against it; so does 0/0.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rectified import claims_page, store
from rectified.claim_entries import Claim, Part, from_text
from rectified.errors import ConfigError, nearest
from rectified.measures import measured
from rectified.results import Result, results_of
from rectified.session import start
from rectified.statistics import CONFIDENCE, MedianInterval, median_interval, sign_test

SIGNS = {"above": ">", "below": "<"}
HEADINGS = ("claim", "statement", "source", "figure", "verdict", "numbers")


def make(snakemake: Any) -> None:
    """Decide the claims of a document; write one row per part as Parquet and CSV, one per claim as Markdown, HTML."""
    start(snakemake)
    entry, tier = snakemake.params.entry, snakemake.params.tier
    decided = table(from_text(entry), by_name(results_of(list(snakemake.input)))).assign(tier=tier)
    store.write_table(snakemake.output.data, decided, store.provenance(snakemake.params.code, entry=entry))
    store.write_atomically(snakemake.output.csv, lambda file: decided.to_csv(file, index=False, float_format="%.6g"))
    store.write_atomically(snakemake.output.md, lambda file: Path(file).write_text(page(decided)))
    browsable = claims_page.page(decided, Path(snakemake.output.html).stem, numbers)
    store.write_atomically(snakemake.output.html, lambda file: Path(file).write_text(browsable))


def by_name(results: list[Result]) -> dict[str, Result]:
    """Results by the ``experiment/case`` that their folders end in."""
    return {"/".join(next(iter(result.files.values())).parent.parts[-2:]): result for result in results}


def table(claims: Mapping[str, Claim], cases: Mapping[str, Result]) -> pd.DataFrame:
    """One row per part: what was claimed, the median over seeds with its interval, the outcome and the verdict.

    Raises:
        ConfigError: if a measure is not there, or is not told apart from others, or a part is not what it says.
    """
    return pd.DataFrame([row for name, claim in claims.items() for row in _rows(name, claim, cases)])


def _rows(name: str, claim: Claim, cases: Mapping[str, Result]) -> list[dict]:
    try:
        decisions = [decide(part, cases) for part in claim.parts]
    except ConfigError as error:
        raise ConfigError(f"claim {name}: {error}") from None
    stated = {"claim": name, "statement": claim.statement, "source": claim.source, "figure": claim.figure or ""}
    found = {"verdict": verdict([decision.outcome for decision in decisions])}
    return [stated | _columns(part) | decision._asdict() | found for part, decision in zip(claim.parts, decisions)]


def _columns(part: Part) -> dict:
    less = part.less if isinstance(part.less, str) else _selected(part.less or {})
    return {
        "part": part.what,
        "measure": part.measure,
        "at": _selected(part.at),
        "of": part.of,
        "over": part.over or "",
        "less": less,
        "threshold": part.threshold,
        "direction": part.direction,
    }


def _selected(selection: Mapping) -> str:
    return ", ".join(f"{key} = {value}" for key, value in selection.items())


class Decision(NamedTuple):
    """What the seeds say of a part.

    Attributes:
        value: median over seeds.
        low, high, coverage: an interval of the median.
        p_value: of the sign test against the threshold; NaN where no test is wanted.
        n: values that count.
        diverged: pairs of which a run diverged, dropped or not.
        outcome: "holds", "fails" or "undecided".
    """

    value: float
    low: float
    high: float
    coverage: float
    p_value: float
    n: int
    diverged: int
    outcome: str


def decide(part: Part, cases: Mapping[str, Result]) -> Decision:
    """Decide a part from the results of cases, by name.

    Raises:
        ConfigError: as ``table``.
    """
    values, diverged = values_of(part, cases)
    if part.deterministic:
        interval, p_value = _computed(part, values), math.nan
    else:
        interval, p_value = median_interval(values), sign_test(values, part.null)
    return Decision(*interval, p_value, len(values), diverged, outcome(part, interval))


def outcome(part: Part, interval: MedianInterval) -> str:
    """Whether a part holds, given the interval of its median; a computed number equal to the threshold fails."""
    if interval.coverage < CONFIDENCE:
        return "undecided"
    sign = 1 if part.direction == "above" else -1
    low, median, high = sorted((sign * interval.low, sign * interval.median, sign * interval.high))
    if median > sign * part.threshold and low > sign * part.null:
        return "holds"
    return "fails" if high < sign * part.threshold or part.deterministic else "undecided"


def verdict(outcomes: list[str]) -> str:
    """The verdict on a claim from the outcomes of its parts."""
    found = set(outcomes)
    if found == {"holds"}:
        return "reproduced"
    if found == {"fails"}:
        return "not reproduced"
    return "reproduced in part" if {"holds", "fails"} <= found else "undecided at this tier"


def _computed(part: Part, values: np.ndarray) -> MedianInterval:
    """The one value that all seeds have, as an interval of no width."""
    if len(values) == 0 or not (values == values[0]).all():
        given = ", ".join(f"{value:g}" for value in np.unique(values)[:4])
        raise ConfigError(
            f"{part.measure!r} of {part.of!r} is marked deterministic; it must be one value for all seeds, "
            f"found: {given or 'none'}"
        )
    return MedianInterval(*[float(values[0])] * 3, 1.0)


class Values(NamedTuple):
    """One number per seed, [seeds], NaN where it is unknown; and how many pairs have a diverged run."""

    values: np.ndarray
    diverged: int


def values_of(part: Part, cases: Mapping[str, Result]) -> Values:
    """The numbers of a part: a measure, or ratios or differences of two with the same seed, where both have it.

    Raises:
        ConfigError: if no seed is common to the two, or the terms of a ratio are negative.
    """
    first = _measured(part, cases, part.of, part.at)
    if part.over is None and part.less is None:
        lost = ~np.isfinite(first.to_numpy())
        return Values(_filled(part, first), int(lost.sum()))
    first, second = first.align(_second(part, cases), join="inner")
    if first.empty:
        raise ConfigError(f"{part.measure!r} of {part.of!r} has no seed in common with what it is compared with")
    lost = ~np.isfinite([first, second])
    kept = ~lost.all(0) if part.divergence_is_infinite else np.full(len(first), True)
    return Values(_compared(part, _filled(part, first)[kept], _filled(part, second)[kept]), int(lost.any(0).sum()))


def _second(part: Part, cases: Mapping[str, Result]) -> pd.Series:
    """What a part divides by, or takes off."""
    if isinstance(part.less, dict):
        return _measured(part, cases, part.of, part.less)
    return _measured(part, cases, part.over or part.less, part.at)


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


def _measured(part: Part, cases: Mapping[str, Result], case: str, at: Mapping) -> pd.Series:
    if case not in cases:
        raise ConfigError(f"there are no results of the case {case!r}; {nearest(case, cases)}")
    try:
        return measured(cases[case], part.measure, at, part.file)
    except ConfigError as error:
        raise ConfigError(f"case {case!r}: {error}") from None


def page(decided: pd.DataFrame) -> str:
    """The verdicts as Markdown, one row per claim, from the rows of all parts."""
    (tier,) = decided.tier.unique()
    lines = [
        f"# Published claims, {tier} tier",
        "",
        f"Numbers: median over n seeds [its interval of {100 * CONFIDENCE:.0f} % coverage or more, if not said].",
        "",
        _line(HEADINGS),
        _line(["---"] * len(HEADINGS)),
        *(_line(_cells(parts)) for _, parts in decided.groupby("claim", sort=False)),
    ]
    return "\n".join(lines) + "\n"


def _cells(parts: pd.DataFrame) -> list[str]:
    first = parts.iloc[0]
    return [*(first[heading] for heading in HEADINGS[:-1]), "<br>".join(map(numbers, parts.itertuples()))]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"


def numbers(row: Any) -> str:
    """The decisive numbers of a part: ``"ratio of errors: 20.4 [18.9, 24.1], claimed > 5, n = 6: holds"``."""
    interval = "" if row.low == row.high else f" [{row.low:.3g}, {row.high:.3g}]"
    coverage = f" ({100 * row.coverage:.0f} %)" if row.coverage < CONFIDENCE else ""
    diverged = f", {row.diverged} diverged" if row.diverged else ""
    claimed = f"claimed {SIGNS[row.direction]} {row.threshold:g}"
    return f"{row.part}: {row.value:.3g}{interval}{coverage}, {claimed}, n = {row.n}{diverged}: {row.outcome}"
