"""The viscous Burgers equation u_t + u u_x = νu_xx on an interval, from one period of a sine, with u = 0 at both ends.

Two independent solutions: the Cole–Hopf integral by Gauss–Hermite quadrature, and a Fourier–Galerkin method in
space with exponential time differencing (Cox and Matthews, J. Comput. Phys. 176 (2002); Kassam and Trefethen,
SIAM J. Sci. Comput. 26 (2005)). The test case of Raissi, Perdikaris, Karniadakis, J. Comput. Phys. 378 (2019).
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
ACCURACY = 1e-8  # largest change of u when the number of nodes is doubled
PROBES = 101  # points at which that change is checked
CONTOUR_POINTS = 32
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

    def solution(self, x: npt.ArrayLike, t: npt.ArrayLike, nodes: int = 100) -> np.ndarray:
        """u by the Cole–Hopf integral, ∫u₀(y)f(y)e^{−s²}ds / ∫f(y)e^{−s²}ds with y = x − 2√(νt)s.

        Here f(y) = exp(−cos k(y − c)/2νk). The largest exponent at each point is subtracted from the others before
        exponentiation.

        Args:
            x, t: points and times, broadcast against each other.
            nodes: number of Gauss–Hermite nodes. With the default viscosity, 100 and 200 nodes agree to 1e-15.

        Raises:
            InvalidInputError: if u at the latest time changes when the number of nodes is doubled.
        """
        x, t = np.broadcast_arrays(np.asarray(x, float), np.asarray(t, float))
        self._check_nodes(nodes, t.max(initial=0.0))
        found = np.empty(x.size)
        count = max(1, CHUNK_VALUES // nodes)
        flat_x, flat_t = x.ravel(), t.ravel()
        for start in range(0, x.size, count):
            part = slice(start, start + count)
            found[part] = self._cole_hopf(flat_x[part], flat_t[part], nodes)
        return found.reshape(x.shape)

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
        s, log_weights = _gauss_hermite(nodes)
        phase = self._phase(x[:, None] - 2 * np.sqrt(self.viscosity * t)[:, None] * s)
        exponent = log_weights - np.cos(phase) / (2 * self.viscosity * self.wavenumber)
        density = np.exp(exponent - exponent.max(1, keepdims=True))
        return -(np.sin(phase) * density).sum(1) / density.sum(1)

    def _check_nodes(self, nodes: int, time: float) -> None:
        x, t = np.linspace(*self.domain, PROBES), np.full(PROBES, time)
        change = abs(self._cole_hopf(x, t, nodes) - self._cole_hopf(x, t, 2 * nodes)).max()
        if not change <= ACCURACY:
            raise InvalidInputError(
                f"{nodes} Gauss–Hermite nodes are too few at viscosity {self.viscosity:.3g} and time {time:g}: "
                f"doubling them changes the solution by {change:.1g}; at most {ACCURACY:g} is allowed"
            )


@cache
def _gauss_hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and logarithms of the weights, without the nodes whose weight underflows."""
    points, weights = scipy.special.roots_hermite(nodes)
    kept = weights > 0
    return points[kept], np.log(weights[kept])


def fourier_solution(
    problem: BurgersProblem,
    x: Float[np.ndarray, " points"],
    t: Float[np.ndarray, " times"],
    grid: int = 4096,
    step: float = 2.5e-4,
) -> Float[np.ndarray, "times points"]:
    """u by a dealiased Fourier–Galerkin method with fourth-order exponential time differencing (ETDRK4).

    The odd periodic continuation of u satisfies u = 0 at both ends.

    Args:
        x, t: points, and times in ascending order. The Fourier sum is evaluated at x, without interpolation.
        grid: number of points of the transforms; the lowest third of the wavenumbers is kept (2/3 rule).
        step: largest time step.
    """
    modes = np.arange(grid // 3 + 1)
    wavenumbers = problem.wavenumber * modes
    left, right = problem.domain
    nodes = left + (right - left) * np.arange(grid) / grid

    def advection(coefficients: np.ndarray) -> np.ndarray:
        field = np.fft.irfft(coefficients, grid)
        return -0.5j * wavenumbers * np.fft.rfft(field * field)[: len(modes)]

    at_points = np.exp(1j * np.outer(wavenumbers, x - left)) * np.where(modes > 0, 2, 1)[:, None] / grid
    coefficients = np.fft.rfft(problem.initial_condition(nodes))[: len(modes)]
    rows, now = [], 0.0
    for time in t:
        steps = int(np.ceil((time - now) / step * (1 - 1e-12)))
        if steps:
            stages = _etdrk4_coefficients(-problem.viscosity * wavenumbers**2, (time - now) / steps)
            for _ in range(steps):
                coefficients = _etdrk4(coefficients, advection, *stages)
        now = time
        rows.append((coefficients @ at_points).real)
    return np.array(rows)


def _etdrk4(v: np.ndarray, advection, full, half, q, f1, f2, f3) -> np.ndarray:
    """One step of ETDRK4 (Kassam and Trefethen, eq. 2.3)."""
    at_v = advection(v)
    a = half * v + q * at_v
    at_a = advection(a)
    at_b = advection(half * v + q * at_a)
    at_c = advection(half * a + q * (2 * at_b - at_v))
    return full * v + f1 * at_v + 2 * f2 * (at_a + at_b) + f3 * at_c


def _etdrk4_coefficients(rates: np.ndarray, step: float) -> tuple[np.ndarray, ...]:
    """Exponentials and weights of ETDRK4; means over a circle around each rate avoid cancellation in the weights."""
    circle = np.exp(1j * np.pi * (np.arange(CONTOUR_POINTS) + 0.5) / CONTOUR_POINTS)
    z = step * rates[:, None] + circle
    e = np.exp(z)
    means = [
        (np.exp(z / 2) - 1) / z,
        (-4 - z + e * (4 - 3 * z + z**2)) / z**3,
        (2 + z + e * (z - 2)) / z**3,
        (-4 - 3 * z - z**2 + e * (4 - z)) / z**3,
    ]
    return np.exp(step * rates), np.exp(step * rates / 2), *(step * mean.real.mean(1) for mean in means)
