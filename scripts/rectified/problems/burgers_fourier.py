"""The viscous Burgers equation by a Fourier–Galerkin method, a check of the Cole–Hopf integral.

Exponential time differencing: Cox and Matthews, J. Comput. Phys. 176 (2002); Kassam and Trefethen, SIAM J. Sci. Comput.
26 (2005).
"""

import numpy as np

from rectified.array_types import Float
from rectified.problems.burgers import BurgersProblem

CONTOUR_POINTS = 32


def fourier_solution(
    problem: BurgersProblem,
    x: Float[np.ndarray, " points"],
    t: Float[np.ndarray, " times"],
    grid: int | None = None,
    step: float = 2.5e-4,
) -> Float[np.ndarray, "times points"]:
    """u by a dealiased Fourier–Galerkin method with fourth-order exponential time differencing (ETDRK4).

    The odd periodic continuation of u satisfies u = 0 at both ends.

    Args:
        x, t: points, and times in ascending order. The Fourier sum is evaluated at x, without interpolation.
        grid: number of points of the transforms; the lowest third of the wavenumbers is kept (2/3 rule). By default a
            power of two, at least 4096, for which the coefficients of a shock −tanh(x/2ν) decay to rounding error.
        step: largest time step.
    """
    grid = grid or _sufficient_grid(problem)
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


def _sufficient_grid(problem: BurgersProblem) -> int:
    """The coefficients of −tanh(x/2ν) are proportional to exp(−πνk) at large wavenumbers k."""
    largest = -np.log(np.finfo(float).eps) / (np.pi * problem.viscosity * problem.wavenumber)
    return max(4096, 2 ** int(np.ceil(np.log2(3 * largest))))


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
