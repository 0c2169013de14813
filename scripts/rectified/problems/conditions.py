"""Points of initial and boundary conditions with the values given there, and the grids that solutions are tested on."""

from typing import Literal, NamedTuple, TypeVar

import numpy as np

from rectified.array_types import Float
from rectified.errors import InvalidInputError

Array = TypeVar("Array")  # NumPy array or torch tensor: the equations are plain arithmetic


class Condition(NamedTuple):
    """What u should be where: points [2, points] and values [points] of one kind of condition."""

    kind: Literal["initial", "boundary"]
    points: Float[np.ndarray, "2 points"]
    values: Float[np.ndarray, " points"]


def cell_centres(left: float, right: float, cells: int) -> Float[np.ndarray, " cells"]:
    """Midpoints of equal cells of an interval."""
    return left + (right - left) * (np.arange(cells) + 0.5) / cells


def check_counts(initial: int, boundary: int) -> None:
    """Refuse conditions without points.

    Raises:
        InvalidInputError: if a number of points is below 1.
    """
    if min(initial, boundary) < 1:
        raise InvalidInputError(f"{initial} initial and {boundary} boundary points: at least 1 of each is needed")
