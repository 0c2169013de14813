"""Tables of claims in the PDF report: counts of verdicts, one row per claim, and the numbers of all parts."""

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from reproduction.claims import markdown
from reproduction.claims.markdown import VERDICTS, estimate, sample_size
from reproduction.rendering import typst_markup
from reproduction.rendering.typography import plain_numbers, readable

DECISIVE = {
    "reproduced": "holds",
    "reproduced in part": "fails",
    "not reproduced": "fails",
    "undecided at this tier": "undecided",
}
NOTE = (
    "Shown is the decisive part: the first that fails if a claim is not reproduced or reproduced in part, the first "
    "undecided one if it is undecided, otherwise the first. Numbers: median over n seeds or networks [interval], "
    "unless stated otherwise; n and m: sizes of two unpaired samples. Computed numbers have no interval. The name of a "
    "claim links to the numbers of all its parts."
)
NUMBERS_NOTE = (
    "Median over n seeds or networks [interval], unless stated otherwise; n and m: sizes of two unpaired samples. "
    "Computed numbers have no interval. The name of a claim links back to its verdict."
)
TYPE_SIZE = 6.5  # pt; keeps the verdicts on few pages


def count_table(claims: pd.DataFrame) -> str:
    """Return a table of the number of claims by document and verdict."""
    rows = [
        [typst_markup.text(readable(document)), *map(str, numbers)] for document, numbers in markdown.counts(claims)
    ]
    return typst_markup.table(
        ["claims of", *map(styled_verdict, VERDICTS), "all"], rows, ["auto"] * (len(VERDICTS) + 2), 8.0
    )


def styled_verdict(name: str) -> str:
    """Return a verdict as a coloured sign and a word, as Typst markup."""
    mark = VERDICTS[name]
    sign = f"#text(fill: rgb({typst_markup.quoted(mark.colour)}))[{typst_markup.text(mark.sign)}]"
    return f"{sign} {typst_markup.text(name)}"


def verdict_table(claims: pd.DataFrame, exhibits: Collection[str]) -> str:
    """Return a table with one row per claim: name, statement, verdict, decisive part, and exhibit.

    Args:
        claims: one row per part.
        exhibits: labels of the exhibits in this report, to which claims are linked.
    """
    groups = {
        typst_markup.text(readable(document)): [_row(parts, exhibits) for parts in each]
        for document, each in _by_document(claims)
    }
    headings = ["claim", "statement", "verdict", "decisive number", "part", "shown in"]
    columns = ["auto", "1fr", "20.5mm", "47.5mm", "auto", "auto"]
    return typst_markup.grouped_table(headings, groups, columns, TYPE_SIZE) + typst_markup.remark(NOTE)


def _by_document(claims: pd.DataFrame) -> Iterator[tuple[str, list[pd.DataFrame]]]:
    """Yield each document with the parts of each of its claims, in order."""
    for document, group in claims.groupby("document", sort=False):
        yield document, [parts for _, parts in group.groupby("claim", sort=False)]


def _row(parts: pd.DataFrame, exhibits: Collection[str]) -> list[str]:
    first, index = parts.iloc[0], decisive(parts)
    part = parts.iloc[index]
    name = typst_markup.anchor(label("verdict", first)) + typst_markup.link(
        label("numbers", first), typst_markup.text(first.claim)
    )
    lines = (plain_numbers(estimate(part)), f"claimed {plain_numbers(part.claimed)}, {sample_size(part)}")
    number = " \\ ".join(map(typst_markup.text, lines))
    shown = typst_markup.text(first.figure.removeprefix(f"{first.document}/"))
    where = typst_markup.link(first.figure, shown) if first.figure in exhibits else shown
    which = typst_markup.text(f"{index + 1} of {len(parts)}")
    return [name, typst_markup.text(first.statement), styled_verdict(first.verdict), number, which, where]


def decisive(parts: pd.DataFrame) -> int:
    """Return the index of the decisive part of a claim: the first with the outcome that determines the verdict."""
    outcomes = parts.outcome.tolist()
    return outcomes.index(DECISIVE[parts.verdict.iloc[0]])


def label(kind: str, row: Any) -> str:
    """Return the target of links to a claim: of kind ``verdict`` or ``numbers``."""
    return f"{kind}/{row.document}/{row.claim}"


def all_numbers(claims: pd.DataFrame) -> str:
    """Return a table with one row per part of each claim, the target of the links in ``verdict_table``."""
    groups = {
        typst_markup.text(readable(document)): [row for parts in each for row in _numbers(parts)]
        for document, each in _by_document(claims)
    }
    headings = ["claim", "part", "found", "claimed", "of", "outcome"]
    table = typst_markup.grouped_table(headings, groups, ["auto", "1fr", "47.5mm", "auto", "22mm", "auto"], TYPE_SIZE)
    return typst_markup.remark(NUMBERS_NOTE) + table


def _numbers(parts: pd.DataFrame) -> Iterator[list[str]]:
    for index, row in enumerate(parts.itertuples()):
        name = typst_markup.anchor(label("numbers", row)) + typst_markup.link(
            label("verdict", row), typst_markup.text(row.claim)
        )
        cells = [row.part, plain_numbers(estimate(row)), plain_numbers(row.claimed), sample_size(row), row.outcome]
        yield ["" if index else name, *map(typst_markup.text, cells)]
