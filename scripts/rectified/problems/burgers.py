"""The viscous Burgers equation u_t + u u_x = νu_xx on an interval, from one period of a sine, with u = 0 at both ends.

The exact solution is the Cole–Hopf integral, by Gauss–Hermite quadrature. The test case of Raissi, Perdikaris,
Karniadakis, J. Comput. Phys. 378 (2019).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded when first used

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.problems.conditions import Array, Condition, check_counts

CHUNK_VALUES = 1 << 20  # values of the integrand held at a time
ACCURACY = 1e-10  # largest change of u when the number of nodes is doubled
NODES = (100, 200, 400, 800, 1600, 3200)  # numbers of Gauss–Hermite nodes to choose from
PROBES = (101, 8)  # points and times at which the change is estimated
TEST_POINTS = (128, 33)  # along x and t


@dataclass(frozen=True)
class BurgersProblem:
    """u_t + u u_x = νu_xx with u(x, 0) = −sin k(x − c), where c is the middle of the domain and 2π/k its length.

    On [−1, 1] that is −sin πx. Lengths and times have no units; the largest initial speed is 1.

    Attributes:
        viscosity: ν.
        domain: the two ends of the interval, where u = 0.
        final_time: end of the time interval, which starts at 0.

    Raises:
        InvalidInputError: if the ends are not in ascending order, or the viscosity or the final time is not positive.
    """

    axes: ClassVar[tuple[str, str]] = ("x", "t")
    derivatives: ClassVar[tuple[str, ...]] = ("x", "t", "xx")
    homogeneous: ClassVar[bool] = True

    viscosity: float = 0.01 / np.pi
    domain: tuple[float, float] = (-1.0, 1.0)
    final_time: float = 1.0

    def __post_init__(self):
        left, right = self.domain
        if not (np.isfinite(right - left) and left < right):
            raise InvalidInputError(f"left end of the domain must be below its right end; got {list(self.domain)}")
        for name in ("viscosity", "final_time"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InvalidInputError(f"{name} must be a positive number; got {value:g}")

    @property
    def wavenumber(self) -> float:
        """The wavenumber k of the initial condition."""
        return 2 * np.pi / (self.domain[1] - self.domain[0])

    @property
    def box(self) -> Float[np.ndarray, "2 2"]:
        """The ends of the interval, then of the time."""
        return np.array([self.domain, (0.0, self.final_time)], dtype=float)

    def initial_condition(self, x: npt.ArrayLike) -> np.ndarray:
        """The initial values u(x, 0)."""
        return -np.sin(self._phase(x))

    def solution(self, x: npt.ArrayLike, t: npt.ArrayLike, nodes: int | None = None) -> np.ndarray:
        """u by the Cole–Hopf integral, ∫u₀(y)f(y)e^{−s²}ds / ∫f(y)e^{−s²}ds with y = x − 2√(νt)s.

        Here f(y) = exp(−cos k(y − c)/2νk). The largest exponent at each point is subtracted from the others before
        exponentiation.

        Args:
            x, t: points and times, broadcast against each other.
            nodes: number of Gauss–Hermite nodes. By default the smallest of ``NODES`` that suffices: 100 from ν = 0.003
                to 0.1, more for smaller and larger ν.

        Raises:
            InvalidInputError: if the nodes are too few, that is, if u between time 0 and the latest time changes by
                more than ``ACCURACY`` when their number is doubled.
        """
        x, t = np.broadcast_arrays(np.asarray(x, float), np.asarray(t, float))
        nodes = _checked_nodes(self, max(self.final_time, float(t.max(initial=0.0))), nodes)
        return self._cole_hopf(x.ravel(), t.ravel(), nodes).reshape(x.shape)

    def reference(
        self, x_points: Float[np.ndarray, " points"], t_points: Float[np.ndarray, " times"]
    ) -> Float[np.ndarray, "times points"]:
        """The Cole–Hopf solution on a grid, one row per time."""
        return self.solution(x_points, t_points[:, None])

    def operator(self, jets: Mapping[str, Array]) -> Array:
        """u_t + u u_x − νu_xx."""
        return jets["t"] + jets["u"] * jets["x"] - self.viscosity * jets["xx"]

    def operator_gradient(self, jets: Mapping[str, Array]) -> dict[str, Array | float]:
        """u_x, u, 1 and −ν: the partial derivatives in u, u_x, u_t and u_xx."""
        return {"u": jets["x"], "x": jets["u"], "t": 1.0, "xx": -self.viscosity}

    def forcing(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """Zero."""
        return np.zeros(points.shape[1])

    def exact(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """The Cole–Hopf solution at points (x, t)."""
        return self.solution(*points)

    def conditions(
        self, initial: Float[np.ndarray, " initial"], boundary: Float[np.ndarray, " boundary"]
    ) -> list[Condition]:
        """u(x, 0) along the interval, and u = 0 along the time, at the left and the right end in turn.

        Raises:
            InvalidInputError: if a condition has no points.
        """
        check_counts(len(initial), len(boundary))
        left, right = self.domain
        x = left + (right - left) * initial
        at_ends = np.stack([np.resize(self.domain, len(boundary)), self.final_time * boundary])
        return [
            Condition("initial", np.stack([x, np.zeros(len(x))]), self.initial_condition(x)),
            Condition("boundary", at_ends, np.zeros(len(boundary))),
        ]

    def test_axes(self) -> tuple[Float[np.ndarray, " x_points"], Float[np.ndarray, " times"]]:
        """Coordinates of the test grid along x and t, including both ends."""
        x, t = (np.linspace(*ends, points) for ends, points in zip(self.box, TEST_POINTS))
        return x, t

    def _phase(self, x: npt.ArrayLike) -> np.ndarray:
        return self.wavenumber * (np.asarray(x) - (self.domain[0] + self.domain[1]) / 2)

    def _cole_hopf(self, x: np.ndarray, t: np.ndarray, nodes: int) -> np.ndarray:
        count = max(1, CHUNK_VALUES // nodes)
        parts = (slice(start, start + count) for start in range(0, len(x), count))
        return np.concatenate([np.empty(0), *(self._cole_hopf_part(x[part], t[part], nodes) for part in parts)])

    def _cole_hopf_part(self, x: np.ndarray, t: np.ndarray, nodes: int) -> np.ndarray:
        s, log_weights = _gauss_hermite(nodes)
        phase = self._phase(x[:, None] - 2 * np.sqrt(self.viscosity * t)[:, None] * s)
        exponent = log_weights - np.cos(phase) / (2 * self.viscosity * self.wavenumber)
        density = np.exp(exponent - exponent.max(1, keepdims=True))
        return -(np.sin(phase) * density).sum(1) / density.sum(1)

    def _change(self, time: float, nodes: int) -> float:
        """Largest change of u up to a time when the number of nodes is doubled; half of the points are at the shock."""
        points, times = PROBES
        left, right = self.domain
        spread = np.linspace(-1, 1, points)
        x = (left + right) / 2 + (right - left) / 2 * np.concatenate([spread, spread**5])
        x, t = (part.ravel() for part in np.meshgrid(x, time * np.arange(1, times + 1) / times))
        return float(abs(self._cole_hopf(x, t, nodes) - self._cole_hopf(x, t, 2 * nodes)).max())


@cache
def _checked_nodes(problem: BurgersProblem, time: float, nodes: int | None) -> int:
    """The number of nodes, or by default the smallest sufficient one; refused unless u is accurate up to a time."""
    change = np.inf
    for number in NODES if nodes is None else (nodes,):
        change = problem._change(time, number)
        if change <= ACCURACY:
            return number
    raise InvalidInputError(
        f"{number} Gauss–Hermite nodes are too few at viscosity {problem.viscosity:.3g} up to time {time:g}: "
        f"doubling them changes the solution by {change:.1g}; at most {ACCURACY:g} is allowed"
    )


@cache
def _gauss_hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and logarithms of the weights."""
    points, weights = scipy.special.roots_hermite(nodes)
    accurate = weights > 1e-290
    logarithms = np.log(np.where(accurate, weights, 1.0))
    return points, np.where(accurate, logarithms, _log_weights(points))


def _log_weights(points: np.ndarray) -> np.ndarray:
    """Logarithms −log n − 2 log|hₙ₋₁| of the Gauss–Hermite weights, also of those too small for a float.

    The recurrence of the orthonormal Hermite polynomials h is scaled at every step, so that they do not overflow.
    """
    before, now = np.zeros_like(points), np.ones_like(points)
    scale = np.full_like(points, -0.25 * np.log(np.pi))
    for k in range(len(points) - 1):
        before, now = now, np.sqrt(2 / (k + 1)) * points * now - np.sqrt(k / (k + 1)) * before
        size = abs(before) + abs(now)
        before, now, scale = before / size, now / size, scale + np.log(size)
    return -np.log(len(points)) - 2 * (np.log(abs(now)) + scale)
