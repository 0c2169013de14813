"""The Buckley–Leverett equation u_t + f(u)_x = νu_xx for 0 ≤ x ≤ 1: water at x = 0 displaces oil, from u = 0.

u is the water saturation and f(u) = u²/(u² + (1 − u)²/M) its fractional flow, with M the ratio of mobilities. The
entropy solution at ν = 0 is a rarefaction f'(u) = x/t behind a front that moves at the slope of the tangent from the
origin to f (Welge). The tangent touches at u* = 1/√(1 + M), where f = (1 + u*)/2 and f/u = (1 + √(1 + M))/2.

Sources: Buckley and Leverett, Trans. AIME 146 (1942); Welge, Trans. AIME 195 (1952); LeVeque, Finite Volume Methods
for Hyperbolic Problems (2002), sec. 16.1; for networks with viscosity or the concave hull of f, Fuks and Tchelepi,
J. Mach. Learn. Model. Comput. 1 (2020).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rectified.array_types import Float
from rectified.errors import InvalidInputError, nearest
from rectified.problems.conditions import Array, Condition, cell_centres, check_counts

FLUXES = ("fractional", "hull")
BISECTIONS = 60  # reduce the interval of u to rounding error
TEST_CELLS = (128, 32)  # along x and t


@dataclass(frozen=True)
class BuckleyLeverettProblem:
    """u_t + f(u)_x = νu_xx with u(x, 0) = 0 and u(0, t) = 1. No quantity has units; the total flow is 1.

    Attributes:
        mobility: M, the ratio of the mobility of water to that of oil.
        viscosity: ν, 0 for the inviscid equation. The exact solution is that of ν = 0 in any case.
        flux: "fractional" for f, "hull" for the smallest concave function above f on [0, 1], which has the same
            entropy solution.
        final_time: end of the time interval, which starts at 0.

    Raises:
        InvalidInputError: if the mobility or the final time is not positive, the viscosity is negative, the flux is
            unknown, or the front leaves the domain before the final time.
    """

    axes: ClassVar[tuple[str, str]] = ("x", "t")
    homogeneous: ClassVar[bool] = True

    mobility: float = 2.0
    viscosity: float = 0.0
    flux: str = "fractional"
    final_time: float = 0.5

    def __post_init__(self):
        for name in ("mobility", "final_time"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InvalidInputError(f"{name} must be a positive number; got {value:g}")
        if not (np.isfinite(self.viscosity) and self.viscosity >= 0):
            raise InvalidInputError(f"viscosity must be zero or a positive number; got {self.viscosity:g}")
        if self.flux not in FLUXES:
            raise InvalidInputError(f"unknown flux {self.flux!r}; {nearest(self.flux, FLUXES)}")
        if self.front(self.final_time) > 1:
            raise InvalidInputError(
                f"final_time must be at most {1 / self.front_speed:.6g}, when the front leaves the domain with "
                f"mobility {self.mobility:g}; got {self.final_time:g}"
            )

    @property
    def box(self) -> Float[np.ndarray, "2 2"]:
        """The ends of the x axis, then of the time."""
        return np.array([[0.0, 1.0], [0.0, self.final_time]])

    @property
    def derivatives(self) -> tuple[str, ...]:
        """Names of the derivatives in the equation; u_xx only with viscosity."""
        return ("x", "t", "xx") if self.viscosity else ("x", "t")

    @property
    def front_saturation(self) -> float:
        """u*, the saturation just behind the front."""
        return float(1 / np.sqrt(1 + self.mobility))

    @property
    def front_speed(self) -> float:
        """f(u*)/u* = f'(u*) = Mu*/2(1 − u*), written without cancellation."""
        return float((1 + np.sqrt(1 + self.mobility)) / 2)

    def front(self, t: Array) -> Array:
        """Position of the front at time t."""
        return self.front_speed * t

    def mass(self, t: Array) -> Array:
        """∫u dx of the exact solution at time t: the inflow f(1)t, as long as the front is in the domain."""
        return 1.0 * t

    def fractional_flow(self, u: Array) -> Array:
        """f(u)."""
        return u**2 / (u**2 + (1 - u) ** 2 / self.mobility)

    def flux_value(self, u: Array) -> Array:
        """The flux of the equation: f, or with the hull the tangent from the origin below u*."""
        if self.flux == "fractional":
            return self.fractional_flow(u)
        tangent = self.front_speed * u
        return tangent + (u >= self.front_saturation) * (self.fractional_flow(u) - tangent)

    def fractional_flow_slope(self, u: Array) -> Array:
        """f'(u)."""
        return 2 / self.mobility * u * (1 - u) / (u**2 + (1 - u) ** 2 / self.mobility) ** 2

    def fractional_flow_curvature(self, u: Array) -> Array:
        """f''(u)."""
        denominator = u**2 + (1 - u) ** 2 / self.mobility
        denominator_slope = 2 * (u - (1 - u) / self.mobility)
        numerator = (1 - 2 * u) * denominator - 2 * u * (1 - u) * denominator_slope
        return 2 / self.mobility * numerator / denominator**3

    def flux_slope(self, u: Array) -> Array:
        """Slope of the flux of the equation: f', or with the hull the speed of the front below u*."""
        slope = self.fractional_flow_slope(u)
        if self.flux == "fractional":
            return slope
        return self.front_speed + (u >= self.front_saturation) * (slope - self.front_speed)

    def flux_curvature(self, u: Array) -> Array:
        """Second derivative of the flux of the equation: f'', or with the hull 0 below u*."""
        curvature = self.fractional_flow_curvature(u)
        return curvature if self.flux == "fractional" else (u >= self.front_saturation) * curvature

    def operator(self, jets: Mapping[str, Array]) -> Array:
        """u_t + f'(u)u_x − νu_xx, with f or its hull."""
        advected = jets["t"] + self.flux_slope(jets["u"]) * jets["x"]
        return advected - self.viscosity * jets["xx"] if self.viscosity else advected

    def operator_gradient(self, jets: Mapping[str, Array]) -> dict[str, Array | float]:
        """f''(u)u_x, f'(u), 1 and with viscosity −ν: the partial derivatives in u, u_x, u_t and u_xx."""
        u = jets["u"]
        partials = {"u": self.flux_curvature(u) * jets["x"], "x": self.flux_slope(u), "t": 1.0}
        return partials | {"xx": -self.viscosity} if self.viscosity else partials

    def forcing(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """Zero."""
        return np.zeros(points.shape[1])

    def exact(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """The entropy solution of the inviscid problem at points (x, t), with u = 1 at the corner (0, 0).

        On the front u is u*, the value just behind it.
        """
        x, t = points
        found = np.zeros(len(x))
        reached = x <= self.front(t)
        speeds = np.divide(x, t, out=np.zeros(len(x)), where=t > 0)
        found[reached] = self._rarefaction(speeds[reached])
        return found

    def conditions(
        self, initial: Float[np.ndarray, " initial"], boundary: Float[np.ndarray, " boundary"]
    ) -> list[Condition]:
        """u = 0 at t = 0 along the x axis, and u = 1 at x = 0 along the time.

        Raises:
            InvalidInputError: if a condition has no points.
        """
        check_counts(len(initial), len(boundary))
        at_start = np.stack([initial, np.zeros(len(initial))])
        at_inlet = np.stack([np.zeros(len(boundary)), self.final_time * boundary])
        return [
            Condition("initial", at_start, np.zeros(len(initial))),
            Condition("boundary", at_inlet, np.ones(len(boundary))),
        ]

    def test_axes(self) -> tuple[Float[np.ndarray, " x_points"], Float[np.ndarray, " times"]]:
        """Coordinates of the test grid along x and t: midpoints of equal cells."""
        x, t = (cell_centres(*ends, cells) for ends, cells in zip(self.box, TEST_CELLS))
        return x, t

    def _rarefaction(self, speeds: np.ndarray) -> np.ndarray:
        """The solution u of f'(u) = speed between u* and 1, by bisection: f' decreases there, to 0 at 1."""
        low, high = np.full_like(speeds, self.front_saturation), np.ones_like(speeds)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            faster = self.fractional_flow_slope(middle) > speeds
            low, high = np.where(faster, middle, low), np.where(faster, high, middle)
        return np.where(speeds > 0, (low + high) / 2, 1.0)
