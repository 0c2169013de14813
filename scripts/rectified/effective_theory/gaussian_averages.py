"""Gaussian averages ⟨f(z)⟩ and ⟨f(z₁)g(z₂)⟩ of functions with known kinks, to rounding.

Gauss–Hermite rules converge slowly across a kink, so the integrals are composite Gauss–Legendre: panels are cut
at the kinks and at fixed multiples of the standard deviation, and halved while the Legendre series of the
integrand on them has not decayed.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.polynomial import hermite_e, legendre

Function = Callable[[np.ndarray], np.ndarray]

NODES = 64
PAIR_NODES = 32
# The normal density is representable up to 38 standard deviations; an average whose weight lies beyond is infinite.
DEVIATIONS = np.array([-38, -14, -7, -3, 0, 3, 7, 14, 38])
# Where the variance is large, what f does at z of order one must not fall between two nodes.
BENDS = (-100.0, -1.0, 0.0, 1.0, 100.0)
# A panel is fine once its last Legendre coefficients c_N are below this part of the whole integral, or once they are
# rounding: a smooth integrand has c_N ≈ c_{N/2}²/c_0, and only noise has many times more.
TAIL = 1e-13
PLATEAU = 1e6
HALVINGS = 10
BLOCK = 1024


def average(f: Function, variance: npt.ArrayLike, kinks: Sequence[float] = (), hermite: int = 0) -> np.ndarray:
    """⟨f(z) He_n(z/√K)⟩ over z ~ N(0, K), for an array of variances K at once.

    Exact to about 4e-15 of ⟨|f He_n|⟩ where f is smooth between its kinks and not faster than e^{z²/4K}; infinite
    where it overflows. Oscillations are resolved up to about 1e4 of them.

    Args:
        f: takes and returns arrays; may be constant.
        variance: K ≥ 0, of any shape; at K = 0 the average is that of f(0).
        kinks: every point where f or a derivative of it jumps.
        hermite: degree n of the probabilists' Hermite polynomial.

    Returns:
        An array of the shape of ``variance``.

    Raises:
        ValueError: if a variance is negative.
    """
    variance = np.asarray(variance, dtype=float)
    if (variance < 0).any():
        raise ValueError("a variance is negative")
    deviation = np.sqrt(variance.ravel())
    zero = np.zeros_like(deviation)
    return _shifted_average(f, zero, deviation, kinks, NODES, hermite).reshape(variance.shape)


def pair_average(
    f: Function,
    g: Function,
    covariance: npt.ArrayLike,
    f_kinks: Sequence[float] = (),
    g_kinks: Sequence[float] = (),
) -> float:
    """⟨f(z₁) g(z₂)⟩ over a normal pair of zero mean and a 2×2 covariance, singular or not.

    The outer integral is over z₁/√K₁₁, the inner over what is left of z₂ when z₁ is known. Seen from outside, a
    kink of g is smoothed over a distance that vanishes with 1 − ρ², so the outer panels are graded around it.
    Exact to 1e-13 of √(⟨f²⟩⟨g²⟩), and to about 4e-15 where f and g are as wide as the density.
    """
    (first, between), (_, second) = np.asarray(covariance, dtype=float)
    with np.errstate(all="ignore"):
        scale = np.sqrt(average(lambda z: f(z) ** 2, first, f_kinks) * average(lambda z: g(z) ** 2, second, g_kinks))
    first, second = np.sqrt(first), np.sqrt(second)
    with np.errstate(all="ignore"):
        correlation = np.clip(np.nan_to_num(between / first / second), -1, 1)
        rest = np.sqrt((1 - correlation) * (1 + correlation))
        steps = np.append(np.asarray(g_kinks, dtype=float), 0.0) / (second * correlation)
        graded = np.add.outer(steps, DEVIATIONS * rest / abs(correlation)).ravel()

    def integrand(t, _):
        outer = np.broadcast_to(f(first * t), t.shape) * _density(t)
        mean = (second * correlation * t).ravel()
        deviation = np.full_like(mean, second * rest)
        inner = _shifted_average(g, mean, deviation, g_kinks, PAIR_NODES, scale=scale / abs(outer).ravel())
        return outer * inner.reshape(t.shape)

    with np.errstate(all="ignore"):
        cuts = np.concatenate([DEVIATIONS, np.array([*f_kinks, *BENDS]) / first, graded])
        return float(_integrate(integrand, cuts[None], PAIR_NODES, scale[None])[0])


def _shifted_average(
    f: Function,
    mean: np.ndarray,
    deviation: np.ndarray,
    kinks: Sequence[float],
    nodes: int,
    hermite: int = 0,
    scale: np.ndarray | None = None,
) -> np.ndarray:
    """⟨f(z) He_n((z − m)/s)⟩ over z ~ N(m, s²), for vectors m and s."""
    weight = hermite_e.HermiteE.basis(hermite)

    def integrand(t, row):
        return f(mean[row] + deviation[row] * t) * weight(t) * _density(t)

    with np.errstate(all="ignore"):
        points = (np.array([*kinks, *BENDS]) - mean[:, None]) / deviation[:, None]
        cuts = np.concatenate([np.broadcast_to(DEVIATIONS, (len(mean), len(DEVIATIONS))), points], 1)
        return _integrate(integrand, cuts, nodes, scale)


def _integrate(
    integrand: Callable[[np.ndarray, np.ndarray], np.ndarray], cuts: np.ndarray, nodes: int, scale: np.ndarray | None
) -> np.ndarray:
    """∫ integrand(t, row) dt for every row of cuts, from the first to the last of ``DEVIATIONS``.

    Args:
        integrand: takes points [panels, nodes] and the row of each panel [panels, 1].
        cuts: [rows, cuts] in any order; what is not a number or lies outside cuts nothing.
        nodes: of the rule on each panel.
        scale: what errors are measured by, one number a row; if none is given, the integral of |integrand|.
    """
    cuts = np.sort(np.clip(np.nan_to_num(cuts, posinf=np.inf, neginf=-np.inf), DEVIATIONS[0], DEVIATIONS[-1]))
    row, column = np.nonzero(cuts[:, 1:] > cuts[:, :-1])
    left, right = cuts[row, column], cuts[row, column + 1]
    total = np.zeros(len(cuts))
    for halvings_left in reversed(range(HALVINGS + 1)):
        integral, magnitude, middle, last = _panels(integrand, row, left, right, nodes)
        if scale is None:
            scale = np.bincount(row, magnitude, len(cuts))
        rough = (last > TAIL * scale[row]) & (last * magnitude < PLATEAU * middle**2) & (halvings_left > 0)
        total += np.bincount(row[~rough], integral[~rough], len(cuts))
        if not rough.any():
            break
        row, left, right = row[rough], left[rough], right[rough]
        half = (left + right) / 2
        row, left, right = np.tile(row, 2), np.append(left, half), np.append(half, right)
    return total


def _panels(integrand, row: np.ndarray, left: np.ndarray, right: np.ndarray, nodes: int) -> np.ndarray:
    """∫ f, ∫ |f|, and the largest |Legendre coefficient| of f amid its series and at the end of it, [4, panels].

    The coefficients are times the length of the panel, to be compared with integrals.
    """
    points, weights, series = _rule(nodes)
    found = np.empty((4, len(row)))
    for start in range(0, len(row), BLOCK):
        block = slice(start, start + BLOCK)
        length = (right - left)[block, None]
        values = integrand(left[block, None] + length * points, row[block, None]) * length
        coefficients = abs(values @ series)
        found[:, block] = (
            values @ weights,
            abs(values) @ weights,
            coefficients[:, :4].max(1),
            coefficients[:, 4:].max(1),
        )
    return found


@cache
def _rule(nodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points and weights of Gauss–Legendre on [0, 1], and the map to the coefficients at N/2 and the last four."""
    points, weights = legendre.leggauss(nodes)
    degrees = np.array([*range(nodes // 2 - 2, nodes // 2 + 2), *range(nodes - 4, nodes)])
    series = legendre.legvander(points, nodes - 1)[:, degrees] * weights[:, None] * (degrees + 0.5)
    return (1 + points) / 2, weights / 2, series


def _density(t: np.ndarray) -> np.ndarray:
    return np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
