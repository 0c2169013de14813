"""Gaussian averages ⟨f(z)⟩ of functions with known kinks, accurate to rounding.

Gauss–Hermite rules converge slowly across a kink. The integrals therefore use composite Gauss–Legendre quadrature:
panels are cut at the kinks and at fixed multiples of the standard deviation, and are halved until the Legendre series
of the integrand has decayed on each of them.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.polynomial import hermite_e, legendre

ArrayFunction = Callable[[np.ndarray], np.ndarray]

NODES = 64
# The normal density is representable up to 38 standard deviations; an average with weight beyond that is infinite.
DEVIATIONS = np.array([-38, -14, -7, -3, 0, 3, 7, 14, 38])
# Cuts at z of order one, so that features of f there do not fall between two nodes when the variance is large.
SCALE_CUTS = (-100.0, -1.0, 0.0, 1.0, 100.0)
# A panel is accepted once its last Legendre coefficients c_N are below TAIL times the whole integral, or once they are
# rounding: a smooth integrand has c_N ≈ c_{N/2}²/c_0, noise exceeds that by a factor of more than PLATEAU.
TAIL = 1e-13
PLATEAU = 1e6
HALVINGS = 10
SINGULAR_HALVINGS = 200
NARROWEST = 1e-13  # width of a panel that is not halved, relative to its ends
BLOCK = 1024


def average(
    f: ArrayFunction,
    variance: npt.ArrayLike,
    kinks: Sequence[float] = (),
    hermite: int = 0,
    halvings: int = HALVINGS,
) -> np.ndarray:
    """Return ⟨f(z) He_n(z/√K)⟩ for z ~ N(0, K), for an array of variances K.

    The error is about 4e-15 ⟨|f He_n|⟩ if f is smooth between its kinks and grows no faster than e^{z²/4K}. Averages
    that overflow are infinite. Up to about 1e4 oscillations are resolved.

    Args:
        f: maps an array to an array of the same shape or to a constant.
        variance: K ≥ 0, of any shape; K = 0 gives f(0).
        kinks: every point where f or one of its derivatives jumps.
        hermite: degree n of the probabilists' Hermite polynomial.
        halvings: how often a panel may be halved; ``SINGULAR_HALVINGS`` if f is infinite at a kink, but integrable.

    Returns:
        An array of the shape of ``variance``.

    Raises:
        ValueError: if a variance is negative.
    """
    variance = np.asarray(variance, dtype=float)
    if (variance < 0).any():
        raise ValueError(f"variance must not be negative; got {variance.min():g}")
    deviation = np.sqrt(variance.ravel())
    weight = hermite_e.HermiteE.basis(hermite)

    def integrand(t, row):
        return f(deviation[row] * t) * weight(t) * _normal_density(t)

    with np.errstate(all="ignore"):
        points = np.array([*kinks, *SCALE_CUTS]) / deviation[:, None]
        cuts = np.concatenate([np.broadcast_to(DEVIATIONS, (len(deviation), len(DEVIATIONS))), points], 1)
        return _integrate(integrand, cuts, halvings).reshape(variance.shape)


def _integrate(
    integrand: Callable[[np.ndarray, np.ndarray], np.ndarray], cuts: np.ndarray, halvings: int
) -> np.ndarray:
    """Return ∫ integrand(t, row) dt over the range of ``DEVIATIONS``, for every row of cuts.

    Args:
        integrand: takes points [panels, nodes] and the row of each panel [panels, 1].
        cuts: [rows, cuts] in any order; NaN and cuts out of range are ignored.
    """
    cuts = np.sort(np.clip(np.nan_to_num(cuts, posinf=np.inf, neginf=-np.inf), DEVIATIONS[0], DEVIATIONS[-1]))
    row, column = np.nonzero(cuts[:, 1:] > cuts[:, :-1])
    left, right = cuts[row, column], cuts[row, column + 1]
    total, scale = np.zeros(len(cuts)), None
    for halvings_left in reversed(range(halvings + 1)):
        integral, magnitude, middle, last = _panel_integrals(integrand, row, left, right)
        if scale is None:  # ∫ |integrand| on the initial panels
            scale = np.bincount(row, magnitude, len(cuts))
        rough = (last > TAIL * scale[row]) & (last * magnitude < PLATEAU * middle**2) & (halvings_left > 0)
        rough &= right - left > NARROWEST * np.maximum(abs(left), abs(right))
        total += np.bincount(row[~rough], integral[~rough], len(cuts))
        if not rough.any():
            break
        row, left, right = row[rough], left[rough], right[rough]
        half = (left + right) / 2
        row, left, right = np.tile(row, 2), np.append(left, half), np.append(half, right)
    return total


def _panel_integrals(integrand, row: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """∫ f, ∫ |f|, and the largest |Legendre coefficient| of f in the middle and at the end of its series, [4, panels].

    The coefficients are multiplied by the length of the panel, so that they compare with integrals.
    """
    points, weights, series = _gauss_legendre()
    result = np.empty((4, len(row)))
    for start in range(0, len(row), BLOCK):
        block = slice(start, start + BLOCK)
        length = (right - left)[block, None]
        values = integrand(left[block, None] + length * points, row[block, None]) * length
        coefficients = abs(values @ series)
        result[:, block] = (
            values @ weights,
            abs(values) @ weights,
            coefficients[:, :4].max(1),
            coefficients[:, 4:].max(1),
        )
    return result


@cache
def _gauss_legendre() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points and weights of Gauss–Legendre on [0, 1], and the map to four coefficients around N/2 and the last four."""
    points, weights = legendre.leggauss(NODES)
    degrees = np.array([*range(NODES // 2 - 2, NODES // 2 + 2), *range(NODES - 4, NODES)])
    series = legendre.legvander(points, NODES - 1)[:, degrees] * weights[:, None] * (degrees + 0.5)
    return (1 + points) / 2, weights / 2, series


def _normal_density(t: np.ndarray) -> np.ndarray:
    return np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
