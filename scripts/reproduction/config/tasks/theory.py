"""Effective theory of one activation."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from reproduction.config import phrases
from reproduction.config.field_types import ActivationName, Count, Positive, ascending
from reproduction.config.task import KIM_KANG, Equation, Rule, Task
from reproduction.config.words import Phrase, setting, written

Range = Annotated[tuple[Positive, Positive], AfterValidator(ascending)]


class TheorySettings(Task):
    """Susceptibilities as functions of the kernel, and the universality class of an activation."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("theory", environment="figures", local=True),)
    equation: ClassVar[Equation] = Equation(
        "K′ = C_b + C_W⟨σ²⟩_K, χ∥ = C_W⟨zσσ′⟩_K/K, χ⊥ = C_W⟨σ′²⟩_K",
        f"{KIM_KANG}, eqs. 4–7",
        tuple(f"effective_theory/{name}" for name in ("kernel_recursion", "gaussian_averages", "universality_class")),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.ACTIVATION,
        Phrase("C_W = {}", setting("weight_variance")),
        Phrase("K from {}", lambda job: " to ".join(map(written, job.settings.kernels))),
        Phrase("{} values of K", setting("points")),
    )

    task: Literal["theory"] = "theory"
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    weight_variance: Positive = 1.0
    """C_W of the susceptibilities."""
    kernels: Range = (1e-8, 10.0)
    """Smallest and largest kernel K."""
    points: Annotated[Count, Field(ge=2)] = 121
    """Number of values of K."""

    def work(self, config: Any) -> float:
        return self.points
