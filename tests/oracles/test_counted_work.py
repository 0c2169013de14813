"""Counted work of the hot paths: counts exceeded by slower versions, independent of the machine."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from benchmarks import hot_paths
from benchmarks.hot_paths import HOT_PATHS
from builders import network, parameters, problem
from counting import Counted, work
from project import ROOT
from rectified.effective_theory.kernel_sampling import SAMPLERS, Setting, sample_log_kernels
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.optimization import training_loop
from rectified.optimization.levenberg_marquardt import LevenbergMarquardt
from rectified.optimization.optimizers import Adam
from rectified.ritz import loss_landscape
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.fast_grid_energy import FastGridEnergy
from rectified.ritz.gradients import FiniteDifference
from rectified.ritz.quadrature import UniformGrid

# Operator calls at the default sizes; lower a number here when the code calls fewer operators.
CALLS = {
    "Deep Ritz step": 42,
    "kink-aware gradient": 108,
    "plane of the landscape": 324,
    "Hessian and eigenpairs": 102,
    "kernel ensemble": 491,
    "ensemble training step": 71,
    "Burgers step": 381,
}
SMALL = {
    hot_paths.ritz_step: {"seeds": 2, "width": 10, "points": 50},
    hot_paths.kink_aware_gradient: {"seeds": 2, "width": 10},
    hot_paths.kernels: {"networks": 2, "width": 16, "layers": 2},
    hot_paths.landscape_plane: {"width": 5, "points": 50, "offsets": 5},
    hot_paths.ensemble_step: {"networks": 2, "width": 16, "layers": 2, "points": 50},
    hot_paths.burgers_step: {"networks": 2, "width": 16, "layers": 2, "points": 50},
}
PARALLEL = [(build, name) for build, sizes in SMALL.items() for name in sizes if name != "layers"]
DEEP = [build for build, sizes in SMALL.items() if "layers" in sizes]
ARRAYS = {hot_paths.burgers_step: 40, hot_paths.ensemble_step: 12}  # arrays of neurons × points per hidden layer


@pytest.mark.parametrize("path", [path for path in HOT_PATHS if path.name in CALLS], ids=lambda path: path.name)
def test_number_of_operator_calls_does_not_increase(path):
    assert work(path.build(**path.sizes)).calls <= CALLS[path.name]


@pytest.mark.parametrize(("build", "size"), PARALLEL, ids=lambda value: getattr(value, "__name__", value))
def test_number_of_operator_calls_does_not_depend_on_seeds_neurons_and_points(build, size):
    usual = SMALL[build]
    larger = {**usual, size: 3 * usual[size]}
    assert work(build(**larger)).calls == work(build(**usual)).calls


@pytest.mark.parametrize("build", DEEP, ids=lambda build: build.__name__)
def test_every_additional_layer_adds_the_same_number_of_calls(build):
    two, three, four, five = (work(build(**{**SMALL[build], "layers": layers})).calls for layers in (2, 3, 4, 5))
    assert three - two == four - three == five - four > 0


@pytest.mark.parametrize("build", ARRAYS, ids=lambda build: build.__name__)
def test_memory_per_layer_is_a_few_arrays_of_neurons_and_points(build):
    sizes = {"networks": 2, "width": 16, "points": 200}
    shallow, deep = (work(build(**sizes, layers=layers)).allocated for layers in (2, 6))
    array = 4 * sizes["networks"] * sizes["width"] * sizes["points"]
    assert (deep - shallow) / 4 <= ARRAYS[build] * array


def test_landscape_plane_evaluates_each_of_its_points_once():
    net = network("relu", width=5)
    energy = Counted(FastGridEnergy(RitzEnergy(problem(), net, UniformGrid(50))))
    theta, offsets = parameters(net, 1)[0], torch.linspace(-1, 1, 7, dtype=torch.float64)
    vectors = torch.eye(net.parameters, dtype=torch.float64)
    loss_landscape.planes(energy, theta, vectors, [(1, 2), (1, 3)], offsets, 50)
    assert energy.rows == 2 * 7**2


def test_central_differences_evaluate_two_energies_per_parameter():
    net = network("tanh", width=6)
    energy = Counted(RitzEnergy(problem(), net, UniformGrid(50)))
    theta = parameters(net, 3)
    FiniteDifference(energy, 1e-2, 50, net)(theta)
    assert energy.rows == len(theta) * (2 * net.parameters + 1)


class CountedGenerator(np.random.Generator):
    """A generator of normal numbers that counts its samples."""

    numbers = 0

    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        self.numbers += int(np.prod(shape))
        return super().standard_normal(shape)


@pytest.mark.parametrize("inputs", [1, 3])
def test_exact_sampling_draws_one_number_per_neuron_and_input_and_brute_force_one_per_weight(inputs):
    networks, width, layers, components = 4, 20, 3, 5
    x = torch.ones(networks, components, inputs, dtype=torch.float64).cumsum(2).cumsum(1)
    numbers = {}
    for name, sampler in SAMPLERS.items():
        random = CountedGenerator(np.random.PCG64(0))
        setting = Setting(width, layers, 1.0)
        sample_log_kernels(torch_activation(activations.get("tanh")), setting, x, random, sampler)
        numbers[name] = random.numbers
    assert numbers["exact"] == networks * layers * width * inputs
    assert numbers["brute_force"] == networks * width * (components + (layers - 1) * width)


class CountedSystem:
    """A linear system of residuals that counts its linearizations and evaluations."""

    def __init__(self):
        self.linearizations = self.evaluations = 0
        random = torch.Generator().manual_seed(1)
        self.matrix = torch.randn(20, 6, generator=random, dtype=torch.float64)

    def linearized(self, row, theta):
        self.linearizations += 1
        return self._values(theta), self.matrix.T

    def residuals(self, row, theta):
        self.evaluations += 1
        return self._values(theta)

    def _values(self, theta):
        return self.matrix @ theta[0] - 1


def test_levenberg_marquardt_step_takes_one_jacobian_and_one_residual_per_trial():
    system = CountedSystem()
    optimizer = LevenbergMarquardt(torch.zeros(1, 6, dtype=torch.float64), system)
    for _ in range(5):
        optimizer.step(lambda theta: (theta, theta), torch.ones(1, dtype=torch.bool), 0.0)  # the gradient is not used
    assert system.linearizations == 5
    assert system.evaluations == 5  # for a linear system every first trial is accepted


def test_training_takes_one_gradient_per_step_and_one_per_record():
    gradient = Counted(lambda theta: (theta.square().sum(1), 2 * theta))
    schedule = training_loop.Schedule(epochs=50, learning_rate=1e-3, record_every=10)
    training_loop.train(Adam(torch.ones(3, 4)), gradient, lambda theta: {}, schedule)
    assert gradient.calls == 50 + 5 + 1


@pytest.mark.parametrize(
    "imports",
    [
        [  # one process imports them in this order
            ("reproduction.exhibits.tables.table_page", "torch scipy.stats matplotlib"),
            ("reproduction.exhibits.figures.figure_page", "torch scipy.stats scipy.optimize sklearn"),
        ],
        [
            ("reproduction.jobs.setup.ritz", "matplotlib scipy.stats sklearn torch._dynamo"),
            ("reproduction.jobs.pinn", "matplotlib scipy.stats sklearn torch._dynamo"),
        ],
    ],
)
def test_jobs_do_not_import_packages_that_they_do_not_use(imports):
    code = "import sys\n" + "\n".join(
        f"import {module}; print(*[('{module}', name) for name in {packages.split()} if name in sys.modules])"
        for module, packages in imports
    )
    environment = {"PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
