"""Initial C_W and C_b: their guarantees, tested on the kernel recursion and on sampled networks."""

import numpy as np
import pytest

from builders import CUSTOM
from rectified.effective_theory.critical_initialization import SAFETY_FACTOR, starting_variances
from rectified.effective_theory.fixed_points import fixed_points
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.formulas import activations

NAMES = [*activations.REGISTRY, "mish", "hat", "bent"]
LAYERS = 5


def kernels(name, ratio, share=1.0):
    """Return kernels by layer for an input with that share of the largest |x|²/n₀."""
    activation = activations.get(name, CUSTOM)
    found = starting_variances(activation, ratio, LAYERS)
    first = found.bias + found.first_weight * ratio * share
    return EffectiveTheory(activation).kernels(first, found.weight, found.bias, LAYERS + 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ratio", [0.01, 1.0, 4.0])
def test_kernels_of_all_inputs_remain_bounded(name, ratio):
    for share in (0.01, 0.3, 1.0):
        path = kernels(name, ratio, share)
        assert np.isfinite(path).all()
        assert path.max() <= 10 * max(path[0], 1.0)


@pytest.mark.parametrize(("name", "weight"), [("relu", 2.0), ("abs", 1.0), ("tanh", 1.0), ("sin", 1.0)])
def test_critical_variances_agree_with_the_literature(name, weight):
    found = starting_variances(activations.get(name), 1.0, LAYERS)
    assert (found.weight, found.first_weight, found.bias) == pytest.approx((weight, weight, 0.0))


@pytest.mark.parametrize("ratio", [0.5, 4.0])
def test_powers_of_relu_start_below_their_repelling_kernel(ratio):
    """⟨relu(z)⁴⟩_K = 3K²/2: the largest input is at the repelling fixed point K* = 2/(3C_W) where C_W²r = 2/3."""
    found = starting_variances(activations.get("relu2"), ratio, LAYERS)
    assert found.weight == pytest.approx(SAFETY_FACTOR * (2 / 3 / ratio) ** 0.5)


def test_mrepu_has_a_separate_first_layer_variance():
    """⟨σ²⟩ of z(1 + z)² grows as K + 18K²: just below C_W = 1 it repels at K* ≈ (1/C_W − 1)/18."""
    found = starting_variances(activations.get("mrepu2"), 4.0, LAYERS)
    assert found.weight == SAFETY_FACTOR
    assert found.first_weight * 4.0 == pytest.approx(SAFETY_FACTOR * (1 / SAFETY_FACTOR - 1) / 18, rel=0.35)
    theory = EffectiveTheory(activations.get("mrepu2"))
    (repelling,) = (point.kernel for point in fixed_points(theory, SAFETY_FACTOR) if point.stability == "repelling")
    assert found.first_weight * 4.0 == pytest.approx(SAFETY_FACTOR * repelling)
