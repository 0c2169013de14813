"""Points and values of initial and boundary conditions, and the grids on which solutions are compared."""

from typing import Literal, NamedTuple, TypeVar

import numpy as np

from rectified.array_types import Float
from rectified.errors import InvalidInputError

Array = TypeVar("Array")  # NumPy array or torch tensor: the equations are plain arithmetic


class Condition(NamedTuple):
    """Prescribed values of u at the points of one kind of condition.

    Attributes:
        kind: of the condition.
        points: where u is prescribed.
        values: of u there.
    """

    kind: Literal["initial", "boundary"]
    points: Float[np.ndarray, "2 points"]
    values: Float[np.ndarray, " points"]


def cell_centres(left: float, right: float, cells: int) -> Float[np.ndarray, " cells"]:
    """Midpoints of equal cells of an interval."""
    return left + (right - left) * (np.arange(cells) + 0.5) / cells


def grid_of(
    first: Float[np.ndarray, " first"], second: Float[np.ndarray, " second"]
) -> Float[np.ndarray, "2 first*second"]:
    """All pairs of two sets of coordinates, the second varying fastest."""
    return np.stack([axis.ravel() for axis in np.meshgrid(first, second, indexing="ij")])


def check_counts(initial: int, boundary: int) -> None:
    """Check that every condition has a point.

    Raises:
        InvalidInputError: if a number of points is below 1.
    """
    for name, count in (("initial", initial), ("boundary", boundary)):
        if count < 1:
            raise InvalidInputError(f"number of {name} points must be at least 1; got {count}")
