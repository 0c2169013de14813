"""Fully connected networks: their gradient, their initial distribution, and the jobs that train them."""

import numpy as np
import pytest
import torch

from builders import CUSTOM
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.optimization.mean_squared_error import LeastSquares
from reproduction.config.job import Job
from reproduction.jobs import ensemble_training, regression
from reproduction.jobs.regression import RegressionTraining
from reproduction.storage.checkpoints import CheckpointFile

WAVE = {"function": "sin(pi*x) + y**2", "domain": [[-1, 1], [-1, 1]]}
CUBE = {"function": "x**3 - 2*x + 1", "domain": [[-2, 2]]}


def mlp(name="tanh", inputs=2, width=7, hidden_layers=3) -> MLP:
    return MLP(inputs, width, hidden_layers, torch_activation(activations.get(name, CUSTOM)))


def job(target=WAVE, **settings) -> Job:
    settings = {"document": "d", "activation": "tanh", "target": "t"} | settings
    formula = activations.get(settings["activation"], CUSTOM).formula
    fixed = {"tier": "test", "threads": 1, "experiment": "e", "case": "c"}
    return Job.model_validate(fixed | {"settings": settings, "target": target, "formula": formula})


def ensemble_job(**settings) -> Job:
    sizes = {"width": 12, "hidden_layers": 3, "networks": 4, "shard": 4, "epochs": 20, "record_every": 10}
    return job(**{"task": "ensemble_training", "test_samples": 60, "probes": 20} | sizes | settings)


def trained_shard(job: Job, shard: int = 0):
    ready = ensemble_training.training(job, {}, shard=shard)
    return ready.fields(ready.run())


def regression_job(target=CUBE, **settings) -> Job:
    sizes = {"width": 8, "hidden_layers": 2, "seeds": 3, "epochs": 30, "record_every": 10}
    return job(target, **{"task": "regression"} | sizes | settings)


@pytest.mark.parametrize("name", ["relu", "mrepu2", "gelu", "mish"])
@pytest.mark.parametrize(("hidden_layers", "sets"), [(1, 1), (3, 1), (3, 3)])
def test_gradient_agrees_with_automatic_differentiation(name, hidden_layers, sets):
    network = mlp(name, hidden_layers=hidden_layers)
    theta = initial_parameters(network, range(3), [1.0] * network.layers, 0.1, "tests")
    random = torch.Generator().manual_seed(0)
    x = torch.randn(sets, 2, 20, generator=random, dtype=torch.float64)
    loss = LeastSquares(network, x, x.prod(1))
    value, gradient = loss(theta)
    theta.requires_grad_()
    expected = loss.objective(theta)
    (automatic,) = torch.autograd.grad(expected.sum(), theta)
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(gradient, automatic)


def test_single_network_equals_the_same_network_in_an_ensemble():
    network = mlp("mrepu2")
    theta = initial_parameters(network, range(4), [0.5] * network.layers, 0.0, "tests")
    alone = initial_parameters(network, [2], [0.5] * network.layers, 0.0, "tests")
    assert (theta[2] == alone[0]).all()
    x = torch.linspace(-1, 1, 22, dtype=torch.float64).view(1, 2, 11)
    torch.testing.assert_close(network.output(theta, x)[2], network.output(alone, x)[0])


def test_initial_parameters_have_their_variances():
    network = mlp(width=200, hidden_layers=2)
    blocks = network.blocks(initial_parameters(network, range(20), [0.3, 0.8, 0.8], 0.25, "tests"))
    for name, variance in (("W1", 0.3 / 2), ("W2", 0.8 / 200), ("W3", 0.8 / 200), ("b1", 0.25), ("b3", 0.25)):
        found = blocks[name].square().mean() / variance
        assert abs(found - 1) < 5 * (2 / blocks[name].numel()) ** 0.5


def test_statistics_of_an_untrained_ensemble_agree_with_theory():
    settings = {"activation": "mrepu2", "width": 256, "weight_variance": 0.9, "precision": "float64"}
    ready = ensemble_training.training(ensemble_job(**settings, networks=60, shard=60), {})
    ready.probes = torch.full((1, 2, 1), 0.05, dtype=torch.float64)
    found = ready.measures(ready.initial())
    theory = EffectiveTheory(activations.get("mrepu2"))
    expected = theory.finite_width(0.9 * 0.0025, 0.9, 0.0, 3)
    kernels = found["kernel"][..., 0].numpy()
    error = kernels.std(0, ddof=1) / np.sqrt(len(kernels))
    assert (abs(kernels.mean(0) - expected.kernel) < 5 * error).all()
    perpendicular = theory.susceptibility_perpendicular(expected.kernel, 0.9)
    np.testing.assert_allclose(found["susceptibility"].mean(0), perpendicular, rtol=0.02)


@pytest.mark.parametrize("run", ["ensemble", "regression"])
def test_resumed_job_is_bit_identical(run, tmp_path, caplog):
    def go(epochs, checkpoint):
        if run == "ensemble":
            ready = ensemble_training.training(ensemble_job(epochs=epochs, optimizer="adam"), {})
        else:
            ready = regression.training(regression_job(epochs=epochs, batch=40), {})
        return ready.fields(ready.run(checkpoint))

    checkpoint = CheckpointFile(tmp_path / "state.safetensors", 0.0, "work")
    go(10, checkpoint)
    assert checkpoint.path.exists()
    with caplog.at_level("INFO"):
        resumed = go(20, checkpoint)
    assert "resuming at epoch 10" in caplog.text
    assert resumed.equals(go(20, None))


def test_pairs_of_a_layer_agree_with_their_definition():
    ready = ensemble_training.training(ensemble_job(width=5, precision="float64", networks=2, shard=2), {})
    theta, probes = ready.initial(), torch.rand(1, 2, 3, dtype=torch.float64)
    ready.probes = probes
    found = ready.measures(theta)
    for layer, z in enumerate(ready.network.preactivations(theta, probes)[:-1]):
        pairs = [z[:, i] ** 2 * z[:, j] ** 2 for i in range(5) for j in range(5) if i != j]
        torch.testing.assert_close(found["pairs"][:, layer], torch.stack(pairs).mean(0))
        torch.testing.assert_close(found["kernel"][:, layer], z.square().mean(1))


def test_shards_are_parts_of_one_ensemble():
    whole = trained_shard(ensemble_job(networks=4, shard=4))
    parts = [trained_shard(ensemble_job(networks=4, shard=2), shard) for shard in (0, 1)]
    for shard, part in enumerate(parts):
        np.testing.assert_allclose(part.output, whole.output[2 * shard : 2 * shard + 2], rtol=1e-4, atol=1e-5)
        assert part.network.values.tolist() == [2 * shard, 2 * shard + 1]


def test_network_that_overflows_is_recorded_and_frozen():
    found = trained_shard(ensemble_job(activation="relu3", weight_variance=40.0, hidden_layers=5))
    assert (found.diverged_at >= 0).all()
    assert np.isnan(found.output).all()


def test_regression_learns_the_function_and_its_derivative():
    ready = regression.training(regression_job(epochs=1500, width=16, learning_rate=5e-3, record_every=500), {})
    fields = ready.fields(ready.run())
    assert float(fields.value_error.max()) < 0.05
    assert float(fields.gradient_error.max()) < 0.2
    assert float(fields.gradient_error.min()) > float(fields.value_error.min())


def test_gradients_off_the_grid_agree_with_finite_differences():
    ready = RegressionTraining(regression_job(WAVE))
    theta = ready.setup.initial(range(2))
    x = np.random.default_rng(0).uniform(-1, 1, (2, 9))
    value, gradient = ready.with_gradient(theta, x)
    for axis in range(2):
        step = np.zeros((2, 1))
        step[axis] = 1e-5
        ahead, behind = (ready.with_gradient(theta, x + sign * step)[0] for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, axis], (ahead - behind) / 2e-5, rtol=1e-6, atol=1e-8)
    assert value.shape == (2, 9)


def test_minibatches_depend_only_on_epoch_and_seed():
    ready = RegressionTraining(regression_job(batch=10))
    theta = ready.setup.initial(range(3))
    batches = []
    for epoch in (3, 4, 3):
        ready.redraw(epoch, theta * epoch)
        batches.append(ready.objective.x.clone())
    assert (batches[0] == batches[2]).all()
    assert (batches[0] != batches[1]).any()
    assert batches[0].shape == (3, 1, 10)
    assert (batches[0][0] != batches[0][1]).any()
    alone = RegressionTraining(regression_job(batch=10, seeds=1))
    alone.redraw(3, theta[:1])
    assert (alone.objective.x == batches[0][:1]).all()
