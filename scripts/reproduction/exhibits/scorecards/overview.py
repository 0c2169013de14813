"""One table of all scorecards, with one row per activation."""

import pandas as pd

from rectified.formulas.activation import label
from reproduction.exhibits.scorecards.peers import ERRORS, short_name
from reproduction.exhibits.scorecards.value_text import rank_text, rounded, six_digits

WORDS = ("smoothness", "universality_class", "verdict")
NUMBERS = ("critical_weight_variance", "critical_bias_variance", "critical_kernel", "largest_safe_weight_variance")
NOTE = "Errors: median over seeds, and rank among the references [ranks that the seeds do not rule out]."


def overview_table(cards: pd.DataFrame) -> pd.DataFrame:
    """Formula, smoothness, class, critical numbers, verdicts, and all errors with their ranks, in columns.

    Args:
        cards: tables of scorecards, one below the other.
    """
    rows = [{"activation": name, **_columns(card)} for name, card in cards.groupby("activation", sort=False)]
    return pd.DataFrame(rows).assign(tier=cards.tier.iloc[0])


def overview_markdown(table: pd.DataFrame) -> str:
    """The main columns as a table in Markdown: words, critical C_W, and the ranked errors."""
    ranked = [name.removesuffix(".rank") for name in table if name.endswith(".rank")]
    words = [name for name in table if name.split(".")[-1] in (*WORDS, NUMBERS[0])]
    lines = [["activation", *words, *ranked], ["---"] * (1 + len(words) + len(ranked))]
    for row in table.to_dict("records"):
        cells = [_cell(row[name]) for name in words]
        cells += [_ranked(row[name], row[f"{name}.rank"]) for name in ranked]
        lines.append([label(row["activation"]), *cells])
    body = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
    return f"# Scorecards\n\n{body}\n\n{NOTE}\n"


def _columns(card: pd.DataFrame) -> dict:
    columns = {}
    for row in card.to_dict("records"):
        parts = [short_name(row["experiment"]), row["variant"], row["quantity"]]
        name = " ".join(filter(None, parts)).replace(" ", ".")
        if row["section"] in ERRORS or row["section"] == "landscape":
            columns |= {name: row["median"], f"{name}.low": row["low"], f"{name}.high": row["high"]}
            columns |= {f"{name}.diverged": row["diverged"]}
            columns |= {} if pd.isna(row["place"]) else {f"{name}.rank": rank_text(row)}
        elif row["quantity"] in WORDS or row["quantity"] == "formula":
            columns[name] = row["text"]
        elif row["quantity"] in NUMBERS or (row["quantity"] == "kinks" and row["section"] == "formula"):
            columns[name] = row["median"]
    reasons = card[card.section == "refused"].text.unique()
    return columns | {"refused": "; ".join(reasons)}


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    return "–" if pd.isna(value) else six_digits(value)


def _ranked(value: float, rank: object) -> str:
    return "–" if pd.isna(rank) else f"{'diverged' if pd.isna(value) else rounded(value)}, {rank}"
