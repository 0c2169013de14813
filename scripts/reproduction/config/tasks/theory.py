"""The effective theory of one activation."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from reproduction.config import terms
from reproduction.config.field_types import ActivationName, Count, Positive, ascending
from reproduction.config.task import KIM_KANG, Equation, Rule, Task
from reproduction.config.words import Term, setting, written

Range = Annotated[tuple[Positive, Positive], AfterValidator(ascending)]


class TheorySettings(Task):
    """Susceptibilities against the kernel, and the universality class of an activation."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("theory", environment="figures", local=True),)
    equation: ClassVar[Equation] = Equation(
        "K′ = C_b + C_W⟨σ²⟩_K, χ∥ = C_W⟨zσσ′⟩_K/K, χ⊥ = C_W⟨σ′²⟩_K",
        f"{KIM_KANG}, eqs. 4–7",
        tuple(f"effective_theory/{name}" for name in ("kernel_recursion", "gaussian_averages", "universality_class")),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        terms.ACTIVATION,
        Term("C_W = {}", setting("weight_variance")),
        Term("K from {}", lambda job: " to ".join(map(written, job.settings.kernels))),
        Term("{} values of K", setting("points")),
    )

    task: Literal["theory"] = "theory"
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    weight_variance: Positive = 1.0
    """C_W of the susceptibilities."""
    kernels: Range = (1e-8, 10.0)
    """Smallest and largest kernel K."""
    points: Annotated[Count, Field(ge=2)] = 121
    """Values of K."""

    def work(self, config: Any) -> float:
        return self.points
