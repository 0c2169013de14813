"""Ensembles at initialization: exact sampling against brute force, theory, and closed forms."""

import numpy as np
import pytest
import scipy.stats
import torch

from builders import CUSTOM
from rectified import activations
from rectified.ensembles import Setting, brute_force, exact, log_kernels
from rectified.homogeneity import homogeneous
from rectified.lowering import torch_activation
from rectified.seeding import numpy_generator
from rectified.statistics import mean_estimate, variance_estimate
from rectified.theory import EffectiveTheory

SIGNIFICANCE = 1e-4  # of each test that compares two laws; seeds are fixed


def sampled(name, setting, networks, x=None, propagate=exact, stream="tests"):
    activation = torch_activation(activations.get(name, CUSTOM))
    if x is None:
        x = torch.ones(2, 1, dtype=torch.float64)
    return log_kernels(activation, setting, x.expand(networks, -1, -1), numpy_generator(stream), propagate).numpy()


@pytest.mark.parametrize(
    ("name", "scale", "bias_variance"),
    [("relu2", 1.0, 0.0), ("mrepu2", 0.01, 0.0), ("tanh", 1.0, 0.1), ("relu", 1.0, 0.2), ("mish", 1.0, 0.0)],
)
def test_exact_sampling_equals_brute_force_in_law(name, scale, bias_variance):
    setting = Setting(24, 5, 1.0, bias_variance)
    x = torch.full((2, 1), scale**0.5, dtype=torch.float64)
    one = sampled(name, setting, 3000, x, exact, "exact")[..., 0]
    other = sampled(name, setting, 3000, x, brute_force, "brute")[..., 0]
    for layer in range(1, 6):
        assert scipy.stats.ks_2samp(one[:, layer], other[:, layer]).pvalue > SIGNIFICANCE


def test_several_inputs_have_the_joint_law_of_brute_force():
    x = torch.tensor([[1.0, 0.2, -0.5, 1.0], [0.0, 0.7, 0.3, 0.1]], dtype=torch.float64)
    setting = Setting(16, 3, 1.5)
    one, other = (sampled("relu2", setting, 3000, x, rule, rule.__name__)[:, -1] for rule in (exact, brute_force))
    for first, second in ((0, 1), (1, 2), (0, 3)):
        assert scipy.stats.ks_2samp(one[:, first], other[:, first]).pvalue > SIGNIFICANCE
        differences = one[:, first] - one[:, second], other[:, first] - other[:, second]
        assert scipy.stats.ks_2samp(*differences).pvalue > SIGNIFICANCE


def test_more_inputs_than_neurons_are_no_problem():
    x = torch.from_numpy(numpy_generator("x").standard_normal((2, 40)))
    found = sampled("abs", Setting(8, 4, 1.0), 50, x)
    assert np.isfinite(found).all()


def test_an_input_that_no_neuron_sees_has_kernel_zero_from_there_on():
    found = sampled("relu2", Setting(2, 6, 1.0), 200)[..., 0]
    dead = found == -np.inf
    assert dead[:, -1].mean() > 0.5
    assert (np.diff(dead.astype(int), axis=1) >= 0).all()
    assert not np.isnan(found).any()


def test_log_domain_agrees_with_plain_numbers_and_goes_on_where_they_overflow():
    x = torch.full((2, 1), 1.7, dtype=torch.float64)
    plain = {**CUSTOM, "almost_relu2": "relu(x)**2 + 0*x"}
    logs = sampled("relu2", Setting(32, 12, 1.0), 20, x)[..., 0]
    activation = torch_activation(activations.get("almost_relu2", plain))
    assert homogeneous(activation.symbolic) is not None
    theory = homogeneous(activations.get("relu2"))
    assert logs[:, -1].max() > 800
    steps = np.diff(logs, axis=1)[:, 1:] - 2 * np.diff(logs, axis=1)[:, :-1]
    assert np.isfinite(logs).all()
    assert abs(np.median(steps)) < 1  # the log of the kernel doubles from layer to layer, up to fluctuations
    assert logs[:, 1].mean() == pytest.approx(np.log(theory.second_moment(2.89)), abs=0.3)


def test_kernels_that_overflow_are_infinite_and_stay_so():
    found = sampled("mrepu2", Setting(16, 10, 2.0), 10)[..., 0]
    assert (found[:, -1] == np.inf).all()
    assert not np.isnan(found).any()
    assert (np.diff((found == np.inf).astype(int), axis=1) >= 0).all()


def test_scale_invariant_kernels_have_the_mean_of_infinite_width_at_every_width():
    kernels = np.exp(sampled("relu", Setting(16, 6, 2.0), 20_000)[..., 0])
    mean = mean_estimate(kernels)
    assert (abs(mean.value - 2.0) < 5 * mean.error + 1e-12).all()


def deviations(width, networks=20_000, layers=7):
    """Measured over predicted minus 1 of V and of the mean, with standard errors, layers from 2 on."""
    x = torch.full((2, 1), 0.05, dtype=torch.float64)
    kernels = np.exp(sampled("mrepu2", Setting(width, layers - 1, 1.0), networks, x, stream=width)[..., 0])
    theory = EffectiveTheory(activations.get("mrepu2")).finite_width(0.0025, 1.0, 0.0, layers)
    spread, mean = variance_estimate(kernels), mean_estimate(kernels)
    vertex = width / theory.vertex[1:]
    expected = theory.kernel + theory.mean_correction / width
    return (
        (vertex * spread.value[1:] - 1, vertex * spread.error[1:]),
        ((mean.value / expected - 1)[1:], (mean.error / expected)[1:]),
    )


def test_vertex_agrees_with_theory_and_the_rest_is_of_the_next_order_in_the_width():
    (wide, wide_error), _ = deviations(512)
    (narrow, narrow_error), _ = deviations(256)
    assert (abs(wide[:4]) < 0.05).all()
    assert wide_error.max() < 0.02
    assert (abs(narrow - 2 * wide) < 5 * np.hypot(narrow_error, 2 * wide_error)).all()
    assert narrow[-1] > 5 * narrow_error[-1]


def test_mean_agrees_with_theory_to_next_order():
    _, (mean, error) = deviations(512)
    assert (abs(mean) < 5 * error).all()


def test_a_shard_is_the_same_whatever_came_before():
    setting = Setting(16, 3, 1.0)
    assert (sampled("tanh", setting, 30) == sampled("tanh", setting, 30)).all()
