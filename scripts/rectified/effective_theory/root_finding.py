"""Zeros of functions of a kernel, distinguished from rounding errors on a logarithmic grid."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar

EPSILON = np.finfo(float).eps


def rounding(kernel: npt.ArrayLike) -> npt.ArrayLike:
    """Return the rounding error allowed in a ratio of averages at K.

    It contains ε/√K, the error of a formula that cancels at 0, such as exp(x) − 1.
    """
    return 64 * EPSILON * (1 + 1 / np.sqrt(kernel))


def zeros(
    function: Callable, kernels: np.ndarray, values: np.ndarray | None = None, turns: Sequence[float] | None = None
) -> tuple[list[float], list[float]]:
    """Return the zeros where a function of K changes sign, and those where it only touches zero.

    Signs are evaluated on a grid of kernels and at the turning points of the function. Values within rounding have no
    sign, so that a function that vanishes on an interval has no zeros there.

    Args:
        function: maps kernels to values of order one, elementwise.
        kernels: the grid, ascending and positive.
        values: values of the function on the grid; computed if None.
        turns: turning points of the function; if None, minima of its absolute value between grid points are used.
    """

    def bounded(log_kernel):
        with np.errstate(all="ignore"):
            return np.clip(function(np.exp(log_kernel)), -1, 1)

    def sign(log_kernel, values):
        return np.where(abs(values) > rounding(np.exp(log_kernel)), np.sign(values), 0)

    grid = np.log(kernels)
    values = bounded(grid) if values is None else np.clip(values, -1, 1)
    signs = sign(grid, values)
    if turns is None:
        turns = np.array([_minimum(bounded, *grid[[i - 1, i + 1]]) for i in _candidate_minima(values, signs)])
    else:
        turns = np.log(turns)
    turn_signs = np.array([sign(x, float(bounded(x))) for x in turns])
    touches = np.exp(turns[turn_signs == 0]).tolist()
    points, signs = np.append(grid, turns), np.append(signs, turn_signs)
    order = np.argsort(points)
    order = order[signs[order] != 0]
    points, signs = points[order], signs[order]
    changes = np.nonzero(signs[1:] != signs[:-1])[0]
    return [float(np.exp(brentq(bounded, *points[[i, i + 1]], xtol=1e-15))) for i in changes], touches


def _candidate_minima(values: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Inner indices of local minima of |values| without a change of sign that may be zeros between grid points."""
    before, here, after = values[:-2], values[1:-1], values[2:]
    least = abs(here) <= np.minimum(abs(before), abs(after))
    near = abs(here) <= abs(before - 2 * here + after)
    return np.nonzero(least & near & (signs[:-2] * signs[2:] > 0) & (here * after >= 0))[0] + 1


def _minimum(function: Callable, left: float, right: float) -> float:
    """Minimizer of sign·function between two points, with sign that of the function at the right one."""
    sign = np.sign(function(right))
    return minimize_scalar(lambda x: sign * float(function(x)), bounds=(left, right), options={"xatol": 1e-12}).x
