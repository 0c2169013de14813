"""Quantities of derivative audits."""

import pandas as pd

from reproduction.storage.results import Result


def inconsistent(result: Result) -> pd.DataFrame:
    """1 for a network with inconsistent derivatives, 0 for a consistent one, NaN for an undetermined one."""
    table = result.table("audit")
    return table.assign(inconsistent=table.verdict.map({"inconsistent": 1.0, "consistent": 0.0}))
