"""Parts shared by all tables: from the input files of a table rule to CSV, TeX, HTML and Parquet."""

import json
import math
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from rectified.statistics.summaries import Summary
from reproduction.exhibits.printed_form import SEEDS_NOTE, printed_table, tex_formula
from reproduction.rendering import tex_markup, web_page
from reproduction.rendering.printed_numbers import Printed
from reproduction.rendering.typography import readable
from reproduction.runtime.session import start
from reproduction.storage import store
from reproduction.storage.results import results_of

Formatter = Callable[[Any], str]


def family(name: str) -> ModuleType:
    """Return the module of a family: ``rows``, ``HEADINGS``, and what ``printed_form`` describes."""
    return import_module(f"reproduction.exhibits.tables.{name}")


def make(snakemake: Any) -> None:
    """Write the table of a rule: whole as CSV and Parquet, columns with a heading as HTML, the printed form as TeX."""
    start(snakemake)
    module = family(json.loads(snakemake.params.entry)["family"])
    headings, note = module.HEADINGS, getattr(module, "NOTE", SEEDS_NOTE)
    tier = snakemake.params.tier
    table = module.rows(results_of(list(snakemake.input))).assign(tier=tier)
    attributes = store.provenance(snakemake.params.code, entry=snakemake.params.entry)
    store.write_table(snakemake.output.data, table, attributes)
    store.write_atomically(snakemake.output.csv, lambda file: table.to_csv(file, index=False))
    note = f"{tier} tier; {note}"
    text, page = latex(table, module, tier), html_page(table, headings, note, _title(snakemake.output.html))
    store.write_atomically(snakemake.output.tex, lambda file: Path(file).write_text(text, encoding="utf-8"))
    store.write_atomically(snakemake.output.html, lambda file: Path(file).write_text(page, encoding="utf-8"))


def _title(path: str) -> str:
    """Return the title of a page from the path of its file, such as ``Effective theory, table1``."""
    return f"{readable(Path(path).parent.name)}, {Path(path).stem}"


def html_page(table: pd.DataFrame, headings: Mapping[str, str], note: str, title: str) -> str:
    """Return a table as a web page, with a note."""
    columns = [cells(table, column, web_page.text, web_page.number) for column in headings]
    shown = web_page.table([web_page.heading(tex) for tex in headings.values()], zip(*columns))
    return web_page.page(title, f"<p>{web_page.text(note)}</p>\n{shown}")


def latex(table: pd.DataFrame, module: ModuleType, tier: str) -> str:
    """Return the printed form of the table of a family as a booktabs table and a note, for pdfLaTeX."""
    shown = printed_table(table, module)
    columns = [[_tex_cell(cell, name in shown.formulas) for cell in shown.columns[name]] for name in shown.headings]
    shared = [
        f"{heading}: {''.join(tex_markup.number(value)) if isinstance(value, Printed) else tex_markup.text(value)}"
        for heading, value in shown.shared.items()
    ]
    defined = [f"{tex_markup.text(name)}: {tex_formula(formula)}" for name, formula in shown.definitions.items()]
    notes = [tex_markup.text(f"{tier} tier"), *shared, *map(tex_markup.text, shown.notes), *defined]
    return tex_markup.table([*shown.headings.values()], columns, shown.groups) + tex_markup.note(notes)


def _tex_cell(cell: str | Printed, formula: bool) -> str | Printed:
    if isinstance(cell, Printed):
        return cell
    return tex_formula(cell) if formula else tex_markup.text(cell)


def cells(table: pd.DataFrame, column: str, text: Formatter, number: Formatter) -> list[str]:
    """Return the cells of a column; a quantity is formatted as median [low, high].

    A quantity without values, because all seeds diverged, is formatted as one missing number.

    Args:
        table: with the column, or with the three columns of a quantity.
        column: name of the column or quantity.
        text: formats texts.
        number: formats numbers.
    """
    if column in table:
        return [text(value) if isinstance(value, str) else number(value) for value in table[column]]
    parts = (table[f"{column}_{part}"] for part in ("median", "low", "high"))
    return [_quantity(*map(number, found), number(math.nan)) for found in zip(*parts)]


def _quantity(middle: str, low: str, high: str, missing: str) -> str:
    return missing if {middle, low, high} == {missing} else f"{middle} [{low}, {high}]"


def columns_of(name: str, summary: Summary) -> dict[str, float]:
    """Return a summary as the three columns of a quantity."""
    return {f"{name}_{part}": float(getattr(summary, part)) for part in ("median", "low", "high")}
