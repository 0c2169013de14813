"""Entries of ``targets`` in config: target functions of regressions."""

from typing import Annotated

import numpy as np
import sympy
from pydantic import Field

from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.bounded_domain import form_on_domain
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import Count, Domain, Formula, Strict

AXES = ("x", "y", "z")


class Target(Strict):
    """A target function of regressions, with its domain and training grid."""

    function: Formula
    """A formula in x, y and z, one variable per axis of the domain."""
    domain: Annotated[list[Domain], Field(min_length=1, max_length=3)]
    """The two ends of each axis."""
    points: Annotated[Count, Field(ge=2)] = 101
    """Points of the training grid along each axis."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, one per axis."""
        return AXES[: len(self.domain)]

    @property
    def size(self) -> int:
        """Number of points of the training grid."""
        return self.points ** len(self.domain)

    @property
    def expression(self) -> sympy.Expr:
        """The function as a SymPy expression.

        Raises:
            ConfigError: if it depends on a variable without an axis in the domain.
        """
        without_axis = [name for name in AXES[len(self.domain) :] if _depends_on(self.function, name)]
        if without_axis:
            count = len(self.domain)
            raise ConfigError(
                f"function {self.function!r} depends on {', '.join(without_axis)}, but its domain has "
                f"{count} {'axis' if count == 1 else 'axes'}: {', '.join(self.variables)}"
            )
        return expressions.parse(self.function, self.variables)

    @property
    def form(self) -> sympy.Expr:
        """The function in the form in which it is evaluated, see ``rectified.formulas.bounded_domain``.

        Raises:
            InvalidInputError: if it is not finite everywhere on its domain.
        """
        symbols = tuple(expressions.symbol(name) for name in self.variables)
        ends = tuple((float(left), float(right)) for left, right in self.domain)
        return form_on_domain(self.expression, symbols, ends, f"function {self.function!r}")

    def check(self) -> None:
        """Raise InvalidInputError if the function is not finite on its domain."""
        self.form  # noqa: B018

    def grid(self, points: int | None = None) -> np.ndarray:
        """Return a grid [axes, points].

        Args:
            points: along each axis; None takes those of the training grid.
        """
        axes = [np.linspace(left, right, points or self.points) for left, right in self.domain]
        return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])


def _depends_on(text: str, name: str) -> bool:
    try:
        return expressions.symbol(name) in expressions.parse(text, AXES).free_symbols
    except InvalidInputError:
        return False
