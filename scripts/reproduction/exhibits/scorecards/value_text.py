"""Values of the table of a scorecard as text."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from reproduction.exhibits.labels import GRADIENTS
from reproduction.exhibits.number_text import short_number
from reproduction.exhibits.scorecards.peers import short_name


def rounded(value: float) -> str:
    """Two digits, for numbers that vary over seeds."""
    return short_number(value, 1)


def six_digits(value: float) -> str:
    """Six digits, for numbers computed without seeds."""
    return "none" if np.isnan(value) else f"{value:.6g}".replace("-", "−")


def median_and_range(row: Mapping) -> str:
    """Median [smallest, largest], and the number of diverged seeds."""
    if row["diverged"] == row["seeds"]:
        return f"all {int(row['seeds'])} seeds diverged"
    return f"{rounded(row['median'])} [{rounded(row['low'])}, {rounded(row['high'])}]{_diverged(row)}"


def median(row: Mapping) -> str:
    """The median, and the number of diverged seeds."""
    return "diverged" if row["diverged"] == row["seeds"] else rounded(row["median"]) + _diverged(row)


def rank_text(row: Mapping) -> str:
    """``3 of 5 [2–4]``: the rank, and the ranks that the seeds do not rule out."""
    if pd.isna(row["place"]):
        return "–"
    low, high = int(row["place_low"]), int(row["place_high"])
    return f"{int(row['place'])} of {int(row['of'])} [{low}–{high}]" if low < high else f"{low} of {int(row['of'])}"


def case_name(experiment: str, variant: str) -> str:
    """The name of a case on the page."""
    return f"{short_name(experiment)} {variant_name(variant)}".strip()


def variant_name(variant: str) -> str:
    """The name of a variant on the page."""
    return GRADIENTS.get(variant, variant.replace("kink_aware", "kink-aware").replace("_", " "))


def _diverged(row: Mapping) -> str:
    return f" ({int(row['diverged'])} of {int(row['seeds'])} diverged)" if row["diverged"] else ""
