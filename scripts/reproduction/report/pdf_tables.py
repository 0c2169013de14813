"""Tables of results on paper: the columns, headings and numbers of their TeX, in type that fits the page."""

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from reproduction.exhibits.tables import table_page
from reproduction.rendering import typst_markup
from reproduction.rendering.typography import heading, plain_number

SIZES = (7.0, 6.5, 6.0, 5.5)  # pt, in the order in which they are tried
BREAKABLE = 24  # letters: longer words and sentences may be broken over lines if nothing else helps


class Fit(NamedTuple):
    """How a table fits a page: widths of its columns as Typst has them, size of type in pt, page turned or not."""

    columns: list[str]
    size: float
    turned: bool


def typeset(tables: Iterable[tuple[pd.DataFrame, str, str]]) -> str:
    """Tables one below the other, those that are wide on turned pages.

    Args:
        tables: each with its family, which has headings and note, and with markup to go before it.
    """
    set_in_type = [_one(*table) for table in tables]
    groups = itertools.groupby(set_in_type, key=lambda found: found[1])
    pages = []
    for turned, group in groups:
        body = "".join(one for one, _ in group)
        pages.append(typst_markup.landscape(body) if turned else body)
    return "".join(pages)


def _one(table: pd.DataFrame, family: str, before: str) -> tuple[str, bool]:
    """A table as markup, and whether it wants a turned page."""
    module = table_page.family(family)
    plain = [table_page.cells(table, column, str, plain_number) for column in module.HEADINGS]
    names = [heading(tex, str, str, str) for tex in module.HEADINGS.values()]
    shown = [heading(tex, typst_markup.text, _below, _above) for tex in module.HEADINGS.values()]
    fit = fitted([[name, *column] for name, column in zip(names, plain)])
    rows = zip(*[[typst_markup.text(cell) for cell in column] for column in plain])
    note = typst_markup.remark(getattr(module, "NOTE", table_page.SEEDS_NOTE))
    return typst_markup.kept_with_next(before) + typst_markup.table(
        shown, rows, fit.columns, fit.size
    ) + note, fit.turned


def _below(text: str) -> str:
    return f"#sub[{typst_markup.text(text)}]"


def _above(text: str) -> str:
    return f"#super[{typst_markup.text(text)}]"


def fitted(columns: list[list[str]]) -> Fit:
    """The largest type, and an upright page if possible, in which no cell of a table is broken.

    Where there is none, columns of words share what numbers leave.

    Args:
        columns: cells as plain text, headings first.
    """
    for turned, size in [(False, SIZES[0]), (False, SIZES[1]), *[(True, size) for size in SIZES]]:
        widths = _widths(columns, size)
        if sum(widths) <= (typst_markup.LANDSCAPE if turned else typst_markup.PORTRAIT):
            return Fit([f"{width:.2f}mm" for width in widths], size, turned)
    wordy = [max(map(len, column)) > BREAKABLE and not _numeric(column) for column in columns]
    if not any(wordy):
        return Fit(["auto"] * len(columns), size, True)
    return Fit([f"{width:.2f}mm" if not words else "1fr" for width, words in zip(widths, wordy)], size, True)


def _numeric(column: list[str]) -> bool:
    """Whether all cells below the heading are numbers, or ranges of them."""
    return all(re.fullmatch(r"[−–∞0-9.,·⁰¹²³⁴⁵⁶⁷⁸⁹⁻\[\] ]*", cell) for cell in column[1:])


def _widths(columns: list[list[str]], size: float) -> list[float]:
    """Widths in mm that hold the cells on one line; headings are bold, which is wider."""
    inset = 2 * typst_markup.INSET * 25.4 / 72
    return [
        max(1.15 * typst_markup.width(column[0], size), *(typst_markup.width(cell, size) for cell in column[1:]), 0.0)
        + inset
        for column in columns
    ]
