"""Initialization variances C_W and C_b for an activation, from its universality class.

The critical values are used if kernels stay bounded there, otherwise 0.8 of the C_W beyond which the kernel explodes.
If the kernel 0 is critical but repelling, as for MRePU, the first layer has its own C_W, which keeps the kernel of the
largest input below the repelling fixed point.

Source of the classes: Roberts, Yaida and Hanin, The Principles of Deep Learning Theory, sec. 5.3. The factor 0.8 is a
choice of this library.
"""

from typing import NamedTuple

import numpy as np

from rectified.effective_theory.fixed_points import fixed_points, largest_safe_weight_variance
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.universality_class import universality_class
from rectified.formulas.activation import Activation

SAFETY_FACTOR = 0.8  # relative to the value at which kernels explode
GROWTH = 10.0  # largest admissible growth of the kernel over all layers


class StartingVariances(NamedTuple):
    """Variances of the initial weights and biases.

    Attributes:
        weight: C_W of all layers except the first.
        first_weight: C_W of the first layer.
        bias: C_b of all layers.
        reason: explanation in a few words.
    """

    weight: float
    first_weight: float
    bias: float
    reason: str


def starting_variances(activation: Activation, ratio: float, layers: int) -> StartingVariances:
    """Return the initialization variances for an activation.

    Args:
        ratio: largest |x|²/n₀ of the inputs.
        layers: number of hidden layers.

    Raises:
        InvalidInputError: if the kinks of the formula cannot be listed.
    """
    theory, kind = EffectiveTheory(activation), universality_class(activation)
    if kind.weight_variance is not None:
        weight, bias = kind.weight_variance, kind.bias_variance
        if _stays_bounded(theory, weight, bias, ratio, layers):
            return StartingVariances(weight, weight, bias, f"critical, class {kind.name}")
        weight *= SAFETY_FACTOR
        repelling = [point.kernel for point in fixed_points(theory, weight) if _repels(point)]
        if repelling:
            reason = (
                f"{SAFETY_FACTOR:g} of the critical C_W, "
                f"first layer {SAFETY_FACTOR:g} of the repelling K* for the largest input"
            )
            return StartingVariances(weight, SAFETY_FACTOR * repelling[0] / ratio, 0.0, reason)
    largest = largest_safe_weight_variance(theory, ratio)
    if largest is not None:
        weight = SAFETY_FACTOR * largest
        return StartingVariances(
            weight, weight, 0.0, f"{SAFETY_FACTOR:g} of the largest C_W that holds the largest input"
        )
    return StartingVariances(1.0, 1.0, 0.0, "no critical C_W: 1")


def _stays_bounded(theory: EffectiveTheory, weight: float, bias: float, ratio: float, layers: int) -> bool:
    """Return True if the kernels of inputs up to the ratio grow at most tenfold over the layers."""
    first = bias + weight * ratio * np.linspace(0.05, 1, 20)
    path = theory.kernels(first, weight, bias, layers + 1)
    return bool(np.isfinite(path).all() and (path.max(0) <= GROWTH * first).all())


def _repels(point) -> bool:
    return point.kernel > 0 and point.stability == "repelling"
