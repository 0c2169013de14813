"""The tables of all scorecards as one: a row for each activation."""

import pandas as pd

from rectified.formulas.activation import label
from reproduction.exhibits.scorecards.document import exact, number, placed
from reproduction.exhibits.scorecards.rows import ERRORS, short

WORDS = ("smoothness", "universality_class", "verdict")
NUMBERS = ("critical_weight_variance", "critical_bias_variance", "critical_kernel", "largest_safe_weight_variance")


def table(cards: pd.DataFrame) -> pd.DataFrame:
    """Formula, smoothness, class, critical numbers, verdicts, and every error with its rank, in columns.

    Args:
        cards: tables of scorecards, one below the other.
    """
    found = [{"activation": name, **_columns(group)} for name, group in cards.groupby("activation", sort=False)]
    return pd.DataFrame(found).assign(tier=cards.tier.iloc[0])


def _columns(card: pd.DataFrame) -> dict:
    columns = {}
    for row in card.to_dict("records"):
        name = " ".join(filter(None, [short(row["experiment"]), row["variant"], row["quantity"]])).replace(" ", ".")
        if row["section"] in ERRORS or row["section"] == "landscape":
            columns |= {name: row["median"], f"{name}.low": row["low"], f"{name}.high": row["high"]}
            columns |= {f"{name}.diverged": row["diverged"]}
            columns |= {} if pd.isna(row["place"]) else {f"{name}.rank": placed(row)}
        elif row["quantity"] in WORDS or row["quantity"] == "formula":
            columns[name] = row["text"]
        elif row["quantity"] in NUMBERS or (row["quantity"] == "kinks" and row["section"] == "formula"):
            columns[name] = row["median"]
    reasons = card[card.section == "refused"].text.unique()
    return columns | {"refused": "; ".join(reasons)}


def page(found: pd.DataFrame) -> str:
    """The main columns as a table in Markdown: words, critical C_W, and errors that have a rank."""
    ranked = [name.removesuffix(".rank") for name in found if name.endswith(".rank")]
    words = [name for name in found if name.split(".")[-1] in (*WORDS, NUMBERS[0])]
    lines = [["activation", *words, *ranked], ["---"] * (1 + len(words) + len(ranked))]
    for row in found.to_dict("records"):
        cells = [_cell(row[name]) for name in words]
        cells += [_ranked(row[name], row[f"{name}.rank"]) for name in ranked]
        lines.append([label(row["activation"]), *cells])
    body = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
    note = "Errors: median over seeds, and rank among the references [places that the seeds do not rule out]."
    return f"# Scorecards\n\n{body}\n\n{note}\n"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    return "–" if pd.isna(value) else exact(value)


def _ranked(value: float, place: object) -> str:
    return "–" if pd.isna(place) else f"{'diverged' if pd.isna(value) else number(value)}, {place}"
