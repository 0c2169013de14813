"""Ensembles at initialization: exact sampling against brute force, theory, and closed forms."""

import numpy as np
import pytest
import scipy.stats
import torch

from builders import CUSTOM
from rectified.effective_theory import kernel_sampling
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.kernel_sampling import Setting, brute_force, exact, random_signs, sample_log_kernels
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.seeding import numpy_generator
from rectified.statistics.summaries import mean_estimate, variance_estimate
from reproduction.config.job import Job
from reproduction.jobs.kernel_ensemble import sampled_kernels

SIGNIFICANCE = 1e-4  # significance level of each comparison of two distributions; seeds are fixed


def sampled(name, setting, networks, x=None, propagate=exact, stream="tests"):
    activation = torch_activation(activations.get(name, CUSTOM))
    if x is None:
        x = torch.ones(2, 1, dtype=torch.float64)
    return sample_log_kernels(
        activation, setting, x.expand(networks, -1, -1), numpy_generator(stream), propagate
    ).numpy()


@pytest.mark.parametrize(
    ("name", "scale", "bias_variance"),
    [("relu2", 1.0, 0.0), ("mrepu2", 0.01, 0.0), ("tanh", 1.0, 0.1), ("relu", 1.0, 0.2), ("mish", 1.0, 0.0)],
)
def test_exact_sampling_equals_brute_force_in_distribution(name, scale, bias_variance):
    setting = Setting(24, 5, 1.0, bias_variance)
    x = torch.full((2, 1), scale**0.5, dtype=torch.float64)
    one = sampled(name, setting, 3000, x, exact, "exact")[..., 0]
    other = sampled(name, setting, 3000, x, brute_force, "brute")[..., 0]
    for layer in range(1, 6):
        assert scipy.stats.ks_2samp(one[:, layer], other[:, layer]).pvalue > SIGNIFICANCE


@pytest.mark.parametrize(("rule", "fourth_moment"), [(brute_force, 3.0), (random_signs, 3.0 - 2 / 4)])
def test_law_of_the_weights_changes_the_fourth_moment_at_the_order_of_one_over_the_inputs(rule, fourth_moment):
    """Of n₀ signs, E[z⁴] = (3 − 2/n₀)K²; half of it is the second moment of ReLU²."""
    x = torch.ones(4, 1, dtype=torch.float64)
    kernels = np.exp(sampled("relu2", Setting(16, 1, 1.0), 20000, x, rule, rule.__name__)[:, 1, 0])
    assert abs(kernels.mean() - fourth_moment / 2) < 4 * kernels.std() / len(kernels) ** 0.5


def test_several_inputs_have_the_joint_distribution_of_brute_force():
    x = torch.tensor([[1.0, 0.2, -0.5, 1.0], [0.0, 0.7, 0.3, 0.1]], dtype=torch.float64)
    setting = Setting(16, 3, 1.5)
    draws = [sampled("relu2", setting, 3000, x, rule, rule.__name__)[:, -1] for rule in (exact, brute_force)]
    one, other = (draw[np.isfinite(draw).all(1)] for draw in draws)  # without networks whose kernels are 0
    assert min(map(len, (one, other))) > 2990
    for first, second in ((0, 1), (1, 2), (0, 3)):
        assert scipy.stats.ks_2samp(one[:, first], other[:, first]).pvalue > SIGNIFICANCE
        differences = one[:, first] - one[:, second], other[:, first] - other[:, second]
        assert scipy.stats.ks_2samp(*differences).pvalue > SIGNIFICANCE


def test_more_inputs_than_neurons_are_accepted():
    x = torch.from_numpy(numpy_generator("x").standard_normal((2, 40)))
    found = sampled("abs", Setting(8, 4, 1.0), 50, x)
    assert np.isfinite(found).all()


def test_input_that_no_neuron_sees_has_kernel_zero_in_all_later_layers():
    found = sampled("relu2", Setting(2, 6, 1.0), 200)[..., 0]
    dead = found == -np.inf
    assert dead[:, -1].mean() > 0.5
    assert (np.diff(dead.astype(int), axis=1) >= 0).all()
    assert not np.isnan(found).any()


def test_log_domain_agrees_with_plain_numbers_and_continues_after_overflow(monkeypatch):
    x = torch.full((2, 1), 1.7, dtype=torch.float64)
    setting = Setting(32, 12, 1.0)
    logs = sampled("relu2", setting, 20, x)[..., 0]
    monkeypatch.setattr(kernel_sampling, "homogeneous", lambda activation: None)
    plain = sampled("relu2", setting, 20, x)[..., 0]
    np.testing.assert_allclose(plain[:, :7], logs[:, :7], rtol=1e-11, atol=1e-11)
    beyond = plain[:, -1] == np.inf
    assert beyond.any()
    assert np.isfinite(logs).all()
    assert (logs[beyond, -1] > np.log(np.finfo(float).max)).all()


def test_overflowing_kernels_are_infinite_and_remain_so():
    found = sampled("mrepu2", Setting(16, 10, 2.0), 10)[..., 0]
    assert (found[:, -1] == np.inf).all()
    assert not np.isnan(found).any()
    assert (np.diff((found == np.inf).astype(int), axis=1) >= 0).all()


def test_scale_invariant_kernels_have_the_mean_of_infinite_width_at_every_width():
    kernels = np.exp(sampled("relu", Setting(16, 6, 2.0), 20_000)[..., 0])
    mean = mean_estimate(kernels)
    assert (abs(mean.value - 2.0) < 5 * mean.error + 1e-12).all()


def deviations(width, networks=20_000, layers=7):
    """Return V and the mean relative to theory, minus 1, with standard errors, for layers from 2 on."""
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


def test_vertex_agrees_with_theory_up_to_the_next_order_in_the_width():
    (wide, wide_error), _ = deviations(512)
    (narrow, narrow_error), _ = deviations(256)
    assert (abs(wide[:4]) < 0.05).all()
    assert wide_error.max() < 0.02
    assert (abs(narrow - 2 * wide) < 5 * np.hypot(narrow_error, 2 * wide_error)).all()
    assert narrow[-1] > 5 * narrow_error[-1]


def test_mean_agrees_with_theory_to_next_order():
    width, layers, networks = 128, 7, 100_000
    x = torch.full((2, 1), 0.05, dtype=torch.float64)
    mean = mean_estimate(np.exp(sampled("mrepu2", Setting(width, layers - 1, 1.0), networks, x)[..., 0]))
    theory = EffectiveTheory(activations.get("mrepu2")).finite_width(0.0025, 1.0, 0.0, layers)
    correction = theory.mean_correction / width
    beyond = abs(mean.value - theory.kernel)[1:] / mean.error[1:]
    assert beyond[-1] > 5  # the mean differs significantly from the kernel of infinite width
    rest = abs(mean.value - theory.kernel - correction)
    assert (rest < 5 * mean.error + 10 * correction**2 / theory.kernel)[1:].all()


def kernel_job(**settings) -> Job:
    settings = {"document": "d", "task": "kernel_ensemble", "activation": "relu2", "widths": [16]} | settings
    fixed = {"tier": "test", "threads": 1, "experiment": "e", "case": "c", "formula": "relu(x)**2"}
    return Job.model_validate(fixed | {"settings": settings | {"hidden_layers": 3}})


def test_shards_do_not_depend_on_their_number():
    few, many = (sampled_kernels(kernel_job(networks=n, shard=5)).log_kernel for n in (10, 20))
    assert (few == many[:, :, :, :10]).all()
    assert (many[0, 0, 0, :5, -1] != many[0, 0, 0, 5:10, -1].to_numpy()).all()


def test_critical_units_are_those_of_the_input():
    settings = {"in_critical_units": True, "weight_variances": [1, 2], "input_scales": [0.1, 3], "networks": 2}
    found = sampled_kernels(kernel_job(**settings))
    power = homogeneous(activations.get("relu2"))
    np.testing.assert_allclose(found.C_W[0], power.critical_weight_variance(np.array([0.1, 3])))
    np.testing.assert_allclose(found.C_W[1], 2 * found.C_W[0])
    first = np.exp(found.log_kernel[0, 0, :, 0, 0, 0])
    np.testing.assert_allclose(first, power.unstable_kernel(found.C_W[0]), rtol=1e-12)


@pytest.mark.parametrize("name", ["relu2", "relu3", "abs"])
@pytest.mark.parametrize("width", [128, 1024])
def test_explosion_law_has_the_mean_and_spread_of_sampled_sums(name, width):
    """For equal kernels of the first layer, log Ĝ^{L+1} − log K^{L+1} is the sum times p^L; exact as n grows."""
    layers, networks = 5, 4000
    power = homogeneous(activations.get(name))
    logs = sampled(name, Setting(width, layers, 1.0), networks, stream=f"{name}{width}")[:, -1, 0]
    expected = power.log_kernels(0.0, 1.0, layers + 1)[-1]
    sums = (logs - expected) / power.degree**layers
    mean, deviation = power.explosion_law(width, layers)
    excess = (power.moment(4) / power.moment(2) ** 2 - 1) / width
    assert abs(sums.mean() - mean) < 5 * sums.std() / networks**0.5 + excess**2
    assert abs(sums.std() / deviation - 1) < 5 / (2 * networks) ** 0.5 + excess
