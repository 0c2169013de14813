"""Errors of gradient rules by block of parameters, median and range over seeds (table2)."""

import pandas as pd

from rectified.formulas.activation import label
from rectified.statistics.summaries import summarize
from reproduction.exhibits.labels import GRADIENTS
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.storage.results import Result

HEADINGS = {
    "name": r"$\sigma$",
    "parameters": "parameters",
    "rule_name": "rule",
    "points": "$M$",
    "step": r"$\varepsilon$",
    "seeds": "seeds",
    "block": "block",
    "relative_error": "relative error",
}
RULES = GRADIENTS | {"finite_difference_of_the_integral": "finite differences of the integral"}


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case, gradient rule, grid, step and block of parameters."""
    return pd.concat([_rows(result) for result in results], ignore_index=True)


def _rows(result: Result) -> pd.DataFrame:
    settings = result.job.settings
    groups = result.table("gradient_errors").groupby(["rule", "points", "step", "block"], dropna=False, sort=False)
    return pd.DataFrame(
        [
            {
                "case": result.series,
                "activation": settings.activation,
                "name": label(settings.activation),
                "parameters": f"from {settings.start}" if settings.start else settings.initialization,
                "width": settings.width,
                "seeds": settings.seeds,
                **dict(zip(("rule", "points", "step", "block"), key)),
                "rule_name": RULES[key[0]],
                **columns_of("relative_error", summarize(group.relative_error)),
            }
            for key, group in groups
        ]
    )
