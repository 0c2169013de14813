"""From the files of a table rule to CSV, TeX and Parquet: what all tables share."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rectified import store
from rectified.results import Result, results_of
from rectified.session import start_log
from rectified.statistics import Summary

Rows = Callable[[list[Result]], pd.DataFrame]


def make(snakemake: Any, rows: Rows, headings: Mapping[str, str]) -> None:
    """Build the table of a rule; the TeX form has the columns of ``headings``, with their headings."""
    start_log(snakemake.log[0])
    table = rows(results_of(list(snakemake.input))).assign(tier=snakemake.params.tier)
    attributes = {"entry": snakemake.params.entry, "code": json.dumps(snakemake.params.code)}
    store.write_table(snakemake.output.data, table, attributes)
    store.write_atomically(snakemake.output.csv, lambda file: table.to_csv(file, index=False, float_format="%.6g"))
    text = f"% {snakemake.params.tier} tier\n" + latex(table, headings)
    store.write_atomically(snakemake.output.tex, lambda file: Path(file).write_text(text))


def latex(table: pd.DataFrame, headings: Mapping[str, str]) -> str:
    """A booktabs table; columns ``q_median``, ``q_low``, ``q_high`` of a quantity q share one cell."""
    shown = {}
    for column, heading in headings.items():
        if column in table:
            shown[heading] = table[column].map(lambda v: v if isinstance(v, str) else f"{v:g}")
        else:
            parts = (table[f"{column}_{part}"] for part in ("median", "low", "high"))
            shown[heading] = [f"${_tex(mid)}$ [${_tex(low)}$, ${_tex(high)}$]" for mid, low, high in zip(*parts)]
    return pd.DataFrame(shown).to_latex(index=False)


def columns_of(name: str, summary: Summary) -> dict[str, float]:
    """A summary as the three columns of a quantity."""
    return {f"{name}_{part}": float(getattr(summary, part)) for part in ("median", "low", "high")}


def _tex(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e") if value == value else ("-", "0")
    return mantissa if int(exponent) == 0 else rf"{mantissa}\cdot10^{{{int(exponent)}}}"
