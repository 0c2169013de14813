"""From the files of a scorecard rule to a page and a table, and from all tables to one."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from rectified.formulas.activation import Activation
from reproduction.exhibits import style
from reproduction.exhibits.scorecards import document, figure, rows, summary
from reproduction.rendering import typst_markup
from reproduction.runtime.session import start, start_log
from reproduction.storage import store
from reproduction.storage.results import results_of


def make(snakemake: Any) -> None:
    """Write the page of one activation as PDF and its table as Parquet and CSV."""
    start(snakemake)
    style.use()
    entry = json.loads(snakemake.params.entry)
    activation = Activation(entry["activation"], entry["formula"])
    results = results_of(list(snakemake.input))
    table = rows.table(results, activation, entry["refused"]).assign(tier=snakemake.params.tier)
    attributes = store.provenance(snakemake.params.code, entry=snakemake.params.entry)
    store.write_table(snakemake.output.data, table, attributes)
    store.write_atomically(snakemake.output.csv, lambda file: table.to_csv(file, index=False, float_format="%.6g"))
    source = document.markup_of(table, results, activation, snakemake.params.tier)
    with tempfile.TemporaryDirectory() as folder:
        drawn = [str(Path(folder, f"figure.{suffix}")) for suffix in ("pdf", "png")]
        style.save(figure.draw(results, activation), *drawn)
        typst_markup.compile_pdf(snakemake.output.pdf, source, {document.FIGURE: drawn[0]})


def collect(snakemake: Any) -> None:
    """Write one row per activation as CSV, and its main numbers as Markdown."""
    start_log(snakemake.log[0])
    found = summary.table(pd.concat([store.read_table(path) for path in snakemake.input], ignore_index=True))
    store.write_atomically(snakemake.output.csv, lambda file: found.to_csv(file, index=False, float_format="%.6g"))
    store.write_atomically(snakemake.output.md, lambda file: Path(file).write_text(summary.page(found)))
