"""Comparison of the floating-point evaluation of an activation with multiprecision values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mpmath
import numpy as np
import sympy

from rectified.formulas import expressions, high_precision

ORDERS = 4  # σ to σ'''
TOLERANCE = 256  # in units of rounding
PRECISIONS = (np.float64, np.float32)
REFERENCE_ERROR = 1e-28
HEADROOM = 4096  # product of the constants by which a formula may multiply its argument without overflow
NEAREST = 1e-6  # smallest |x| that counts for the scale of a function
SINGLE = float(np.finfo(np.float32).max)
STEPS = (0.0, 1e-30, 1e-12, 1e-7, 1e-4, 1e-2)  # distances from a kink

Evaluation = Callable[[np.ndarray], Sequence[np.ndarray]]


@dataclass(frozen=True)
class Deviation:
    """An argument at which the floating-point value of a derivative is wrong.

    Attributes:
        order: order of the derivative.
        point: the argument.
        found, exact: value in floating point, and to many digits.
        precision: name of the NumPy type.
    """

    order: int
    point: float
    found: float
    exact: float
    precision: str

    def __str__(self) -> str:
        name = ("value", "first derivative", "second derivative", "third derivative")[self.order]
        return f"in {self.precision} its {name} at x = {self.point:g} is {self.found:.9g}, not {self.exact:.9g}"


class Reference:
    """σ to σ''' to many digits on a grid that contains 0, all kinks, and the largest arguments of a precision.

    Args:
        parts: smooth pieces from left to right, each with its left end and σ to σ'''' as expressions.
        variable: their symbol.
        kinks: points where a derivative jumps; derivatives are not compared there.
        removable: removable singularities, where the limit is taken.
    """

    def __init__(
        self,
        parts: Sequence[tuple[float, Sequence[sympy.Expr]]],
        variable: sympy.Symbol,
        kinks: Sequence[float] = (),
        removable: Sequence[float] = (),
    ):
        self.kinks, special = np.array(kinks, dtype=float), np.array([*kinks, *removable], dtype=float)
        grid = np.concatenate([_grid(np.finfo(precision)) for precision in PRECISIONS])
        single, double = grid[abs(grid) <= SINGLE], grid[abs(grid) > SINGLE]
        near = [special + sign * step for step in STEPS for sign in (-1, 1)]
        points = np.concatenate([single, *near]).astype(np.float32).astype(float)
        self.points = np.unique(np.concatenate([points, double, special]) + 0.0)
        starts = np.array([start for start, _ in parts])
        part_of = np.maximum(np.searchsorted(starts, self.points) - 1, 0)  # a kink belongs to the piece on its left
        cases = zip(self.points, part_of)
        self.values = np.array([_values(parts[part][1], variable, x, x in removable) for x, part in cases]).T

    def deviation(self, evaluation: Evaluation, precision: type) -> Deviation | None:
        """Return the smallest argument at which the error of an evaluation exceeds rounding; None if there is none.

        Allowed are 256 roundings of the largest value between ±1 and the argument, and of the argument.

        Args:
            evaluation: maps points of a precision to arrays of σ, σ', … of any number of orders.
            precision: NumPy type.
        """
        limits = np.finfo(precision)
        usable = abs(self.points) <= limits.max
        usable[usable] = self.points[usable].astype(precision).astype(float) == self.points[usable]
        points = self.points[usable]
        with np.errstate(all="ignore"):
            results = evaluation(points.astype(precision))
        for order, found in enumerate(results):
            found = np.broadcast_to(np.asarray(found, dtype=float), points.shape)
            error, allowed = self._errors(found, usable, order, limits)
            failing = np.nonzero(error > allowed)[0]
            if len(failing):
                index = failing[np.argmin(abs(points[failing]))]
                exact = self.values[order][usable][index]
                return Deviation(order, points[index], found[index], exact, limits.dtype.name)
        return None

    def _errors(self, found: np.ndarray, usable: np.ndarray, order: int, limits: np.finfo) -> tuple:
        points, exact, slope = self.points[usable], self.values[order][usable], self.values[order + 1][usable]
        with np.errstate(all="ignore"):
            error = abs(found - exact)
            scale = np.fmax(_scale(points, exact), abs(points) * _scale(points, slope))
            allowed = np.minimum(TOLERANCE * limits.eps * scale, limits.max) + max(limits.tiny, REFERENCE_ERROR)
        error = np.where(np.isnan(found), np.inf, error)
        range_end = limits.max / HEADROOM**2  # beyond it, a result of the right sign or none at all is correct
        wrong = np.isfinite(found) & (abs(found) < range_end / 2) | np.isinf(found) & (np.sign(found) != np.sign(exact))
        wrong &= allowed < range_end  # beyond it, rounding of the argument changes the sign, as in x sin x
        error = np.where(abs(exact) > range_end, np.where(wrong, np.inf, 0), error)
        distances = abs(points[:, None] - self.kinks)
        # within rounding of a kink any one-sided limit is correct, and none if they are infinite
        at_kink = (distances <= TOLERANCE * limits.eps * abs(self.kinks)).any(1)
        error = np.where(at_kink, np.where(np.isnan(found) & (np.isfinite(exact) | (order == 0)), np.inf, 0), error)
        return np.where(np.isnan(exact) & ~at_kink, np.where(np.isnan(found), np.inf, 0), error), allowed


def _grid(limits: np.finfo) -> np.ndarray:
    largest = float(limits.max)
    large = [200, 1e3, 1e4, 1e6, 1e10, 1e15, 1.5 * largest**0.5, largest / HEADROOM]
    small = [float(limits.tiny), 1e-20, 1e-12, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3]
    positive = np.concatenate([small, np.geomspace(0.01, 128, 55), np.linspace(0.087, 12.3, 40), large])
    return np.concatenate([-positive, [0.0], positive])


def _values(derivatives: Sequence[sympy.Expr], variable: sympy.Symbol, x: float, removable: bool) -> list[float]:
    """Values as floats, ±∞ beyond their range; NaN where a derivative is not defined."""
    found = high_precision.values(derivatives, {variable: x})
    if None in found and removable:  # the limit
        found = high_precision.values(derivatives, {variable: mpmath.mpf(x) + mpmath.mpf(10) ** -40})
    return [np.nan if value is None else float(value) for value in found]


def _scale(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Largest |value| at arguments between ±1, and from there to each point."""
    magnitude = np.where(np.isnan(values) | (abs(points) < NEAREST), 0, abs(values))
    scale = np.full(points.shape, magnitude[abs(points) <= 1].max(initial=0))
    for side in (points > 0, points < 0):
        order = np.argsort(abs(points[side]))
        running = np.maximum.accumulate(magnitude[side][order])
        scale[np.nonzero(side)[0][order]] = np.maximum(scale[side][order], running)
    return np.maximum(scale, np.where(np.isfinite(values), abs(values), 0))


def compiled(derivatives: Sequence[sympy.Expr], variable: sympy.Symbol) -> Evaluation:
    """Return the evaluation of expressions by NumPy."""
    functions = [expressions.compiled(derivative, (variable.name,)) for derivative in derivatives]
    return lambda points: [function(points) for function in functions]
