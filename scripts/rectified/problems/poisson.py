"""The Poisson equation Δu = q on a rectangle with Dirichlet conditions, from a manufactured solution.

The solution is a formula in x and y; q is its symbolic Laplacian. The default solution has a harmonic part, which only
the boundary values determine. Its forcing q = −5π² sin πx sin 2πy has mean square 25π⁴/4, the mean squared residual of
every harmonic field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import sympy

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.bounded_domain import form_on_domain
from rectified.formulas.kinks import NONSMOOTH
from rectified.problems.conditions import Array, Condition, cell_centres, grid_of

PROBES = 65  # points along each axis, including both ends, at one of which the solution must not be zero
TEST_CELLS = 64  # along each axis
PANELS = 16  # along each axis, of the quadrature rule for the mean square of q
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
ACCURACY = 1e-8  # largest relative change of that mean square when the number of panels is halved


@dataclass(frozen=True)
class PoissonProblem:
    """Δu = q on a rectangle, with u prescribed on its four sides. Lengths and u have no units.

    Attributes:
        solution: exact solution u as a formula in x and y, in the coordinates of the domain.
        domain: the ends of the x axis and of the y axis.

    Raises:
        InvalidInputError: if the ends of an axis are not in ascending order, or if the solution is not a formula in x
            and y, has kinks or jumps, is zero everywhere, or is not finite, or its Laplacian is not.
    """

    axes: ClassVar[tuple[str, str]] = ("x", "y")
    derivatives: ClassVar[tuple[str, ...]] = ("xx", "yy")
    homogeneous: ClassVar[bool] = False

    solution: str = "sin(pi*x)*sin(2*pi*y) + (x**2 - y**2)/2"
    domain: tuple[tuple[float, float], tuple[float, float]] = ((-1.0, 1.0), (-1.0, 1.0))

    def __post_init__(self):
        for name, (left, right) in zip(self.axes, self.domain):
            if not (np.isfinite(right - left) and left < right):
                raise InvalidInputError(
                    f"left end of the {name} axis must be below its right end; got [{left:g}, {right:g}]"
                )
        if self._solution.has(*NONSMOOTH):
            raise InvalidInputError(
                f"solution must be smooth, without abs, max, min, relu, sign and heaviside; got {self.solution!r}"
            )
        self._check_values()

    def _check_values(self) -> None:
        symbols, ends = tuple(map(expressions.symbol, self.axes)), tuple(map(tuple, self.domain))
        for name, expression in (("solution", self._solution), ("Laplacian of the solution", self._laplacian)):
            form_on_domain(expression, symbols, ends, f"{name} {self.solution!r}")
        if not self.exact(grid_of(*(np.linspace(*ends, PROBES) for ends in self.domain))).any():
            raise InvalidInputError(f"solution {self.solution!r} is zero everywhere: its relative error is undefined")

    @property
    def box(self) -> Float[np.ndarray, "2 2"]:
        """The ends of the x axis, then of the y axis."""
        return np.array(self.domain, dtype=float)

    def operator(self, jets: Mapping[str, Array]) -> Array:
        """Δu from u_xx and u_yy."""
        return jets["xx"] + jets["yy"]

    def operator_gradient(self, jets: Mapping[str, Array]) -> dict[str, Array | float]:
        """1 and 1: the partial derivatives in u_xx and u_yy."""
        return {"xx": 1.0, "yy": 1.0}

    def forcing(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """The Laplacian q of the exact solution at points (x, y)."""
        return self._sample(self._laplacian, points)

    def exact(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """The exact solution at points (x, y)."""
        return self._sample(self._solution, points)

    @property
    def forcing_formula(self) -> sympy.Expr:
        """q in the symbols of x and y."""
        return self._laplacian

    def mean_square_forcing(self) -> float:
        """The mean of q² over the domain, by a composite 20-point Gauss–Legendre rule.

        Raises:
            InvalidInputError: if it changes when the number of panels is halved, as with a singularity between the
                points of the grid on which the formulas were checked.
        """
        coarse, fine = (self._mean_square(self._laplacian, panels) for panels in (PANELS // 2, PANELS))
        curvatures = sum(self._mean_square(second, PANELS) for second in self._seconds)
        if not abs(coarse - fine) <= ACCURACY * curvatures:
            raise InvalidInputError(
                f"solution {self.solution!r} is singular or too rough on {_listed(self.domain)}: the mean square of "
                f"its Laplacian is {coarse:.6g} with {PANELS // 2} panels per axis and {fine:.6g} with {PANELS}"
            )
        return fine

    def conditions(
        self, initial: Float[np.ndarray, " initial"], boundary: Float[np.ndarray, " boundary"]
    ) -> list[Condition]:
        """Boundary values at the midpoints of equal cells of the left, right, bottom and top side, in this order.

        Args:
            initial: not used; there is no initial condition.
            boundary: only its length is used, the number of points on all sides together.

        Raises:
            InvalidInputError: if that number is not a positive multiple of 4.
        """
        count = len(boundary)
        if count < 1 or count % 4:
            raise InvalidInputError(f"number of boundary points must be a positive multiple of 4; got {count}")
        points = self._sides(count // 4)
        return [Condition("boundary", points, self.exact(points))]

    def test_axes(self) -> tuple[Float[np.ndarray, " x_points"], Float[np.ndarray, " y_points"]]:
        """Coordinates of the test grid along x and y: midpoints of equal cells."""
        x, y = (cell_centres(*ends, TEST_CELLS) for ends in self.domain)
        return x, y

    @cached_property
    def _solution(self) -> sympy.Expr:
        return expressions.parse(self.solution, self.axes)

    @cached_property
    def _seconds(self) -> tuple[sympy.Expr, sympy.Expr]:
        x_second, y_second = (sympy.diff(self._solution, expressions.symbol(name), 2) for name in self.axes)
        return x_second, y_second

    @cached_property
    def _laplacian(self) -> sympy.Expr:
        return sum(self._seconds, sympy.Integer(0))

    def _sample(self, expression: sympy.Expr, points: np.ndarray) -> np.ndarray:
        return expressions.sample_at(expression, points, self.axes)

    def _sides(self, count: int) -> np.ndarray:
        """Points on the left, right, bottom and top side, [2, 4·count]."""
        x, y = (cell_centres(*ends, count) for ends in self.domain)
        vertical = [np.stack([np.full(count, end, dtype=float), y]) for end in self.domain[0]]
        horizontal = [np.stack([x, np.full(count, end, dtype=float)]) for end in self.domain[1]]
        return np.concatenate(vertical + horizontal, 1)

    def _mean_square(self, expression: sympy.Expr, panels: int) -> float:
        steps = (np.arange(panels)[:, None] + (1 + NODES) / 2).ravel() / panels
        weights = np.tile(WEIGHTS, panels) / (2 * panels)
        points = grid_of(*(left + (right - left) * steps for left, right in self.domain))
        with np.errstate(all="ignore"):
            squares = self._sample(expression, points).reshape(len(weights), -1) ** 2
            return float(weights @ squares @ weights)


def _listed(domain: tuple) -> str:
    return " × ".join(f"[{left:g}, {right:g}]" for left, right in domain)
