"""The derivative audit of trained cases: measures, verdict and reasons by case."""

import pandas as pd

from reproduction.exhibits.audit_summary import summarize_audits
from reproduction.storage.results import Result

HEADINGS = {
    "case": "case",
    "derivatives": "derivatives",
    "first": "$u_x$",
    "second": "$u_{xx}$",
    "off_diagonal": "off-diagonal",
    "parameter": "parameter",
    "jumps": "jumps",
    "kinks": "kinks",
    "verdict": "verdict",
}
NOTE = (
    "relative mismatch of the derivatives used in training, median over the audited seeds; the off-diagonal part "
    "counts only for reverse derivatives; jumps and kinks per line; inconsistent if any seed exceeds the "
    "threshold and three times its uncertainty"
)


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case."""
    return summarize_audits(results)
