"""Zeros of functions of a kernel, told from rounding on a logarithmic grid."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar

EPSILON = np.finfo(float).eps


def rounding(kernel: npt.ArrayLike) -> npt.ArrayLike:
    """How far a ratio of averages at K may be off: a formula that cancels at 0 (exp(x) − 1) errs by ε/√K."""
    return 64 * EPSILON * (1 + 1 / np.sqrt(kernel))


def zeros(
    function: Callable, kernels: np.ndarray, values: np.ndarray | None = None, turns: Sequence[float] | None = None
) -> tuple[list[float], list[float]]:
    """Where a function of K of order one crosses zero, and where it only touches it.

    Signs are told on a grid of kernels, to which the turning points of the function are added; if they are not
    given, the minima of its size between points of the grid. Values within rounding have no sign, so a function that
    is zero on an interval has no zeros there.

    Args:
        values: the function on the grid, if known.
    """

    def bounded(log_kernel):
        with np.errstate(all="ignore"):
            return np.clip(function(np.exp(log_kernel)), -1, 1)

    def told(log_kernel, values):
        return np.where(abs(values) > rounding(np.exp(log_kernel)), np.sign(values), 0)

    grid = np.log(kernels)
    values = bounded(grid) if values is None else np.clip(values, -1, 1)
    signs = told(grid, values)
    if turns is None:
        turns = np.array([_minimum(bounded, *grid[[i - 1, i + 1]]) for i in _dips(values, signs)])
    else:
        turns = np.log(turns)
    turn_signs = np.array([told(x, float(bounded(x))) for x in turns])
    touches = np.exp(turns[turn_signs == 0]).tolist()
    points, signs = np.append(grid, turns), np.append(signs, turn_signs)
    order = np.argsort(points)
    order = order[signs[order] != 0]
    points, signs = points[order], signs[order]
    changes = np.nonzero(signs[1:] != signs[:-1])[0]
    return [float(np.exp(brentq(bounded, *points[[i, i + 1]], xtol=1e-15))) for i in changes], touches


def _dips(values: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Inner indices where |values| is least beside its neighbours, of their sign, and may be zero in between."""
    before, here, after = values[:-2], values[1:-1], values[2:]
    least = abs(here) <= np.minimum(abs(before), abs(after))
    near = abs(here) <= abs(before - 2 * here + after)
    return np.nonzero(least & near & (signs[:-2] * signs[2:] > 0) & (here * after >= 0))[0] + 1


def _minimum(function: Callable, left: float, right: float) -> float:
    """Where |function|, of one sign at both ends, is least between them; where it is most negative if it crosses."""
    sign = np.sign(function(right))
    return minimize_scalar(lambda x: sign * float(function(x)), bounds=(left, right), options={"xatol": 1e-12}).x
