"""Derivatives of a single neuron: both methods agree except for the deltas, whose integral is the jump."""

import numpy as np
import pytest
import torch

from builders import CUSTOM
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.ritz.discrete_delta import discrete_deltas
from rectified.ritz.single_neuron import DERIVATIVES, METHODS, derivatives
from reproduction.config.job import Job
from reproduction.config.tasks.single_neuron import SingleNeuronSettings
from reproduction.jobs.single_neuron import single_neuron


def by_both_methods(activation: str, slope: float, bias: float):
    """Return the analytic and automatic derivatives [points] by name."""
    neuron = derivatives(torch_activation(activations.get(activation, CUSTOM)), slope, bias, 101, (0.0, 1.0))
    return (dict(zip(DERIVATIVES, values)) for values in neuron.derivatives)


@pytest.mark.parametrize("activation", ["tanh", "relu2", "swish"])
def test_both_methods_agree_on_smooth_neurons(activation):
    analytic, automatic = by_both_methods(activation, 3.0, -1.3)
    for name in DERIVATIVES:
        np.testing.assert_allclose(analytic[name], automatic[name], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("activation", "jump"), [("relu", 1.0), ("leaky_relu", 0.99), ("abs", 2.0)])
@pytest.mark.parametrize(("slope", "bias"), [(1.0, -0.503), (-2.0, 0.7), (4.0, -1.1)])
def test_autodiff_loses_a_delta_that_integrates_to_the_jump(activation, jump, slope, bias):
    analytic, automatic = by_both_methods(activation, slope, bias)
    lost = {name: analytic[name] - automatic[name] for name in DERIVATIVES}
    kink = -bias / slope  # the delta lies within half a cell, 0.005, of the kink
    assert lost["f_xb"].sum() / 100 == pytest.approx(slope * jump / abs(slope))
    assert lost["f_xa"].sum() / 100 == pytest.approx(slope * kink * jump / abs(slope), abs=0.0051 * jump)
    for name in ("f_x", "f_a", "f_b"):
        assert abs(lost[name]).max() < 1e-12


def test_job_labels_derivatives_by_method_and_name():
    settings = SingleNeuronSettings(document="d", activation="relu", slope=2.0, bias=-0.5, points=11, domain=(0.0, 1.0))
    job = Job(tier="t", threads=1, experiment="e", case="c", settings=settings, formula="relu(x)")
    arrays = single_neuron(job, {})
    neuron = derivatives(torch_activation(activations.get("relu")), 2.0, -0.5, 11, (0.0, 1.0))
    np.testing.assert_array_equal(arrays.feature, neuron.value)
    for method, values in zip(METHODS, neuron.derivatives):
        for name, value in zip(DERIVATIVES, values):
            np.testing.assert_array_equal(arrays.derivative.sel({"method": method, "name": name}), value)


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_kinks_halfway_between_grid_points_have_their_deltas_at_the_right_one(slope):
    points = torch.arange(9, dtype=torch.float64) / 8
    kinks = points[:-1] + 1 / 16
    a = torch.full((1, 8, 1), slope, dtype=torch.float64)
    deltas = discrete_deltas(torch_activation(activations.get("relu")), a, -a * kinks[None, :, None], points)
    torch.testing.assert_close(deltas[0, :, 1:], 8 * torch.eye(8, dtype=torch.float64))
