"""Problems and regression targets as config.yaml writes them."""

from typing import Annotated, Any, Literal

import numpy as np
import sympy
from pydantic import Discriminator, Field, Tag, TypeAdapter

from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import Count, Domain, Formula, NonNegative, Positive, Strict

AXES = ("x", "y", "z")


class Elliptic(Strict):
    """A one-dimensional elliptic problem, by its exact solution and its coefficient."""

    equation: Literal["elliptic"] = "elliptic"
    solution: Formula
    """Exact solution u(x), zero at both ends of the domain."""
    coefficient: Formula = "1"
    """Coefficient κ(x), positive."""
    domain: Domain = (0.0, 1.0)
    """The two ends of the interval."""


class Burgers(Strict):
    """The viscous Burgers equation u_t + u u_x = ν u_xx with u(x, 0) = −sin πx, on [−1, 1] and from 0 to 1."""

    equation: Literal["burgers"]
    viscosity: Positive
    """ν."""


class Poisson(Strict):
    """Δu = q on a rectangle, by its exact solution; u is given on the boundary."""

    equation: Literal["poisson"]
    solution: Formula = "sin(pi*x)*sin(2*pi*y) + (x**2 - y**2)/2"
    """Exact solution u(x, y)."""
    domain: tuple[Domain, Domain] = ((-1.0, 1.0), (-1.0, 1.0))
    """The two ends of each axis."""


class BuckleyLeverett(Strict):
    """u_t + f(u)_x = ε u_xx with u(x, 0) = 0 and u(0, t) = 1, on [0, 1]; f = u²/(u² + (1 − u)²/M)."""

    equation: Literal["buckley_leverett"]
    mobility: Positive = 2.0
    """M, ratio of mobilities."""
    viscosity: NonNegative = 0.0
    """ε."""
    flux: Literal["fractional", "hull"] = "fractional"
    """f as it is, or its concave hull."""
    final_time: Positive = 0.5
    """The solution is asked for up to this time."""


def _equation(value: Any) -> str:
    return value.get("equation", "elliptic") if isinstance(value, dict) else getattr(value, "equation", "")


Problem = Annotated[
    Annotated[Elliptic, Tag("elliptic")]
    | Annotated[Burgers, Tag("burgers")]
    | Annotated[Poisson, Tag("poisson")]
    | Annotated[BuckleyLeverett, Tag("buckley_leverett")],
    Discriminator(_equation),
]


class Target(Strict):
    """A function to be learned by regression."""

    function: Formula
    """The function of x, y, z, as many as the domain has axes."""
    domain: Annotated[list[Domain], Field(min_length=1, max_length=3)]
    """The two ends of each axis."""
    points: Annotated[Count, Field(ge=2)] = 101
    """Points of the training grid along each axis."""

    @property
    def variables(self) -> tuple[str, ...]:
        return AXES[: len(self.domain)]

    @property
    def size(self) -> int:
        """Points of the training grid."""
        return self.points ** len(self.domain)

    @property
    def expression(self) -> sympy.Expr:
        """The function as a sympy expression.

        Raises:
            ConfigError: if it has variables that the domain has no axis for.
        """
        beyond = [name for name in AXES[len(self.domain) :] if _mentions(self.function, name)]
        if beyond:
            count = len(self.domain)
            raise ConfigError(
                f"function {self.function!r} depends on {', '.join(beyond)}, but its domain has "
                f"{count} {'axis' if count == 1 else 'axes'}: {', '.join(self.variables)}"
            )
        return expressions.parse(self.function, self.variables)

    def check(self) -> None:
        """Refuse a function that is not finite on its domain."""
        expression = self.expression
        values = expressions.sample_at(expression, self.grid(5), self.variables)
        if not np.isfinite(values).all():
            raise ConfigError(f"function {self.function!r} is not finite everywhere on its domain")

    def grid(self, points: int | None = None) -> np.ndarray:
        """The training grid, or one of so many points along each axis: [axes, points]."""
        axes = [np.linspace(left, right, points or self.points) for left, right in self.domain]
        return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])


def _mentions(text: str, name: str) -> bool:
    try:
        return expressions.symbol(name) in expressions.parse(text, AXES).free_symbols
    except InvalidInputError:
        return False


def from_json(text: str) -> Elliptic | Burgers | Poisson | BuckleyLeverett:
    """The problem entry written as JSON."""
    return TypeAdapter(Problem).validate_json(text)
