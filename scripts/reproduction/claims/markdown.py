"""Markdown pages of verdicts on claims, one per document and one of all, and the style of verdicts."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from rectified.statistics.summaries import CONFIDENCE
from reproduction.runtime.session import start_log
from reproduction.storage import store


class Mark(NamedTuple):
    """Style of a verdict: colour, sign, and short name for narrow tables."""

    colour: str
    sign: str
    short: str


HEADINGS = ("claim", "statement", "source", "figure", "verdict", "numbers")
# The colours are distinguishable under all common forms of colour blindness (tested).
VERDICTS = {
    "reproduced": Mark("#0072b2", "✓", "reproduced"),
    "reproduced in part": Mark("#aa4499", "◐", "in part"),
    "not reproduced": Mark("#d55e00", "✗", "not reproduced"),
    "undecided at this tier": Mark("#666666", "?", "undecided"),
}
STATISTIC_PREFIXES = {"mean": "mean ", "share": "share ", "distance": "distance "}
NOTE = (
    f"Numbers: median over n seeds or networks [interval of at least {100 * CONFIDENCE:.0f} % coverage over all "
    "looks], unless stated otherwise; n and m: sizes of two unpaired samples; p: of the test against the claimed "
    "threshold, with an asterisk if it is significant after Holm's correction over all tests of the document."
)


def make(snakemake: Any) -> None:
    """Combine the verdicts of all documents; write them as Parquet, CSV and Markdown."""
    start_log(snakemake.log[0])
    tables = [store.read_table(path) for path in snakemake.input]
    write_claims(
        snakemake.output,
        pd.concat(tables, ignore_index=True),
        page_of_all(tables),
        store.provenance(snakemake.params.code),
    )


def write_claims(output: Any, decided: pd.DataFrame, text: str, provenance: dict) -> None:
    """Write the rows of parts as Parquet and CSV, and the Markdown page."""
    store.write_table(output.data, decided, provenance)
    store.write_atomically(output.csv, lambda file: decided.to_csv(file, index=False, float_format="%.6g"))
    store.write_atomically(output.md, lambda file: Path(file).write_text(text, encoding="utf-8"))


def page(decided: pd.DataFrame) -> str:
    """Return the verdicts on the claims of one document, one row per claim, from the rows of all parts."""
    (tier,) = decided.tier.unique()
    return "\n".join([f"# Claims, {tier} tier", "", NOTE, "", survivors(decided), "", *_rows(decided)]) + "\n"


def page_of_all(tables: list[pd.DataFrame]) -> str:
    """Return the counts of verdicts by document, then the claims of each document."""
    together = pd.concat(tables)
    (tier,) = together.tier.unique()
    lines = [f"# All claims, {tier} tier", "", *_counts(together), "", NOTE]
    for table in tables:
        lines += ["", f"## {table.document.iloc[0]}", "", survivors(table), "", *_rows(table)]
    return "\n".join(lines) + "\n"


def counts(decided: pd.DataFrame) -> Iterator[tuple[str, list[int]]]:
    """Yield each document with its number of claims of each verdict and in total, from the rows of all parts."""
    for document, claims in decided.drop_duplicates(["document", "claim"]).groupby("document", sort=False):
        verdicts = claims.verdict.tolist()
        yield document, [*map(verdicts.count, VERDICTS), len(verdicts)]


def _counts(decided: pd.DataFrame) -> list[str]:
    rows = [line([document, *map(str, numbers)]) for document, numbers in counts(decided)]
    return [line(["claims of", *VERDICTS, "all"]), line(["---", *["---:"] * (len(VERDICTS) + 1)]), *rows]


def _rows(decided: pd.DataFrame) -> list[str]:
    claims = decided.groupby("claim", sort=False)
    return [line(HEADINGS), line(["---"] * len(HEADINGS)), *(line(_cells(parts)) for _, parts in claims)]


def _cells(parts: pd.DataFrame) -> list[str]:
    first = parts.iloc[0]
    return [*(first[heading] for heading in HEADINGS[:-1]), "<br>".join(map(numbers, parts.itertuples()))]


def line(cells: Iterable[str]) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"


def numbers(row: Any) -> str:
    """Format the numbers of a part: ``"ratio of errors: 20.4 [18.9, 24.1], claimed > 5, n = 6: holds"``."""
    return f"{row.part}: {estimate(row)}, claimed {row.claimed}, {sample_size(row)}{p_value(row)}: {row.outcome}"


def estimate(row: Any) -> str:
    """Format the statistic of a part and its interval, if any: ``"20.4 [18.9, 24.1]"``."""
    interval = "" if row.low == row.high else f" [{row.low:.3g}, {row.high:.3g}]"
    coverage = f" ({100 * row.coverage:.0f} %)" if row.coverage < CONFIDENCE else ""
    return f"{STATISTIC_PREFIXES.get(row.statistic, '')}{row.value:.3g}{interval}{coverage}"


def p_value(row: Any) -> str:
    """Format the p value of a part: ``", p = 0.0039*"``; empty without a test or with too few replicates for one."""
    return (
        ""
        if math.isnan(row.p_value) or row.coverage < CONFIDENCE
        else f", p = {row.p_value:.2g}{'*' * bool(row.corrected)}"
    )


def survivors(decided: pd.DataFrame) -> str:
    """Return how many verdicts would remain after Holm's correction, in words."""
    claims = [parts for _, parts in decided.groupby("claim", sort=False)]
    made = [parts for parts in claims if not parts.verdict.iloc[0].startswith("undecided")]
    remaining = sum(bool((_counts_as_true(parts)).all()) for parts in made)
    tests = int(decided.p_value.notna().sum())
    return f"{remaining} of {len(made)} verdicts would remain after Holm's correction over the {tests} tests."


def _counts_as_true(parts: pd.DataFrame) -> pd.Series:
    """Parts whose outcome does not rest on an uncorrected test."""
    return parts.corrected | parts.p_value.isna() | (parts.outcome == "undecided")


def sample_size(row: Any) -> str:
    """Format the sample sizes of a part: ``"n = 6 and 5, 1 diverged"``, or ``"computed"`` without replicates."""
    size = "computed" if row.coverage == row.n == 1 else f"n = {row.n}" + (f" and {row.n_other}" if row.n_other else "")
    size += f" (decided at {row.look})" if 0 < row.look < row.n and row.outcome != "undecided" else ""
    return size + (f", {row.diverged} diverged" if row.diverged else "")
