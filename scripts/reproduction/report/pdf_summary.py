"""First page of the PDF report: what was run, the counts of verdicts, the main findings, and what failed."""

from typing import NamedTuple

import pandas as pd

from rectified.statistics.summaries import CONFIDENCE
from reproduction.claims.markdown import STATISTIC_PREFIXES, sample_size
from reproduction.config.config import Config
from reproduction.rendering import typst_markup
from reproduction.rendering.printed_numbers import plain, printed, printed_range
from reproduction.rendering.typography import readable
from reproduction.report import pdf_claims

TYPE_SIZE = 7.0  # pt; keeps the summary on one page


class Effect(NamedTuple):
    """An effect size: what it is, and the part of a claim that measures it.

    Attributes:
        what: noun phrase, without an assertion.
        document, claim: of the claim.
        index: of the part of the claim.
    """

    what: str
    document: str
    claim: str
    index: int


FINDINGS: dict[str, tuple[Effect, ...]] = {
    "Deep Ritz training of ReLU networks on a fixed grid": (
        Effect("error of ReLU over that of tanh", "deep_ritz", "d1", 2),
        Effect("error on ten times as many points over that on 100", "ours", "o2", 0),
    ),
    "The same with the integral cut at the kinks": (
        Effect("error over that on the grid, sin 2πx", "ours", "o1", 1),
        Effect("roughness of the landscape over that on the grid", "ours", "o5", 1),
        Effect("error over that on the grid, two dimensions", "ours", "o23", 0),
    ),
    "Deep networks of powers of ReLU": (
        Effect("networks that explode at the critical C_W, ReLU²", "ours", "o12", 0),
        Effect("training error by Adam over the variance of the target", "ours", "o13", 0),
        Effect("the same by SGD", "ours", "o13", 1),
    ),
    "Batch norm in PINNs": (
        Effect("error over that of the same network without it", "failed_ideas", "c1", 0),
        Effect("error with all points in one batch, over the same", "ours", "o22", 1),
        Effect("loss with all points in one batch, over the same", "ours", "o22", 0),
    ),
    "Derivatives of the function that is evaluated": (
        Effect("3×3 convolutions: error over that in reverse mode", "ours", "o21", 0),
        Effect("batch norm with reference statistics: error over that in one batch", "ours", "o21", 1),
    ),
}


def summary(config: Config, claims: pd.DataFrame, times: pd.DataFrame, cost: str) -> str:
    """Return the summary as markup.

    Args:
        config: of the run.
        claims: one row per part.
        times: measured times of the jobs, one row per experiment.
        cost: processor time in total, as text.
    """
    parts = [f"{typst_markup.text(_extent(config, times, cost))}\n\n"]
    if len(claims):
        parts += [pdf_claims.count_table(claims), typst_markup.heading(2, "Main findings"), findings_table(claims)]
        parts += [typst_markup.heading(2, "What failed"), failures(claims)]
    return "".join(parts)


def _extent(config: Config, times: pd.DataFrame, cost: str) -> str:
    """Return what was run, in one or two sentences."""
    figures, tables = (sum(map(len, group.values())) for group in (config.figures, config.tables))
    documents = ", ".join(map(readable, dict.fromkeys([*config.figures, *config.tables])))
    text = f"Run at the {config.tier} tier: {figures} figures and {tables} tables of {documents}."
    return text if times.empty else f"{text} {int(times.jobs.sum())} jobs took {cost} of processor time."


def findings_table(claims: pd.DataFrame) -> str:
    """Return the effect sizes of the main findings with their intervals; claims that the run lacks are left out."""
    groups = {}
    for title, effects in FINDINGS.items():
        rows = [row for effect in effects if (row := _row(effect, claims))]
        if rows:
            groups[typst_markup.text(title)] = rows
    headings = ["effect", "median [interval]", "of", "outcome", "claim", "verdict on the claim"]
    columns = ["1fr", "auto", "auto", "auto", "auto", "auto"]
    return typst_markup.grouped_table(headings, groups, columns, TYPE_SIZE) if groups else "None was measured.\n"


def _row(effect: Effect, claims: pd.DataFrame) -> list[str] | None:
    parts = claims[(claims.document == effect.document) & (claims.claim == effect.claim)]
    if effect.index >= len(parts):
        return None
    part = parts.iloc[effect.index]
    name = typst_markup.link(pdf_claims.label("numbers", part), typst_markup.text(part.claim))
    cells = (effect.what, _size(part), sample_size(part), part.outcome)
    return [*map(typst_markup.text, cells), name, pdf_claims.styled_verdict(part.verdict)]


def _size(part: pd.Series) -> str:
    """Return the statistic of a part with its interval, and its coverage if that is too small."""
    interval = printed(part.value) if part.low == part.high else printed_range(part.value, part.low, part.high)
    coverage = f" ({100 * part.coverage:.0f} %)" if part.coverage < CONFIDENCE else ""
    return f"{STATISTIC_PREFIXES.get(part.statistic, '')}{''.join(plain(interval))}{coverage}"


def failures(claims: pd.DataFrame) -> str:
    """Return the claims that are not reproduced with their statements, and the names of those in part or undecided."""
    first = claims.drop_duplicates(["document", "claim"])
    failed = first[first.verdict == "not reproduced"]
    rows = [[_name(row), typst_markup.text(row.statement)] for row in failed.itertuples()]
    table = typst_markup.table(["not reproduced", "statement"], rows, ["auto", "1fr"], TYPE_SIZE) if rows else ""
    lines = [
        f"#strong[{typst_markup.text(verdict)}:] {', '.join(map(_name, group.itertuples())) or 'none'}."
        for verdict in ("reproduced in part", "undecided at this tier")
        for group in [first[first.verdict == verdict]]
    ]
    return table + typst_markup.small("\n\n".join(lines))


def _name(row: tuple) -> str:
    return typst_markup.link(pdf_claims.label("numbers", row), typst_markup.text(row.claim))
