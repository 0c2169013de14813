"""The pages of verdicts on claims: one of each document, and one of all together."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from rectified import store
from rectified.session import start_log
from rectified.statistics import CONFIDENCE

HEADINGS = ("claim", "statement", "source", "figure", "verdict", "numbers")
VERDICTS = ("reproduced", "reproduced in part", "not reproduced", "undecided at this tier")
NAMES = {"mean": "mean ", "share": "share ", "distance": "distance "}
NOTE = (
    f"Numbers: median over n seeds or networks [its interval of {100 * CONFIDENCE:.0f} % coverage or more], if nothing "
    "else is said; n and m: of two samples that are not paired."
)


def make(snakemake: Any) -> None:
    """Put the verdicts of all documents together, from their tables; as Parquet, CSV and Markdown."""
    start_log(snakemake.log[0])
    tables = [store.read_table(path) for path in snakemake.input]
    write(
        snakemake.output,
        pd.concat(tables, ignore_index=True),
        page_of_all(tables),
        store.provenance(snakemake.params.code),
    )


def write(output: Any, decided: pd.DataFrame, text: str, provenance: dict) -> None:
    """Write the rows of parts as Parquet and CSV, and a page."""
    store.write_table(output.data, decided, provenance)
    store.write_atomically(output.csv, lambda file: decided.to_csv(file, index=False, float_format="%.6g"))
    store.write_atomically(output.md, lambda file: Path(file).write_text(text))


def page(decided: pd.DataFrame) -> str:
    """The verdicts on the claims of one document as Markdown, one row per claim, from the rows of all parts."""
    (tier,) = decided.tier.unique()
    return "\n".join([f"# Claims, {tier} tier", "", NOTE, "", *_rows(decided)]) + "\n"


def page_of_all(tables: list[pd.DataFrame]) -> str:
    """How many verdicts of each kind there are by document, and then the claims of one document after the other."""
    (tier,) = pd.concat(tables).tier.unique()
    lines = [f"# All claims, {tier} tier", "", *counts(tables), "", NOTE]
    for table in tables:
        lines += ["", f"## {table.document.iloc[0]}", "", *_rows(table)]
    return "\n".join(lines) + "\n"


def counts(tables: list[pd.DataFrame]) -> list[str]:
    """The number of claims of each verdict by document, as lines of a Markdown table."""
    lines = [_line(["claims of", *VERDICTS, "all"]), _line(["---", *["---:"] * (len(VERDICTS) + 1)])]
    for table in tables:
        verdicts = table.drop_duplicates("claim").verdict.tolist()
        numbers = [verdicts.count(verdict) for verdict in VERDICTS]
        lines.append(_line([table.document.iloc[0], *map(str, numbers), str(len(verdicts))]))
    return lines


def _rows(decided: pd.DataFrame) -> list[str]:
    claims = decided.groupby("claim", sort=False)
    return [_line(HEADINGS), _line(["---"] * len(HEADINGS)), *(_line(_cells(parts)) for _, parts in claims)]


def _cells(parts: pd.DataFrame) -> list[str]:
    first = parts.iloc[0]
    return [*(first[heading] for heading in HEADINGS[:-1]), "<br>".join(map(numbers, parts.itertuples()))]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"


def numbers(row: Any) -> str:
    """The decisive numbers of a part: ``"ratio of errors: 20.4 [18.9, 24.1], claimed > 5, n = 6: holds"``."""
    return f"{row.part}: {found(row)}, claimed {row.claimed}, {sample(row)}: {row.outcome}"


def found(row: Any) -> str:
    """The statistic of a part and its interval, if it has one: ``"20.4 [18.9, 24.1]"``."""
    interval = "" if row.low == row.high else f" [{row.low:.3g}, {row.high:.3g}]"
    coverage = f" ({100 * row.coverage:.0f} %)" if row.coverage < CONFIDENCE else ""
    return f"{NAMES.get(row.statistic, '')}{row.value:.3g}{interval}{coverage}"


def sample(row: Any) -> str:
    """What the statistic of a part is of: ``"n = 6 and 5, 1 diverged"``, or ``"computed"`` without a sample."""
    size = "computed" if row.coverage == row.n == 1 else f"n = {row.n}" + (f" and {row.n_other}" if row.n_other else "")
    return size + (f", {row.diverged} diverged" if row.diverged else "")
