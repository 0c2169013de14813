"""The interface of an equation with its data and its solution, for networks that are trained on its residual."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from rectified.array_types import Float
from rectified.problems.conditions import Array, Condition


@runtime_checkable
class Problem(Protocol):
    """An equation N(u, ∂u) = q on a rectangle, with initial and boundary conditions and a known solution.

    A jet is a mapping of "u" and of the names in ``derivatives`` to arrays of one shape, NumPy or torch: u and its
    derivatives at the same points. Derivatives are named by axes: with the axes x and t, "x" is u_x and "xx" is u_xx.

    Attributes:
        axes: names of the two variables, one letter each.
        derivatives: names of the derivatives in N.
        homogeneous: whether q is zero everywhere.
    """

    @property
    def axes(self) -> tuple[str, str]: ...

    @property
    def derivatives(self) -> tuple[str, ...]: ...

    @property
    def homogeneous(self) -> bool: ...

    @property
    def box(self) -> Float[np.ndarray, "2 2"]:
        """Lower and upper end of each axis, one row per axis."""
        ...

    def operator(self, jets: Mapping[str, Array]) -> Array:
        """N at a jet, an array of its shape and type."""
        ...

    def operator_gradient(self, jets: Mapping[str, Array]) -> Mapping[str, Array | float]:
        """Partial derivatives of N with respect to u and its derivatives, by their names.

        Constant partial derivatives are floats. Names on which N does not depend are absent.
        """
        ...

    def forcing(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """The right-hand side q."""
        ...

    def exact(self, points: Float[np.ndarray, "2 points"]) -> Float[np.ndarray, " points"]:
        """The exact solution."""
        ...

    def conditions(
        self, initial: Float[np.ndarray, " initial"], boundary: Float[np.ndarray, " boundary"]
    ) -> list[Condition]:
        """Points and values of the initial and boundary conditions.

        Args:
            initial, boundary: one number in [0, 1) per point, its relative position along the initial line or along
                the boundary. A problem without an initial condition ignores ``initial``, and one with fixed points
                uses only the number of them.

        Raises:
            InvalidInputError: if a condition cannot have that number of points.
        """
        ...

    def test_axes(self) -> tuple[Float[np.ndarray, " first"], Float[np.ndarray, " second"]]:
        """Coordinates along both axes of the grid on which errors are measured."""
        ...
