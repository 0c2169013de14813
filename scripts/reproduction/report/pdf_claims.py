"""Claims on paper: how many have which verdict, a row of each with the part that decides it, and all their numbers."""

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from reproduction.claims import markdown
from reproduction.claims.markdown import VERDICTS, found, sample
from reproduction.rendering import typst_markup
from reproduction.rendering.typography import plain_numbers, readable

DECISIVE = {
    "reproduced": "holds",
    "reproduced in part": "fails",
    "not reproduced": "fails",
    "undecided at this tier": "undecided",
}
NOTE = (
    "Shown is the first part that made the verdict what it is: the first that fails if a claim is not reproduced, or "
    "in part, the first undecided one if it is undecided, and else the first. Numbers: median over n seeds or networks "
    "[its interval], if nothing else is said; n and m: of two samples that are not paired. What is computed has no "
    "interval. The name of a claim leads to the numbers of all its parts."
)
NUMBERS_NOTE = (
    "Median over n seeds or networks [its interval], if nothing else is said; n and m: of two samples that are not "
    "paired. What is computed has no interval. The name of a claim leads back to its verdict."
)
SIZE = 6.5  # pt: the verdicts are meant to be seen together


def counts(claims: pd.DataFrame) -> str:
    """How many claims of each document have which verdict."""
    rows = [
        [typst_markup.text(readable(document)), *map(str, numbers)] for document, numbers in markdown.counts(claims)
    ]
    return typst_markup.table(["claims of", *map(verdict, VERDICTS), "all"], rows, ["auto"] * (len(VERDICTS) + 2), 8.0)


def verdict(name: str) -> str:
    """A verdict as a coloured sign and a word."""
    mark = VERDICTS[name]
    return f"#text(fill: rgb({typst_markup.quoted(mark.colour)}))[{typst_markup.text(mark.sign)}] {typst_markup.text(name)}"


def verdicts(claims: pd.DataFrame, exhibits: Collection[str]) -> str:
    """One row per claim: its name, statement, verdict, the part that decides it, and where it is shown.

    Args:
        claims: one row per part.
        exhibits: labels of the headings that there are for a claim to be shown at.
    """
    groups = {
        typst_markup.text(readable(document)): [_row(parts, exhibits) for parts in each]
        for document, each in _by_document(claims)
    }
    headings = ["claim", "statement", "verdict", "decisive number", "part", "shown in"]
    columns = ["auto", "1fr", "20.5mm", "47.5mm", "auto", "auto"]
    return typst_markup.grouped_table(headings, groups, columns, SIZE) + typst_markup.remark(NOTE)


def _by_document(claims: pd.DataFrame) -> Iterator[tuple[str, list[pd.DataFrame]]]:
    """The parts of each claim, by document, in their order."""
    for document, group in claims.groupby("document", sort=False):
        yield document, [parts for _, parts in group.groupby("claim", sort=False)]


def _row(parts: pd.DataFrame, exhibits: Collection[str]) -> list[str]:
    first, place = parts.iloc[0], decisive(parts)
    part = parts.iloc[place]
    name = typst_markup.anchor(_label("verdict", first)) + typst_markup.link(
        _label("numbers", first), typst_markup.text(first.claim)
    )
    lines = (plain_numbers(found(part)), f"claimed {plain_numbers(part.claimed)}, {sample(part)}")
    number = " \\ ".join(map(typst_markup.text, lines))
    shown = typst_markup.text(first.figure.removeprefix(f"{first.document}/"))
    where = typst_markup.link(first.figure, shown) if first.figure in exhibits else shown
    which = typst_markup.text(f"{place + 1} of {len(parts)}")
    return [name, typst_markup.text(first.statement), verdict(first.verdict), number, which, where]


def decisive(parts: pd.DataFrame) -> int:
    """The place of the part that decides a claim: the first whose outcome made the verdict what it is."""
    outcomes = parts.outcome.tolist()
    return outcomes.index(DECISIVE[parts.verdict.iloc[0]])


def _label(kind: str, row: Any) -> str:
    return f"{kind}/{row.document}/{row.claim}"


def all_numbers(claims: pd.DataFrame) -> str:
    """One row per part of each claim, to which the names of claims in ``verdicts`` lead."""
    groups = {
        typst_markup.text(readable(document)): [row for parts in each for row in _numbers(parts)]
        for document, each in _by_document(claims)
    }
    headings = ["claim", "part", "found", "claimed", "of", "outcome"]
    table = typst_markup.grouped_table(headings, groups, ["auto", "1fr", "47.5mm", "auto", "22mm", "auto"], SIZE)
    return table + typst_markup.remark(NUMBERS_NOTE)


def _numbers(parts: pd.DataFrame) -> Iterator[list[str]]:
    for place, row in enumerate(parts.itertuples()):
        name = typst_markup.anchor(_label("numbers", row)) + typst_markup.link(
            _label("verdict", row), typst_markup.text(row.claim)
        )
        cells = [row.part, plain_numbers(found(row)), plain_numbers(row.claimed), sample(row), row.outcome]
        yield ["" if place else name, *map(typst_markup.text, cells)]
