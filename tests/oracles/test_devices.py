"""Devices: every task on a simulated second device, with the results of the CPU; selection of a device."""

import logging
import os
from contextlib import suppress

import numpy as np
import pytest
import torch
import xarray as xr
from test_collocation import PROBLEMS, VARIANTS

from builders import job_of
from reproduction.config.errors import ConfigError
from reproduction.jobs import collocation, ensemble_training, kernel_ensemble, regression, ritz
from reproduction.jobs.pinn import PinnTraining
from reproduction.jobs.setup import devices
from reproduction.storage.checkpoints import CheckpointFile
from simulated_device import DEVICE, simulated_device

EPOCHS, HALF = 6, 3
RITZ = {"activation": "relu", "width": 6, "seeds": 2, "points": 20, "record_every": 2}
NEWTON = RITZ | {"gradient": "kink_aware", "optimizer": "projected_newton", "width": 3, "panels": 2}
SIZES = {"width": 6, "hidden_layers": 2, "record_every": 2, "activation": "gelu"}
PINN = SIZES | {"seeds": 2, "collocation_points": 40, "initial_points": 8, "boundary_points": 8}
COLLOCATION = {"width": 9, "hidden_layers": 2, "record_every": 2, "seeds": 2, "problem": "poisson"}
COLLOCATION |= {"collocation_points": 64, "boundary_points": 16, "initial_points": 10, "final_learning_rate": None}

TRAININGS = {
    "ritz_autodiff": ("ritz", RITZ),
    "ritz_smooth": ("ritz", RITZ | {"activation": "tanh", "gradient": "kink_aware"}),
    "ritz_discrete_delta": ("ritz", RITZ | {"gradient": "discrete_delta", "activation": "abs"}),
    "ritz_finite_difference": ("ritz", RITZ | {"gradient": "finite_difference"}),
    "ritz_finite_difference_deep": ("ritz", RITZ | {"gradient": "finite_difference", "hidden_layers": 2}),
    "ritz_leibniz": ("ritz", RITZ | {"gradient": "kink_aware"}),
    "ritz_leaky": ("ritz", RITZ | {"gradient": "kink_aware", "activation": "leaky_relu"}),
    "ritz_deep": ("ritz", RITZ | {"gradient": "kink_aware", "hidden_layers": 2}),
    "ritz_deep_smooth": ("ritz", RITZ | {"activation": "relu2", "hidden_layers": 2}),
    "ritz_sgd": ("ritz", RITZ | {"optimizer": "sgd", "learning_rate": 1e-3}),
    "ritz_lbfgs": ("ritz", RITZ | {"gradient": "kink_aware", "optimizer": "lbfgs"}),
    "ritz_newton": ("ritz", NEWTON),
    "ritz_block_newton": ("ritz", NEWTON | {"optimizer": "block_newton", "initialization": "stratified"}),
    "ritz_fit": ("ritz", RITZ | {"objective": "regression"}),
    "ritz_fit_moving": ("ritz", RITZ | {"objective": "regression", "gradient": "kink_aware"}),
    "ritz_diverging": ("ritz", RITZ | {"optimizer": "sgd", "learning_rate": 1e200}),
    "regression": ("regression", SIZES | {"seeds": 2}),
    "regression_batch": ("regression", SIZES | {"seeds": 2, "batch": 30, "activation": "mrepu2", "optimizer": "sgd"}),
    "ensemble": ("ensemble_training", SIZES | {"networks": 3, "shard": 3, "activation": "relu2"}),
    "ensemble_diverging": (
        "ensemble_training",
        SIZES | {"networks": 3, "shard": 3, "activation": "relu3", "weight_variance": 40.0, "hidden_layers": 5},
    ),
    "pinn": ("pinn", PINN),
    "pinn_batch": ("pinn", PINN | {"batch": 20, "activation": "mrepu2", "weight_variance": 0.3}),
    "pinn_marquardt": (
        "pinn",
        PINN | {"optimizer": "levenberg_marquardt", "precision": "float64", "candidates": 80, "redraw_every": 3},
    ),
    **{f"collocation_{name}": ("collocation", COLLOCATION | changes) for name, changes in VARIANTS.items()},
}
KERNELS = {"activation": "relu2", "widths": [8, 12], "hidden_layers": 3, "networks": 5, "shard": 3}
ENSEMBLES = {
    "homogeneous": KERNELS,
    "data": KERNELS | {"data": 4},
    "biases": KERNELS | {"activation": "tanh", "bias_variance": 0.1},
    "brute_force": KERNELS | {"activation": "mrepu2", "sampling": "brute_force"},
}


def trained(name: str, device: torch.device, checkpoint: CheckpointFile | None = None) -> dict:
    """Return parameters, history and fields of a training by name, as NumPy arrays."""
    task, settings = TRAININGS[name]
    job = job_of(task, PROBLEMS, **settings, epochs=EPOCHS)
    if task == "pinn":
        ready = PinnTraining(job, reference(), device)
    else:
        modules = {
            "ritz": ritz,
            "regression": regression,
            "ensemble_training": ensemble_training,
            "collocation": collocation,
        }
        ready = modules[task].training(job, {}, device)
    history = ready.run(checkpoint)
    assert history.theta.device.type == torch.device(device).type
    return arrays(ready.fields(history)) | history.records | {"theta": history.theta.numpy(force=True)}


class Interruption(Exception):
    """The end of a training after half of its epochs."""


def interrupted(name: str, device: torch.device, checkpoint: CheckpointFile) -> None:
    """Train until the checkpoint of half of the epochs, or of the next one that is saved, is written."""

    class Until(CheckpointFile):
        def save(self, state: dict) -> None:
            super().save(state)
            if state["epoch"] >= HALF:
                raise Interruption

    with suppress(Interruption):  # not raised if all networks diverge before
        trained(name, device, Until(checkpoint.path, checkpoint.seconds, checkpoint.identity))


def arrays(data: xr.Dataset) -> dict[str, np.ndarray]:
    return {name: array.values for name, array in data.data_vars.items()}


def reference() -> xr.Dataset:
    """Return a reference field; its values do not matter."""
    x, t = np.linspace(-1, 1, 9), np.linspace(0, 1, 5)
    return xr.Dataset({"exact": (("t", "x"), np.cos(t)[:, None] * np.sin(np.pi * x)), "x": x, "t": t})


def assert_same_bits(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].dtype == values.dtype, name
        np.testing.assert_array_equal(found[name], values, err_msg=name)


# --- the simulated device ----------------------------------------------------------------------------


def test_simulated_device_computes_and_keeps_results_on_the_device():
    with simulated_device() as device:
        x = torch.arange(6.0).view(2, 3).to(device)
        assert x.device == (x + 1).device == torch.zeros(2, device=device).device == DEVICE
        assert torch.equal(torch.tensor([1.0, 2.0], device=device).cpu(), torch.tensor([1.0, 2.0]))
        x[0] = 2 * x[1]
        assert x.cpu().tolist() == [[6, 8, 10], [3, 4, 5]]
        assert float(x.sum()) == 36
        assert bool((x > 9).any())
        row = x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad((row**2).sum(), row)
        assert torch.equal(gradient.cpu(), 2 * x.cpu())
        curvature = torch.func.jvp(torch.func.grad(lambda r: (r**3).sum()), (x[0],), (torch.ones_like(x[0]),))[1]
        assert torch.equal(curvature.cpu(), 6 * x[0].cpu())


@pytest.mark.parametrize(
    "mistake",
    [
        lambda there, here: there + here,
        lambda there, here: here * there[0],
        lambda there, here: torch.where(there > 0, there, here),
        lambda there, here: there[here.long()],
        lambda there, here: torch.cat([there, here]),
        lambda there, here: torch.stack([there[0], here[0]]),
        lambda there, here: there.add_(here),
        lambda there, here: torch.outer(here, there),
    ],
)
def test_simulated_device_rejects_mixed_devices(mistake):
    with simulated_device() as device, pytest.raises(RuntimeError, match="on the CPU and on the simulated device"):
        mistake(torch.ones(3).to(device), torch.ones(3))


def test_simulated_device_rejects_operations_that_cuda_does_not_implement():
    with simulated_device() as device:
        matrix = torch.eye(3).to(device)
        with pytest.raises(TypeError, match="numpy"):
            matrix.numpy()
        with pytest.raises(RuntimeError, match="gelsd"):
            torch.linalg.lstsq(matrix, matrix, driver="gelsd")
        assert matrix.numpy(force=True).tolist() == np.eye(3).tolist()
        assert torch.equal((matrix * torch.tensor(2.0)).cpu(), 2 * torch.eye(3))


# --- every task on it --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRAININGS)
def test_training_equals_that_of_the_cpu_and_resumes_from_checkpoints_of_either_device(name, tmp_path, caplog):
    def checkpoint(file: str) -> CheckpointFile:
        return CheckpointFile(tmp_path / file, 0.0, "this work")

    whole = trained(name, torch.device("cpu"))
    interrupted(name, torch.device("cpu"), checkpoint("from the CPU"))
    with simulated_device() as device, caplog.at_level(logging.INFO):
        interrupted(name, device, checkpoint("from there"))
        assert (tmp_path / "from there").read_bytes() == (tmp_path / "from the CPU").read_bytes()
        assert_same_bits(trained(name, device, checkpoint("from the CPU")), whole)
    with caplog.at_level(logging.INFO):
        assert_same_bits(trained(name, torch.device("cpu"), checkpoint("from there")), whole)
    assert caplog.text.count("resuming at epoch") == 2


@pytest.mark.parametrize("name", ENSEMBLES)
def test_kernels_equal_those_of_the_cpu(name):
    job = job_of("kernel_ensemble", **ENSEMBLES[name])
    with simulated_device() as device:
        found = arrays(kernel_ensemble.sampled_kernels(job, device))
    assert_same_bits(found, arrays(kernel_ensemble.sampled_kernels(job)))


# --- the choice of a device --------------------------------------------------------------------------


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["cpu", "auto"])
def test_cpu_is_selected_without_a_gpu(name):
    chosen = devices.select(name)
    assert chosen == torch.device("cpu")
    assert devices.label(chosen) == "cpu"
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cuda", "device must be 'cpu' or 'auto' on a machine without a GPU for torch; got 'cuda'"),
        ("gpu", "device: unknown value 'gpu'; did you mean 'cpu'?"),
    ],
)
def test_unavailable_device_is_rejected_with_a_one_line_message(name, sentence):
    with pytest.raises(ConfigError) as refused:
        devices.select(name)
    assert str(refused.value) == sentence


@pytest.fixture
def a_gpu(monkeypatch):
    """Make torch report a GPU, and restore its settings afterwards."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    settings = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [setting.allow_tf32 for setting in settings]
    for setting in settings:
        setting.allow_tf32 = True
    yield
    torch.use_deterministic_algorithms(False)
    for setting, value in zip(settings, before):
        setting.allow_tf32 = value


@pytest.mark.usefixtures("a_gpu")
@pytest.mark.parametrize("name", ["cuda", "auto"])
def test_gpu_is_selected_and_made_deterministic(name):
    chosen = devices.select(name)
    assert chosen == torch.device("cuda")
    assert devices.label(chosen) == "a GPU"
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32


@pytest.mark.usefixtures("no_gpu")
def test_results_name_the_device_that_computed_them():
    found = kernel_ensemble.kernel_ensemble(job_of("kernel_ensemble", **KERNELS), {}, "auto")
    assert found.attrs == {"device": "cpu"}
