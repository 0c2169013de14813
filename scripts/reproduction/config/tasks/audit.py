"""The derivative audit of trained cases."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from reproduction.config import terms
from reproduction.config.field_types import ActivationName, CasePattern, Count, Positive
from reproduction.config.task import Equation, Files, Rule, Task
from reproduction.config.words import Term, setting


class AuditSettings(Task):
    """The derivative audit of trained cases, of any task."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("audit", "parquet"),)
    equation: ClassVar[Equation] = Equation(
        "relative difference between the result of automatic differentiation and the derivative of the function",
        "ours",
        tuple(f"audit/{name}" for name in ("derivative_audit", "input_derivatives", "parameter_gradient")),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        Term("audit with threshold {}", setting("threshold")),
        Term("audited seeds of a case: at most {}", terms.seeds),
    )

    task: Literal["audit"] = "audit"
    of: Annotated[list[CasePattern], Field(min_length=1)]
    """Cases to audit, as `experiment/case`; * stands for any text, {activation} for the `activation` of the audit."""
    activation: ActivationName | None = None
    """An activation whose cases are audited, where `of` refers to it."""
    seeds: Count = 2
    """Networks of each case that are audited, the first ones."""
    points: Annotated[Count, Field(ge=2)] = 256
    """Points at which derivatives are compared, for cases without points of their own."""
    threshold: Positive = 0.05
    """Largest mismatch that counts as consistent."""

    def input_files(self, config: Any) -> Files:
        cases = config.select(self.of)
        names = {"weights": "weights.safetensors", "fields": "fields.nc"}
        return {name: [f"{case.folder}/{file}" for case in cases] for name, file in names.items()}

    def read_tasks(self, config: Any) -> list[str]:
        return sorted({config.settings_of(case).task for case in config.select(self.of)})

    def work(self, config: Any) -> float:
        cases = [config.settings_of(case) for case in config.select(self.of)]
        return sum(min(self.seeds, getattr(settings, "seeds", 1)) for settings in cases)
