"""A job: the settings of its task, with problem, target and activation in full."""

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from rectified.formulas.activation import Activation, of_formula
from reproduction.config import tasks
from reproduction.config.field_types import Count, Name, Strict
from reproduction.config.problems import AnyProblem
from reproduction.config.target import Target
from reproduction.config.task import Task


def _loaded(value: Any) -> Any:
    """The settings as the model of their task; only the module of this task is imported."""
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
        """The activation, by the formula that travels with the job."""
        return of_formula(self.settings.activation, self.formula)
