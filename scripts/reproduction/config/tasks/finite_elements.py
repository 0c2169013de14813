"""Linear finite elements on a uniform mesh."""

from typing import Any, ClassVar, Literal

from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import Count, Name
from reproduction.config.task import Equation, Rule, Task
from reproduction.config.words import Phrase, setting

LARGEST_INPUTS = 3


class FiniteElementsSettings(Task):
    """The solution by linear finite elements on a uniform mesh of simplices."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("finite_elements", local=True),)
    equations: ClassVar = ("diffusion",)
    equation: ClassVar[Equation] = Equation(
        "−div(κ∇u) = f, u = 0 on the boundary, by linear elements", "scikit-fem", ("problems/diffusion",)
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.PROBLEM,
        Phrase("linear finite elements on uniform meshes with {} cells along each axis", setting("divisions")),
    )

    task: Literal["finite_elements"] = "finite_elements"
    problem: Name
    """An entry of `problems`, of equation diffusion, with up to three inputs and u = 0 on the whole boundary."""
    divisions: Count = 16
    """Cells of the mesh along each axis; (divisions − 1)^d unknowns."""

    def check_problem(self, name: str, problem: Any) -> None:
        if len(problem.domain) > LARGEST_INPUTS:
            raise ConfigError(f"problem must have at most {LARGEST_INPUTS} inputs; {name!r} has {len(problem.domain)}")
        problem.build().check_boundary()

    def work(self, config: Any) -> float:
        return self.divisions ** len(config.problems[self.problem].domain)
