"""The one-dimensional elliptic problem (κu')' + b = 0 with u = 0 at both ends, in its energy form.

The energy is Π[u] = ∫ (½κu'² − bu) dx (Rowan, arXiv:2512.11184, eqs. 1 and 2). The exact solution u and the
coefficient κ define a problem; the source b follows from them symbolically.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.bounded_domain import form_on_domain
from rectified.formulas.kinks import find_kinks

X = expressions.symbol("x")
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


@dataclass(frozen=True)
class EllipticProblem:
    """A manufactured problem on an interval.

    Attributes:
        solution_text: exact solution u as a formula in x; zero at both ends.
        coefficient_text: coefficient κ as a formula in x; positive.
        domain: the two ends of the interval.

    Raises:
        InvalidInputError: if u is not zero at an end, if u or κ has a kink inside, or κ is not positive.
    """

    solution_text: str
    coefficient_text: str = "1"
    domain: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self):
        left, right = self.domain
        if not left < right:
            raise InvalidInputError(f"left end of the domain must be below its right end; got {list(self.domain)}")
        for name, text in (("solution", self.solution_text), ("coefficient", self.coefficient_text)):
            expression = expressions.parse(text)
            if any(left < kink.point < right for kink in find_kinks(expression, X)):
                raise InvalidInputError(
                    f"{name} {expression} has a kink in {list(self.domain)}; it must be smooth there"
                )
        grid = np.linspace(left, right, 1001)
        for name in ("solution", "coefficient", "source"):
            getattr(self, name)  # raises if it is not finite everywhere
        values = expressions.sample(self.solution, grid)
        if not abs(values).max() > 0:
            raise InvalidInputError(
                f"solution {self.solution_text!r} is zero everywhere: its relative error is undefined"
            )
        for end, value in zip(self.domain, values[[0, -1]]):
            if abs(value) > 1e-12 * abs(values).max():
                raise InvalidInputError(
                    f"solution {self.solution_text!r} must satisfy the boundary condition u = 0 at x = {end:g}; "
                    f"its value is {value:.3g}"
                )
        if not expressions.sample(self.coefficient, grid).min() > 0:
            raise InvalidInputError(
                f"coefficient must be positive on {list(self.domain)}; got {self.coefficient_text!r}"
            )

    @cached_property
    def solution(self) -> sympy.Expr:
        """The exact solution u."""
        return self._form(expressions.parse(self.solution_text), f"solution {self.solution_text!r}")

    @cached_property
    def coefficient(self) -> sympy.Expr:
        """The coefficient κ."""
        return self._form(expressions.parse(self.coefficient_text), f"coefficient {self.coefficient_text!r}")

    @cached_property
    def source(self) -> sympy.Expr:
        """The source b = −(κu')', pointwise."""
        flux = self.coefficient * sympy.diff(self.solution, X)
        return self._form(-expressions.pointwise_derivative(flux), f"source of solution {self.solution_text!r}")

    def _form(self, expression: sympy.Expr, name: str) -> sympy.Expr:
        return form_on_domain(expression, (X,), (tuple(self.domain),), name)

    @cached_property
    def minimum_energy(self) -> float:
        """Π at the exact solution, −½∫κu'² dx, to rounding error."""
        return -0.5 * self.integral(self.coefficient * sympy.diff(self.solution, X) ** 2)

    @cached_property
    def solution_norm(self) -> float:
        """The L² norm of the exact solution."""
        return float(np.sqrt(self.integral(self.solution**2)))

    def integral(self, expression: sympy.Expr, panels: int = 256) -> float:
        """Integral of an expression in x over the domain, by a composite 20-point Gauss–Legendre rule."""
        left, right = self.domain
        width = (right - left) / panels
        points = left + width * (np.arange(panels)[:, None] + (1 + NODES) / 2)
        return float(expressions.sample(expression, points).reshape(panels, -1) @ WEIGHTS @ np.ones(panels) * width / 2)


@cache
def elliptic_problem(solution: str, coefficient: str, domain: tuple[float, float]) -> EllipticProblem:
    """The problem of a solution and a coefficient, cached because its symbolic work is slow."""
    return EllipticProblem(solution, coefficient, domain)
