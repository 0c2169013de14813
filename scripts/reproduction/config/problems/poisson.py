"""The Poisson equation on a rectangle."""

from typing import Any, Literal

from rectified.problems.poisson import PoissonProblem
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import Domain, Formula
from reproduction.config.problem import ProblemEntry
from reproduction.config.words import written


class Poisson(ProblemEntry):
    """Δu = q on a rectangle, defined by its exact solution; u is prescribed on the boundary."""

    equation: Literal["poisson"]
    solution: Formula = "sin(pi*x)*sin(2*pi*y) + (x**2 - y**2)/2"
    """Exact solution u(x, y)."""
    domain: tuple[Domain, Domain] = ((-1.0, 1.0), (-1.0, 1.0))
    """The two ends of each axis."""

    def build(self) -> PoissonProblem:
        return PoissonProblem(self.solution, self.domain)

    def check(self) -> None:
        self.build().mean_square_forcing()

    def check_task(self, settings: Any) -> None:
        if settings.boundary_points % 4:
            raise ConfigError(
                f"boundary_points must be a multiple of 4 (equally many on each side of the rectangle); got "
                f"{settings.boundary_points}"
            )

    def words(self, name: str) -> str:
        ends = [f"[{written(left)}, {written(right)}]" for left, right in self.domain]
        return f"{name} (on {' × '.join(ends)})"

    @property
    def label(self) -> str:
        (left, right), (low, high) = ([f"{end:g}".replace("-", "−") for end in axis] for axis in self.domain)
        square = (left, right) == (low, high)
        return f"Poisson on [{left}, {right}]" + ("²" if square else f" × [{low}, {high}]")
