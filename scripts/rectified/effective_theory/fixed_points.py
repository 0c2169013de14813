"""Fixed points of the kernel recursion K' = C_b + C_W⟨σ²⟩_K, and the initializations that they bound.

A fixed point K* attracts if |χ∥| < 1 there, and repels if χ∥ > 1: without biases, kernels that start above a repelling
K* grow without bound, those below it decay to the next fixed point.

Sources: Kim and Kang, arXiv:2408.02697, eqs. 4–7; Roberts, Yaida and Hanin, The Principles of Deep Learning Theory,
ch. 5.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.root_finding import EPSILON, rounding, zeros

KERNELS = np.geomspace(1e-12, 1e6, 18 * 24 + 1)
SMALL_KERNELS = np.geomspace(1e-10, 1, 10 * 24 + 1)


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point of the kernel recursion.

    Attributes:
        kernel: K*.
        slope: χ∥ at K*.
        stability: "attracting", "repelling" or "marginal" (attracting from one side only, or neither).
    """

    kernel: float
    slope: float
    stability: str


def fixed_points(theory: EffectiveTheory, weight_variance: float, bias_variance: float = 0.0) -> list[FixedPoint]:
    """Return the fixed points K* = C_b + C_W⟨σ²⟩ from 1e-12 to 1e6, and 0 if it is one, in ascending order.

    If every kernel is a fixed point, as for ReLU at C_W = 2, only 0 is returned, as marginal. Fixed points below
    1e-9 are not distinguished from rounding errors if χ∥ differs from 1 by less than 1e-8 there.
    """
    points = []
    if bias_variance == 0 and theory.slope_at_zero is not None:
        slope = weight_variance * theory.slope_at_zero
        drift = np.sign(slope - 1) if abs(slope - 1) > 64 * EPSILON else drift_at_zero(theory, weight_variance)
        points.append(FixedPoint(0.0, slope, {-1: "attracting", 0: "marginal", 1: "repelling"}[int(drift)]))

    def growth(kernel, second=None):
        second = theory.second_moment(kernel) if second is None else second
        return (bias_variance + weight_variance * second) / kernel - 1

    def steepness(kernel, parallel=None):
        return weight_variance * (theory.susceptibility_parallel(kernel) if parallel is None else parallel) - 1

    second, parallel = _tabulated(theory)
    with np.errstate(all="ignore"):
        turns = [turn for kind in zeros(steepness, KERNELS, steepness(KERNELS, parallel)) for turn in kind]
        crossings, touches = zeros(growth, KERNELS, growth(KERNELS, second), turns)
    for kernel in sorted(crossings + touches):
        slope = float(theory.susceptibility_parallel(kernel, weight_variance))
        stability = "attracting" if abs(slope) < 1 else "repelling"
        points.append(FixedPoint(kernel, slope, "marginal" if kernel in touches else stability))
    return points


def repelling_kernel(theory: EffectiveTheory, weight_variance: float, bias_variance: float = 0.0) -> float | None:
    """Return the smallest repelling fixed point; None if there is none."""
    points = fixed_points(theory, weight_variance, bias_variance)
    return min((point.kernel for point in points if point.stability == "repelling"), default=None)


def drift_at_zero(theory: EffectiveTheory, weight_variance: float) -> int:
    """Return the sign of C_W⟨σ²⟩ − K at the smallest K ≤ 1 where it exceeds rounding; 0 if there is none."""
    growth = weight_variance * theory.second_moment(SMALL_KERNELS) / SMALL_KERNELS - 1
    significant = growth[abs(growth) > rounding(SMALL_KERNELS)]
    return int(np.sign(significant[0])) if len(significant) else 0


def largest_safe_weight_variance(theory: EffectiveTheory, ratio: float) -> float | None:
    """Return the largest C_W, equal in all layers, at which K¹ = C_W·r stays below a repelling K* (C_b = 0).

    In the limit K¹ is the fixed point itself, so that ⟨σ²⟩ = r. None if there is no such repelling fixed point.

    Args:
        ratio: r = |x|²/n₀ of the input.
    """
    for kernel in zeros(lambda kernel: theory.second_moment(kernel) / ratio - 1, KERNELS)[0]:
        if theory.susceptibility_parallel(kernel, kernel / ratio) > 1 + 64 * EPSILON:
            return kernel / ratio
    return None


def largest_first_kernel(
    theory: EffectiveTheory,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
    layers: int = 10,
    factor: float = 2.0,
) -> float | None:
    """Return the largest K¹ for which the kernels of the following layers stay below factor·K¹.

    None if they do for all large K¹, 0 if they do for no K¹.

    Args:
        layers: number of layers after the first.
    """

    def excess(kernel):
        with np.errstate(all="ignore"):
            path = theory.kernels(kernel, weight_variance, bias_variance, layers + 1)
            return np.log(path.max(0) / kernel / factor)

    if not excess(KERNELS[-1]) > 0:
        return None
    return max(zeros(excess, KERNELS)[0], default=0.0)


@lru_cache(maxsize=16)
def _tabulated(theory: EffectiveTheory) -> tuple[np.ndarray, np.ndarray]:
    """⟨σ²⟩ and χ∥/C_W at ``KERNELS``, cached for fixed points at many C_W."""
    return theory.second_moment(KERNELS), theory.susceptibility_parallel(KERNELS)
