"""From the files of a rule to the scorecard of an activation, and from all scorecards to their overview."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from rectified.formulas.activation import Activation
from reproduction.exhibits import style
from reproduction.exhibits.scorecards.figure import draw
from reproduction.exhibits.scorecards.overview import overview_markdown, overview_table
from reproduction.exhibits.scorecards.page import FIGURE, page_markup
from reproduction.exhibits.scorecards.table import scorecard_table
from reproduction.rendering import typst_markup
from reproduction.runtime.session import start, start_log
from reproduction.storage import store
from reproduction.storage.results import results_of


def build_scorecard(snakemake: Any) -> None:
    """Write the page of one activation as PDF, and its table as Parquet and CSV."""
    start(snakemake)
    style.use()
    entry = json.loads(snakemake.params.entry)
    activation = Activation(entry["activation"], entry["formula"])
    results = results_of(list(snakemake.input))
    table = scorecard_table(results, activation, entry["refused"]).assign(tier=snakemake.params.tier)
    attributes = store.provenance(snakemake.params.code, entry=snakemake.params.entry)
    store.write_table(snakemake.output.data, table, attributes)
    store.write_atomically(snakemake.output.csv, lambda file: table.to_csv(file, index=False, float_format="%.6g"))
    source = page_markup(table, results, activation, snakemake.params.tier)
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, f"figure.{suffix}")) for suffix in ("pdf", "png")]
        style.save(draw(results, activation), *files)
        typst_markup.compile_pdf(snakemake.output.pdf, source, {FIGURE: files[0]})


def build_overview(snakemake: Any) -> None:
    """Write one row per activation as CSV, and the main numbers as Markdown."""
    start_log(snakemake.log[0])
    table = overview_table(pd.concat([store.read_table(path) for path in snakemake.input], ignore_index=True))
    store.write_atomically(snakemake.output.csv, lambda file: table.to_csv(file, index=False, float_format="%.6g"))
    store.write_atomically(
        snakemake.output.md, lambda file: Path(file).write_text(overview_markdown(table), encoding="utf-8")
    )
