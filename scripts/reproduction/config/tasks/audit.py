"""Derivative audit of trained cases."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from reproduction.config import phrases
from reproduction.config.field_types import ActivationName, CasePattern, Count, Distinct, Positive
from reproduction.config.task import Equation, Files, Rule, Task
from reproduction.config.words import Phrase, setting


class AuditSettings(Task):
    """Derivative audit of trained cases, which may belong to different tasks."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("audit", "parquet"),)
    equation: ClassVar[Equation] = Equation(
        "relative difference between the result of automatic differentiation and the derivative of the function",
        "ours",
        tuple(f"audit/{name}" for name in ("derivative_audit", "input_derivatives", "parameter_gradient")),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        Phrase("audit with threshold {}", setting("threshold")),
        Phrase("audited seeds of a case: at most {}", phrases.seeds),
    )

    task: Literal["audit"] = "audit"
    of: Annotated[list[CasePattern], Field(min_length=1), Distinct]
    """Cases to audit, as `experiment/case`; * matches any text, {activation} stands for the activation below."""
    activation: ActivationName | None = None
    """Replaces {activation} in `of`."""
    seeds: Count = 2
    """Number of audited networks of each case, the first ones."""
    points: Annotated[Count, Field(ge=2)] = 256
    """Number of points at which derivatives are compared, for cases without training points of their own."""
    threshold: Positive = 0.01
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
