"""A job: the settings of its task, its problem, its target and the formula of its activation."""

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from rectified.formulas.activation import Activation, of_formula
from reproduction.config import tasks
from reproduction.config.field_types import Count, Name, Strict
from reproduction.config.problems import AnyProblem
from reproduction.config.target import Target
from reproduction.config.task import Task


def _loaded(value: Any) -> Any:
    """Return settings as the model of their task; only the module of this task is imported."""
    return tasks.model(value.get("task", "")).model_validate(value) if isinstance(value, dict) else value


class Job(Strict):
    """Everything that one job depends on."""

    tier: Name
    threads: Count
    experiment: Name
    case: str
    settings: Annotated[SerializeAsAny[Task], BeforeValidator(_loaded)]
    problem: AnyProblem | None = None
    target: Target | None = None
    formula: str | None = None

    @property
    def activation(self) -> Activation:
        """The activation, defined by the formula of the job."""
        return of_formula(self.settings.activation, self.formula)
