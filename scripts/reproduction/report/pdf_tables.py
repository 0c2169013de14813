"""Tables of results in their printed form as Typst markup, scaled to fit the page."""

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from reproduction.config.words import formula, superscript
from reproduction.exhibits.printed_form import printed_table
from reproduction.exhibits.tables import table_page
from reproduction.rendering import typst_markup
from reproduction.rendering.printed_numbers import Printed, plain
from reproduction.rendering.typography import heading

SIZES = (7.0, 6.5, 6.0, 5.5)  # pt, in order of preference
BOLD = "0"  # as wide as bold type adds to a number
UNBROKEN = 25  # rows of a table that is not broken over pages
BREAKABLE = 24  # characters; columns with longer cells may wrap if no size fits


class Fit(NamedTuple):
    """Layout of a table: column widths in Typst units, font size in pt, and true for a landscape page."""

    columns: list[str]
    size: float
    landscape: bool


def typeset(tables: Iterable[tuple[pd.DataFrame, str, str]]) -> str:
    """Return tables as markup, wide ones on landscape pages.

    Args:
        tables: each with its family, which defines headings and note, and the markup before it.
    """
    typeset_tables = [_typeset_table(*table) for table in tables]
    groups = itertools.groupby(typeset_tables, key=lambda pair: pair[1])
    pages = []
    for landscape, group in groups:
        body = "".join(markup for markup, _ in group)
        pages.append(typst_markup.landscape(body) if landscape else body)
    return "".join(pages)


def _typeset_table(table: pd.DataFrame, family: str, before: str) -> tuple[str, bool]:
    """Return a table as markup, and true if it requires a landscape page."""
    printed = printed_table(table, table_page.family(family))
    names = [heading(tex, str, str, str) for tex in printed.headings.values()]
    shown = [heading(tex, typst_markup.text, _subscript, _superscript) for tex in printed.headings.values()]
    columns = [_readable(printed.columns[name], name in printed.formulas) for name in printed.headings]
    fit = fit_to_page([[name, *_measured(column)] for name, column in zip(names, columns)])
    rows = zip(*[_aligned(column, fit.size) for column in columns])
    shared = [
        f"{heading(tex, str, '_{}'.format, superscript)}: {_plain(value)}" for tex, value in printed.shared.items()
    ]
    note = typst_markup.remark("; ".join([*shared, *printed.notes]) + ".")
    body = typst_markup.kept_with_next(before) + typst_markup.table(shown, rows, fit.columns, fit.size) + note
    return typst_markup.unbroken(body) if len(printed.groups) <= UNBROKEN else body, fit.landscape


def _readable(column: list[str | Printed], formulas: bool) -> list[str | Printed]:
    return [formula(cell) if formulas and isinstance(cell, str) else cell for cell in column]


def _plain(cell: str | Printed) -> str:
    return "".join(plain(cell)) if isinstance(cell, Printed) else cell


def _whole(cell: str | Printed) -> str:
    """Return what is left of the decimal point of a number; empty for texts and missing numbers."""
    return plain(cell)[0].partition(".")[0].strip("–") if isinstance(cell, Printed) else ""


def _measured(column: list[str | Printed]) -> list[str]:
    """Return cells as plain text of the width that they have when aligned on the decimal point."""
    longest = max(map(_whole, column), key=len, default="")
    return [
        longest + _plain(cell).removeprefix(_whole(cell)) + BOLD * (isinstance(cell, Printed) and cell.best)
        if _whole(cell)
        else _plain(cell)
        for cell in column
    ]


def _aligned(column: list[str | Printed], size: float) -> list[str]:
    """Return cells as markup, numbers aligned on the decimal point, the best ones bold.

    Args:
        size: of the type, in pt.
    """
    widths = [typst_markup.width(_whole(cell), size) for cell in column]
    return [_markup(cell, max(widths) - width) for cell, width in zip(column, widths)]


def _markup(cell: str | Printed, indent: float) -> str:
    """Return a cell as markup; a number is indented by that many mm."""
    if isinstance(cell, str):
        return typst_markup.text(cell)
    number, rest = map(typst_markup.text, plain(cell))
    space = f"#h({indent:.3f}mm)" if _whole(cell) and indent > 0 else ""
    gap = " " if plain(cell)[1].startswith(" ") else ""
    return f"{space}{f'*{number}*' if cell.best else number}{gap}{rest}"


def _subscript(text: str) -> str:
    return f"#sub[{typst_markup.text(text)}]"


def _superscript(text: str) -> str:
    return f"#super[{typst_markup.text(text)}]"


def fit_to_page(columns: list[list[str]]) -> Fit:
    """Return the layout with the largest font, on a portrait page if possible, in which no cell wraps.

    If there is none, columns of text share the width that numbers leave.

    Args:
        columns: cells as plain text, headings first.
    """
    for landscape, size in [(False, SIZES[0]), (False, SIZES[1]), *[(True, size) for size in SIZES]]:
        widths = _widths(columns, size)
        if sum(widths) <= (typst_markup.LANDSCAPE if landscape else typst_markup.PORTRAIT):
            return Fit([f"{width:.2f}mm" for width in widths], size, landscape)
    wordy = [max(map(len, column)) > BREAKABLE and not _numeric(column) for column in columns]
    if not any(wordy):
        return Fit(["auto"] * len(columns), size, True)
    return Fit([f"{width:.2f}mm" if not words else "1fr" for width, words in zip(widths, wordy)], size, True)


def _numeric(column: list[str]) -> bool:
    """Return True if all cells below the heading are numbers or ranges of numbers."""
    return all(re.fullmatch(r"[−–∞0-9.,·⁰¹²³⁴⁵⁶⁷⁸⁹⁻\[\] ]*", cell) for cell in column[1:])


def _widths(columns: list[list[str]], size: float) -> list[float]:
    """Return the column widths in mm at which no cell wraps; headings are bold and therefore wider."""
    inset = 2 * typst_markup.INSET * 25.4 / 72
    return [
        max(1.15 * typst_markup.width(column[0], size), *(typst_markup.width(cell, size) for cell in column[1:]), 0.0)
        + inset
        for column in columns
    ]
