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
from audit_study.case import Case, Draw

RIGHT = (right_smooth, right_structures, right_losses, right_hard, right_calls)
WRONG = (coupled, wrong_estimators, wrong_formulas, wrong_losses, wrong_normalization, wrong_local)


def population(draw: int = 0) -> list[Case]:
    """Return all cases, those that are right first; each draw has other weights, points and choices."""
    Draw.number = draw
    return [case for module in (*RIGHT, *WRONG) for case in module.cases()]
