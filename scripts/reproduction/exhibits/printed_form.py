"""The printed form of a table: rounded numbers, best values, and settings that all rows share in the note.

A family may define, besides ``rows``, ``HEADINGS`` and ``NOTE``:

* ``RANKED``: quantities whose smallest median is bold, and ``RANKED_WITHIN``: the columns that define the groups in
  which they are compared, which also order the rows;
* ``FORMULAS``: columns of formulas in x, y and z;
* ``DEFINITIONS``: two columns, a name and its formula, listed in the note;
* ``printed``: returns another layout of the table and its headings.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pandas as pd
import sympy

from rectified.formulas import expressions
from reproduction.rendering.printed_numbers import DIGITS, Printed, printed, printed_range

SEEDS_NOTE = "median [smallest, largest] over seeds"
POWER_NOTE = "a power of ten after a range multiplies the whole cell"
AXES = ("x", "y", "z")


class PrintedTable(NamedTuple):
    """A table ready for typesetting.

    Attributes:
        headings: TeX, by column.
        columns: cells, texts or numbers.
        groups: a value per row, equal in rows that belong together.
        shared: heading in TeX → value of settings that all rows share.
        definitions: name → formula.
        notes: plain text.
        formulas: names of the columns of formulas.
    """

    headings: dict[str, str]
    columns: dict[str, list[str | Printed]]
    groups: list[object]
    shared: dict[str, str | Printed]
    definitions: dict[str, str]
    notes: list[str]
    formulas: tuple[str, ...]


def printed_table(table: pd.DataFrame, module: ModuleType) -> PrintedTable:
    """Return the printed form of the table of a family."""
    definitions = _definitions(table, module)
    headings: Mapping[str, str] = module.HEADINGS
    if hasattr(module, "printed"):
        table, headings = module.printed(table)
    table = _ordered(table, getattr(module, "RANKED_WITHIN", ()))
    ranked = getattr(module, "RANKED", ())
    within = [table[name] for name in getattr(module, "RANKED_WITHIN", ())]
    columns = {name: _cells(table, name, _best(table, name, within) if name in ranked else None) for name in headings}
    shared = {name for name in headings if name in table and len(table) > 1 and len(set(columns[name])) == 1}
    notes = [getattr(module, "NOTE", SEEDS_NOTE)]
    if any(isinstance(cell, Printed) and cell.ends for cells in columns.values() for cell in cells):
        notes.append(POWER_NOTE)
    if ranked:
        notes.append(f"bold: smallest median for each {' and '.join(headings[name] for name in _named(module))}")
    return PrintedTable(
        {name: heading for name, heading in headings.items() if name not in shared},
        {name: cells for name, cells in columns.items() if name not in shared},
        list(zip(*within)) if within else [0] * len(table),
        {headings[name]: columns[name][0] for name in headings if name in shared},
        definitions,
        notes,
        getattr(module, "FORMULAS", ()),
    )


def _named(module: ModuleType) -> list[str]:
    return [name for name in module.RANKED_WITHIN if name in module.HEADINGS]


def _definitions(table: pd.DataFrame, module: ModuleType) -> dict[str, str]:
    if not hasattr(module, "DEFINITIONS"):
        return {}
    name, formula = module.DEFINITIONS
    return dict(zip(table[name], table[formula]))


def _ordered(table: pd.DataFrame, within: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows by group, in the order in which groups appear."""
    if not within:
        return table
    return table.assign(_group=table.groupby(list(within), sort=False).ngroup()).sort_values("_group", kind="stable")


def _best(table: pd.DataFrame, quantity: str, within: list[pd.Series]) -> np.ndarray:
    """Return true for the smallest medians of each group, as printed; a group of one has none."""
    medians = table[f"{quantity}_median"].map(lambda value: float(f"{value:.{DIGITS}g}"))
    groups = medians.replace(np.inf, np.nan).groupby(within)
    return (medians.eq(groups.transform("min")) & (groups.transform("size") > 1)).to_numpy()


def _cells(table: pd.DataFrame, name: str, best: np.ndarray | None) -> list[str | Printed]:
    if name in table:
        return [value if isinstance(value, str) else printed(value) for value in table[name]]
    parts = (table[f"{name}_{part}"] for part in ("median", "low", "high"))
    cells = [printed_range(*values) for values in zip(*parts)]
    return cells if best is None else [cell._replace(best=bool(first)) for cell, first in zip(cells, best)]


def tex_formula(text: str) -> str:
    """Return a formula in x, y and z as TeX, in math mode."""
    shown = sympy.latex(expressions.parse(text, AXES), fold_short_frac=True, fold_func_brackets=False)
    plain = shown.replace(r"{\left(x \right)}", "(x)").replace(r"\operatorname", r"\mathrm")  # without amsmath
    return f"${plain}$"
