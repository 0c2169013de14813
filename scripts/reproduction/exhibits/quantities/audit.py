"""Quantities of derivative audits."""

import pandas as pd

from reproduction.storage.results import Result


def inconsistent(result: Result) -> pd.DataFrame:
    """1 for a run whose derivatives the audit finds inconsistent, 0 for others, NaN where it could not tell."""
    table = result.table("audit")
    return table.assign(inconsistent=table.verdict.map({"inconsistent": 1.0, "consistent": 0.0}))
