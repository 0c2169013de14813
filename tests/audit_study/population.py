"""All cases of the study."""

from audit_study import (
    coupled,
    right_calls,
    right_hard,
    right_losses,
    right_smooth,
    right_structures,
    wrong_estimators,
    wrong_formulas,
    wrong_local,
    wrong_losses,
    wrong_normalization,
)
from audit_study.case import Case

RIGHT = (right_smooth, right_structures, right_losses, right_hard, right_calls)
WRONG = (coupled, wrong_estimators, wrong_formulas, wrong_losses, wrong_normalization, wrong_local)


def population() -> list[Case]:
    """Return all cases, those that are right first."""
    return [case for module in (*RIGHT, *WRONG) for case in module.cases()]
