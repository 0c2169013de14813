"""Derivatives of one feature: both ways agree but for the deltas, whose integral is the jump."""

import numpy as np
import pytest

from builders import CUSTOM
from rectified.formulas import activations
from rectified.formulas.torch_functions import torch_activation
from rectified.ritz.single_neuron import derivatives


def both_ways(activation: str, slope: float, bias: float):
    found = derivatives(torch_activation(activations.get(activation, CUSTOM)), slope, bias, 101, (0.0, 1.0)).derivative
    return found.sel({"method": "analytic"}), found.sel({"method": "autodiff"})


@pytest.mark.parametrize("activation", ["tanh", "relu2", "swish"])
def test_smooth_features_are_differentiated_alike(activation):
    by_hand, automatic = both_ways(activation, 3.0, -1.3)
    np.testing.assert_allclose(by_hand, automatic, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("activation", "jump"), [("relu", 1.0), ("leaky_relu", 0.99), ("abs", 2.0)])
@pytest.mark.parametrize(("slope", "bias"), [(1.0, -0.503), (-2.0, 0.7), (4.0, -1.1)])
def test_autodiff_loses_a_delta_that_integrates_to_the_jump(activation, jump, slope, bias):
    by_hand, automatic = both_ways(activation, slope, bias)
    lost = (by_hand - automatic).sum("x") / 100  # the delta stands up to half a cell, 0.005, beside the kink
    kink = -bias / slope
    assert float(lost.sel(name="f_xb")) == pytest.approx(slope * jump / abs(slope))
    assert float(lost.sel(name="f_xa")) == pytest.approx(slope * kink * jump / abs(slope), abs=0.0051 * jump)
    for name in ("f_x", "f_a", "f_b"):
        assert float(abs(by_hand - automatic).sel({"name": name}).max()) < 1e-12
