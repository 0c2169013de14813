"""C_W and C_b that a network of an activation should start with, from its universality class.

Critical ones where networks hold there; else four fifths of the C_W beyond which the kernel explodes. Where the kernel
0 is critical but repels, as for MRePU, the first layer has a C_W of its own that keeps the largest input below the
repelling fixed point.

Source of the classes: Roberts, Yaida and Hanin, The Principles of Deep Learning Theory, sec. 5.3. The fraction is ours.
"""

from typing import NamedTuple

import numpy as np

from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.universality_class import universality_class
from rectified.formulas.activations import Activation

SAFETY_FACTOR = 0.8  # of what would explode
GROWTH = 10.0  # of the kernel over the layers that a network holds


class StartingVariances(NamedTuple):
    """What weights and biases are drawn with.

    Attributes:
        weight: C_W of all layers but the first.
        first_weight: C_W of the first.
        bias: C_b.
        reason: why these, in a few words.
    """

    weight: float
    first_weight: float
    bias: float
    reason: str


def starting_variances(activation: Activation, ratio: float, layers: int) -> StartingVariances:
    """The variances for inputs with |x|²/n₀ up to a ratio, and so many hidden layers.

    Raises:
        InvalidInputError: if the kinks of the formula cannot be listed.
    """
    theory, kind = EffectiveTheory(activation), universality_class(activation)
    if kind.weight_variance is not None:
        weight, bias = kind.weight_variance, kind.bias_variance
        if _holds(theory, weight, bias, ratio, layers):
            return StartingVariances(weight, weight, bias, f"critical, class {kind.name}")
        weight *= SAFETY_FACTOR
        repelling = [point.kernel for point in theory.fixed_points(weight) if _repels(point)]
        if repelling:
            reason = f"{SAFETY_FACTOR:g} of the critical C_W, first layer {SAFETY_FACTOR:g} of the repelling K* for the largest input"
            return StartingVariances(weight, SAFETY_FACTOR * repelling[0] / ratio, 0.0, reason)
    largest = theory.largest_safe_weight_variance(ratio)
    if largest is not None:
        weight = SAFETY_FACTOR * largest
        return StartingVariances(
            weight, weight, 0.0, f"{SAFETY_FACTOR:g} of the largest C_W that holds the largest input"
        )
    return StartingVariances(1.0, 1.0, 0.0, "no critical C_W: 1")


def _holds(theory: EffectiveTheory, weight: float, bias: float, ratio: float, layers: int) -> bool:
    """Whether no kernel of an input up to the ratio grows tenfold over the layers."""
    first = bias + weight * ratio * np.linspace(0.05, 1, 20)
    path = theory.kernels(first, weight, bias, layers + 1)
    return bool(np.isfinite(path).all() and (path.max(0) <= GROWTH * first).all())


def _repels(point) -> bool:
    return point.kernel > 0 and point.stability == "repelling"
