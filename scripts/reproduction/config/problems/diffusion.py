"""The diffusion equation on a box of any dimension."""

from typing import Annotated, Literal

from pydantic import Field

from rectified.problems.diffusion import LARGEST, DiffusionProblem, diffusion_problem
from reproduction.config.field_types import Domain, Formula
from reproduction.config.problem import ProblemEntry
from reproduction.config.words import formula


class Diffusion(ProblemEntry):
    """−div(κ∇u) = f on a box, defined by its exact solution and its coefficient in x1, …, xd."""

    equation: Literal["diffusion"]
    solution: Formula
    """Exact solution u(x1, …, xd)."""
    coefficient: Formula = "1"
    """Coefficient κ(x1, …, xd), positive."""
    domain: Annotated[list[Domain], Field(min_length=1, max_length=LARGEST)] = [(0.0, 1.0), (0.0, 1.0)]
    """The two ends of each input."""

    def build(self) -> DiffusionProblem:
        return diffusion_problem(self.solution, self.coefficient, tuple(self.domain))

    def words(self, name: str) -> str:
        coefficient = "" if self.coefficient == "1" else f", κ = {formula(self.coefficient)}"
        return f"{name} (u = {formula(self.solution)}{coefficient})"

    @property
    def label(self) -> str:
        return f"{len(self.domain)}-D diffusion"
