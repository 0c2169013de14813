"""The equation (κu')' + b = 0 on an interval."""

from typing import Literal

from rectified.problems.elliptic import EllipticProblem, elliptic_problem
from reproduction.config.field_types import Domain, Formula
from reproduction.config.problem import ProblemEntry
from reproduction.config.words import formula


class Elliptic(ProblemEntry):
    """A one-dimensional elliptic problem, defined by its exact solution and its coefficient."""

    equation: Literal["elliptic"] = "elliptic"
    solution: Formula
    """Exact solution u(x), zero at both ends of the domain."""
    coefficient: Formula = "1"
    """Coefficient κ(x), positive."""
    domain: Domain = (0.0, 1.0)
    """The two ends of the interval."""

    def build(self) -> EllipticProblem:
        return elliptic_problem(self.solution, self.coefficient, self.domain)

    def words(self, name: str) -> str:
        coefficient = "" if self.coefficient == "1" else f", κ = {formula(self.coefficient)}"
        return f"{name} (u = {formula(self.solution)}{coefficient})"
