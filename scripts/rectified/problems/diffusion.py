"""The diffusion equation −div(κ∇u) = f on a box of any dimension, in its energy form, from a manufactured solution.

The exact solution u and the coefficient κ are formulas in x1, …, xd; f follows symbolically. The energy is
Π[û] = ∫ (½κ|∇û|² − fû) dx. Its minimum over fields that vanish on a part of the boundary is at u if u vanishes there
and the flux κ∂u/∂n is zero on the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import scipy
import sympy

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.bounded_domain import form_on_domain
from rectified.formulas.kinks import NONSMOOTH

LARGEST = 20  # inputs
PANELS = {1: 64, 2: 12, 3: 4}  # along each axis, of 20-point Gauss–Legendre rules
SAMPLES = 2**17  # of a quasi-random rule in more dimensions
ON_FACE = 128  # points of a face at which boundary conditions are checked


@dataclass(frozen=True)
class DiffusionProblem:
    """A manufactured problem on a box. Lengths and u have no units.

    Attributes:
        solution_text: exact solution u as a formula in x1, …, xd.
        coefficient_text: coefficient κ as a formula in x1, …, xd; positive.
        box: the two ends of each input.

    Raises:
        InvalidInputError: if the ends of an input are not in ascending order, or if u or κ is no smooth formula in the
            inputs, is not finite in the box, u is zero everywhere, or κ is not positive.
    """

    solution_text: str
    coefficient_text: str = "1"
    box: tuple[tuple[float, float], ...] = ((0.0, 1.0), (0.0, 1.0))

    def __post_init__(self):
        if not 1 <= self.inputs <= LARGEST:
            raise InvalidInputError(f"box must have 1 to {LARGEST} inputs; got {self.inputs}")
        for name, (low, high) in zip(self.axes, self.box):
            if not (np.isfinite(high - low) and low < high):
                raise InvalidInputError(f"lower end of {name} must be below its upper end; got [{low:g}, {high:g}]")
        for name, expression in (("solution", self.solution), ("coefficient", self.coefficient)):
            if expression.has(*NONSMOOTH):
                raise InvalidInputError(f"{name} must be smooth; got {expression}")
        points = self.points(4096)
        for name in ("solution", "coefficient", "source"):
            self._require_finite(getattr(self, name), name, points)
        if not abs(self.sample(self.solution, points)).max() > 0:
            raise InvalidInputError(
                f"solution {self.solution_text!r} is zero everywhere: its relative error is undefined"
            )
        if not self.sample(self.coefficient, points).min() > 0:
            raise InvalidInputError(f"coefficient must be positive in the box; got {self.coefficient_text!r}")

    def _require_finite(self, expression: sympy.Expr, name: str, points: np.ndarray) -> None:
        if self.inputs in PANELS:
            form_on_domain(expression, self.symbols, self.box, name)
        elif not np.isfinite(self.sample(expression, points)).all():
            raise InvalidInputError(f"{name} must be finite everywhere in the box; got {expression}")

    @property
    def inputs(self) -> int:
        """Number of inputs d."""
        return len(self.box)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the inputs: x1, …, xd."""
        return names(self.inputs)

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The inputs as symbols."""
        return tuple(map(expressions.symbol, self.axes))

    @property
    def measure(self) -> float:
        """Volume of the box."""
        return float(np.prod(np.diff(self.box)))

    @cached_property
    def solution(self) -> sympy.Expr:
        """The exact solution u."""
        return expressions.parse(self.solution_text, self.axes)

    @cached_property
    def coefficient(self) -> sympy.Expr:
        """The coefficient κ."""
        return expressions.parse(self.coefficient_text, self.axes)

    @cached_property
    def slopes(self) -> tuple[sympy.Expr, ...]:
        """The gradient of u."""
        return tuple(sympy.diff(self.solution, symbol) for symbol in self.symbols)

    @cached_property
    def source(self) -> sympy.Expr:
        """The right-hand side f = −div(κ∇u)."""
        return -sum(sympy.diff(self.coefficient * slope, x) for slope, x in zip(self.slopes, self.symbols))

    @cached_property
    def minimum_energy(self) -> float:
        """Π[u] = −½∫κ|∇u|² dx; to rounding in up to three dimensions, to about 1e-4 in more."""
        return -0.5 * self._integral(self.coefficient * sum(slope**2 for slope in self.slopes))

    @cached_property
    def solution_norm(self) -> float:
        """The L² norm of u, as accurate as the energy."""
        return float(np.sqrt(self._integral(self.solution**2)))

    def check_boundary(self, distance: sympy.Expr | None = None) -> None:
        """Check that u solves the problem over fields D(x)·N(x).

        Args:
            distance: D; None takes ``product_distance``.

        Raises:
            InvalidInputError: if on a face neither D and u are zero, nor the flux is.
        """
        distance = product_distance(self.box) if distance is None else distance
        scales = [abs(self.sample(part, self.points(512))).max() for part in (distance, self.solution)]
        flux_scale = max(abs(self.sample(self.coefficient * part, self.points(512))).max() for part in self.slopes)
        for axis, (name, ends) in enumerate(zip(self.axes, self.box)):
            for end in ends:
                face = self.points(ON_FACE)
                face[axis] = end
                values = [abs(self.sample(part, face)).max() for part in (distance, self.solution)]
                flux = abs(self.sample(self.coefficient * self.slopes[axis], face)).max()
                zero = [value <= 1e-10 * scale for value, scale in zip(values, scales)]
                if not (all(zero) or (not zero[0] and flux <= 1e-10 * flux_scale)):
                    raise InvalidInputError(
                        f"at {name} = {end:g}, distance and solution must be zero, or the derivative of the solution "
                        f"across this face; the largest values are {values[0]:.3g}, {values[1]:.3g} and {flux:.3g}"
                    )

    def sample(self, expression: sympy.Expr, points: Float[np.ndarray, "inputs ..."]) -> np.ndarray:
        """Return the values of an expression in the inputs at points."""
        return expressions.sample_at(expression, points, self.axes)

    def points(self, count: int) -> Float[np.ndarray, "inputs points"]:
        """Return quasi-random points of the box, the same for every call."""
        unit = scipy.stats.qmc.Sobol(self.inputs, seed=0).random_base2(int(np.ceil(np.log2(count))))
        low, high = np.array(self.box).T[:, :, None]
        return low + (high - low) * unit.T

    def _integral(self, expression: sympy.Expr) -> float:
        if self.inputs not in PANELS:
            return float(self.sample(expression, self.points(SAMPLES)).mean() * self.measure)
        panels = PANELS[self.inputs]
        nodes, weights = np.polynomial.legendre.leggauss(20)
        shares = ((np.arange(panels)[:, None] + (1 + nodes) / 2) / panels).ravel()
        axes = [low + (high - low) * shares for low, high in self.box]
        values = self.sample(expression, np.stack(np.meshgrid(*axes, indexing="ij")))
        for _ in self.box:
            values = values @ (np.tile(weights, panels) / (2 * panels))
        return float(values * self.measure)


def names(inputs: int) -> tuple[str, ...]:
    """Return the names x1, …, xd of inputs."""
    return tuple(f"x{index}" for index in range(1, inputs + 1))


def product_distance(box: Sequence[tuple[float, float]]) -> sympy.Expr:
    """Return D(x) = ∏ 4(xᵢ − low)(high − xᵢ)/(high − low)², which is zero on the boundary and 1 in the middle."""
    parts = []
    for name, ends in zip(names(len(box)), box):
        x, (low, high) = expressions.symbol(name), map(sympy.nsimplify, ends)
        parts.append(4 * (x - low) * (high - x) / (high - low) ** 2)
    return sympy.Mul(*parts)


@cache
def diffusion_problem(solution: str, coefficient: str, box: tuple[tuple[float, float], ...]) -> DiffusionProblem:
    """Return the problem of a solution and a coefficient, cached because its symbolic work is slow."""
    return DiffusionProblem(solution, coefficient, box)
