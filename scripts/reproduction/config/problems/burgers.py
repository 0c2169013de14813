"""The viscous Burgers equation."""

from typing import Literal

from rectified.problems.burgers import BurgersProblem
from reproduction.config.field_types import Positive
from reproduction.config.problem import ProblemEntry


class Burgers(ProblemEntry):
    """The viscous Burgers equation u_t + u u_x = ν u_xx with u(x, 0) = −sin πx, on [−1, 1] and from 0 to 1."""

    equation: Literal["burgers"]
    viscosity: Positive
    """ν."""

    def build(self) -> BurgersProblem:
        return BurgersProblem(self.viscosity)

    def words(self, name: str) -> str:
        return f"{name} (ν = {self.viscosity:.3g})"

    @property
    def label(self) -> str:
        return f"Burgers, ν = {self.viscosity:.2g}"
