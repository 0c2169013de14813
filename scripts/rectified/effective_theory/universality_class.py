"""Universality class of an activation, from its formula.

Source: Roberts, Yaida and Hanin, The Principles of Deep Learning Theory (PDLT), sec. 5.3.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from rectified.effective_theory.fixed_points import drift_at_zero
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.root_finding import zeros
from rectified.formulas.activation import Activation

CRITICAL_KERNELS = np.geomspace(1e-4, 1e4, 8 * 24 + 1)
CURVATURE_TOLERANCE = 1e-9  # of Kh''; a million times its rounding error


@dataclass(frozen=True)
class UniversalityClass:
    """Universality class and critical initialization of deep networks of an activation (PDLT, sec. 5.3).

    Attributes:
        name: "scale-invariant", "K* = 0", "half-stable" or "none".
        stability: stability of the critical fixed point, "stable", "unstable" or "half-stable"; "" if not applicable.
        weight_variance, bias_variance: critical C_W and C_b; None if there are none.
        kernel: critical fixed point K*; None if there is none or if every kernel is a fixed point.
        reason: explanation in one sentence.
    """

    name: str
    stability: str
    weight_variance: float | None
    bias_variance: float | None
    kernel: float | None
    reason: str


@cache
def universality_class(activation: Activation) -> UniversalityClass:
    """Return the universality class of an activation.

    Raises:
        InvalidInputError: if the kinks of its formula cannot be listed.
    """
    theory, power = EffectiveTheory(activation), homogeneous(activation)
    if power is not None and power.degree == 1:
        reason = "homogeneous of degree 1: χ∥ = χ⊥ at every kernel"
        return UniversalityClass("scale-invariant", "", 2 / (power.right**2 + power.left**2), 0.0, None, reason)
    if theory.jumps:
        return _none("σ jumps, so χ⊥ is infinite")
    if power is not None:
        return _none(f"homogeneous of degree {power.degree:g}: χ∥/χ⊥ is the same at every kernel, and not 1")
    slope = theory.slope_at_zero
    if slope and drift_at_zero(theory, 1 / slope) < 0:
        reason = "σ(0) = 0 and K' < K for small K at the critical C_W"
        return UniversalityClass("K* = 0", "stable", 1 / slope, 0.0, 0.0, reason)
    for kernel, weight_variance, bias_variance in equal_susceptibilities(theory):
        if bias_variance >= 0 and abs(kernel * theory.curvature(kernel, weight_variance)) > CURVATURE_TOLERANCE:
            reason = f"χ∥ = χ⊥ = 1 at K* = {kernel:.6g}, which attracts from one side"
            return UniversalityClass("half-stable", "half-stable", weight_variance, bias_variance, kernel, reason)
    if slope:
        reason = "σ(0) = 0, but K' > K for small K at the critical C_W"
        return UniversalityClass("K* = 0", "unstable", 1 / slope, 0.0, 0.0, reason)
    return _none("no kernel from 1e-4 to 1e4 is a fixed point with χ∥ = χ⊥ = 1 at some C_b ≥ 0")


def equal_susceptibilities(theory: EffectiveTheory) -> list[tuple[float, float, float]]:
    """Return (K, C_W, C_b) for every K from 1e-4 to 1e4 that is a fixed point with χ∥ = χ⊥ = 1 at C_W and C_b.

    C_b may be negative, in which case the fixed point cannot be realized.
    """

    def difference(kernel):
        parallel, perpendicular = theory.susceptibility_parallel(kernel), theory.susceptibility_perpendicular(kernel)
        return (parallel - perpendicular) / (abs(parallel) + perpendicular)

    points = []
    for kernel in zeros(difference, CRITICAL_KERNELS)[0]:
        weight_variance = float(1 / theory.susceptibility_perpendicular(kernel))
        points.append((kernel, weight_variance, float(kernel - weight_variance * theory.second_moment(kernel))))
    return points


def _none(reason: str) -> UniversalityClass:
    return UniversalityClass("none", "", None, None, None, reason)
