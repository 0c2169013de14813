"""The Burgers PINN: loss and gradients against plain torch, minibatches, compilation, Levenberg–Marquardt."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from builders import CUSTOM
from rectified.errors import InvalidInputError
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.optimization import optimizers
from rectified.optimization.levenberg_marquardt import LevenbergMarquardt, lower_gram
from rectified.optimization.training_loop import Schedule, train
from rectified.pinn.adaptive_residuals import AdaptiveResiduals
from rectified.pinn.mlp_loss import MLPLoss
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.pinn.relative_error import RelativeError
from rectified.problems.burgers import BurgersProblem
from reproduction.storage.checkpoints import CheckpointFile

PROBLEM = BurgersProblem()
ACTIVATIONS = ["tanh", "gelu", "mrepu2", "relu2", "relu", "mish"]


def relative_error(net: MLP) -> RelativeError:
    x, t = np.linspace(-1, 1, 256), np.linspace(0, 1, 101)
    return RelativeError(net, x, t, PROBLEM.reference(x, t))


def network(activation: str = "tanh", width: int = 8, hidden_layers: int = 3) -> MLP:
    return MLP(2, width, hidden_layers, torch_activation(activations.get(activation, CUSTOM)))


def parameters(net: MLP, seeds: int = 2, variance: float = 0.8) -> torch.Tensor:
    return initial_parameters(net, range(seeds), [variance] * net.layers, 0.1, "tests")


def residuals(net: MLP, **numbers) -> MLPResiduals:
    return MLPResiduals(PROBLEM, net, stream="burgers", **({"initial": 12, "boundary": 9} | numbers))


def nothing(theta):
    return {}


def plain_loss(net: MLP, row: torch.Tensor, x: torch.Tensor, pinn: MLPResiduals, weights=(1.0, 1.0)):
    """Return the loss of one network in plain torch, by nested automatic differentiation."""

    def u_of(inputs: torch.Tensor) -> torch.Tensor:
        return net.output(row[None], inputs[None])[0]

    x = x.clone().requires_grad_(True)
    u = u_of(x)
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    ddu = torch.zeros_like(x)
    if net.activation.symbolic.name != "relu":
        (ddu,) = torch.autograd.grad(du[0].sum(), x, create_graph=True)
    r = du[1] + u * du[0] - 0.01 / torch.pi * ddu[0]
    initial, boundary = (pinn.conditions[0][:, part] for part in (slice(0, 12), slice(12, None)))
    assert (initial[1] == 0).all()
    assert (boundary[0].abs() == 1).all()
    off_start = u_of(initial) + torch.sin(torch.pi * initial[0])
    return (r**2).mean() + weights[0] * (off_start**2).mean() + weights[1] * (u_of(boundary) ** 2).mean()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_and_gradient_agree_with_plain_torch(activation):
    net = network(activation)
    pinn = residuals(net, initial_weight=3.0, boundary_weight=0.5)
    loss, theta = MLPLoss(pinn, points=50), parameters(net)
    rows = theta.clone().requires_grad_(True)
    expected = torch.stack([plain_loss(net, row, loss.points[0], pinn, (3.0, 0.5)) for row in rows])
    (slope,) = torch.autograd.grad(expected.sum(), rows)
    value, gradient = loss(theta)
    torch.testing.assert_close(value, expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(loss.objective(theta), expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_agrees_with_finite_differences(activation):
    net = network(activation, width=4, hidden_layers=2)
    step = 1e-6 if net.activation.kink_points else 1e-4  # so short that no unit crosses its kink at a collocation point
    loss, theta = MLPLoss(residuals(net), points=30), parameters(net, variance=0.3)
    _, gradient = loss(theta)
    shifts = step * torch.eye(net.parameters, dtype=torch.float64)
    differences = [
        8 * (loss.objective(theta + s) - loss.objective(theta - s))
        - (loss.objective(theta + 2 * s) - loss.objective(theta - 2 * s))
        for s in shifts
    ]
    expected = torch.stack(differences, 1) / (12 * step)
    assert (gradient - expected).norm() < 1e-7 * expected.norm()


def test_loss_does_not_depend_on_the_size_of_the_parts(monkeypatch):
    net = network()
    loss, theta = MLPLoss(residuals(net), points=97), parameters(net)
    whole = loss(theta)
    monkeypatch.setattr("rectified.pinn.mlp_loss.CHUNK_BYTES", 1 << 14)
    torch.testing.assert_close(loss(theta), whole, rtol=1e-12, atol=1e-14)


def test_single_precision_agrees_with_double():
    net = network("gelu")
    loss, theta = MLPLoss(residuals(net), points=200, batch=100), parameters(net)
    double = loss(theta)
    loss.redraw(3, theta.float())
    assert loss.points.dtype == torch.float32
    value, gradient = loss(theta.float())
    loss.redraw(3, theta)
    double = loss(theta)
    assert value.dtype == gradient.dtype == torch.float32
    torch.testing.assert_close(value.double(), double[0], rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient.double(), double[1], rtol=1e-4, atol=1e-5)


def test_minibatches_depend_only_on_the_epoch_and_are_subsets_of_the_pool():
    net = network()
    whole, loss, other = (MLPLoss(residuals(net), points=100, batch=batch) for batch in (None, 30, 30))
    pool = {tuple(point) for point in whole.points[0].T.tolist()}
    torch.testing.assert_close(loss(parameters(net))[0], loss.objective(parameters(net)), rtol=1e-12, atol=0)
    drawn = {}
    for epoch in (0, 1, 2):
        loss.redraw(epoch, parameters(net))
        drawn[epoch] = loss.points
        assert len({tuple(point) for point in loss.points[0].T.tolist()} & pool) == 30
    assert not torch.equal(drawn[0], drawn[1])
    other.redraw(2, parameters(net, seeds=5) + 1)
    assert torch.equal(other.points, drawn[2])
    loss.redraw(0, parameters(net))
    assert torch.equal(loss.points, drawn[0])


def test_every_seed_has_points_of_its_own_that_depend_on_no_other_seed():
    """Conditions, minibatches and adaptive points of a network are those of its seed alone, with its parameters."""
    net = network()
    theta = parameters(net).repeat(3, 1)[:3]

    def drawn(seeds, rows):
        pinn = residuals(net, seeds=seeds)
        loss, system = MLPLoss(pinn, points=100, batch=30), AdaptiveResiduals(pinn, points=20, candidates=80)
        for points in (loss, system):
            points.redraw(5, rows)
        return pinn.conditions, pinn.targets, loss.points, system.points, system.linearized(len(rows) - 1, rows[-1:])[0]

    *sets, last = drawn((0, 1, 2), theta)
    *own, alone = drawn((2,), theta[2:])
    for values, same in zip(sets, own):
        assert len(values) == 3
        assert all((values[one] != values[other]).any() for one, other in ((0, 1), (0, 2), (1, 2)))
        assert (values[2:] == same).all()
    assert (last == alone).all()


def test_loss_of_seeds_is_that_of_each_seed():
    net = network()
    theta = parameters(net)
    together = MLPLoss(residuals(net, seeds=range(len(theta))), points=40, batch=20)
    together.redraw(3, theta)
    for seed, row in enumerate(theta.split(1)):
        alone = MLPLoss(residuals(net, seeds=[seed]), points=40, batch=20)
        alone.redraw(3, row)
        for values, own in zip(together(theta), alone(row)):
            torch.testing.assert_close(values[seed : seed + 1], own, rtol=1e-12, atol=1e-14)


def test_collocation_points_fill_the_domain_and_the_time():
    problem = BurgersProblem(0.1, (2.0, 5.0), 3.0)
    pinn = MLPResiduals(problem, network(), initial=400, boundary=401)
    x, t = MLPLoss(pinn, points=4000).points[0]
    assert 2 < x.min() < 2.01
    assert 4.99 < x.max() < 5
    assert 0 < t.min() < 0.01
    assert 2.99 < t.max() < 3
    assert pinn.conditions[0, 0, 400:].unique(return_counts=True)[1].tolist() == [201, 200]


def test_relative_error_of_constant_networks():
    net = network(width=20)
    theta = torch.zeros(2, net.parameters, dtype=torch.float32)
    errors = relative_error(net)
    torch.testing.assert_close(errors(theta), torch.ones(2, dtype=torch.float64), rtol=1e-12, atol=0)
    theta[1, -1] = 0.1  # the output bias; u is odd, so that a constant adds to its norm
    norm = errors.exact.square().mean()
    expected = torch.sqrt(1 + torch.tensor(0.1) ** 2 / norm)
    torch.testing.assert_close(errors(theta)[1], expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: MLPResiduals(PROBLEM, MLP(1, 4, 1, network().activation)),
            r"network must have the inputs \('x', 't'\); got 1 inputs",
        ),
        (lambda: residuals(network(), boundary=0), "number of boundary points must be at least 1; got 0"),
        (
            lambda: MLPLoss(residuals(network()), points=10, batch=11),
            "batch must be between 1 and the 10 points of the pool; got 11",
        ),
        (lambda: MLPLoss(residuals(network()), points=10, batch=0), "points of the pool; got 0"),
        (
            lambda: AdaptiveResiduals(residuals(network()), points=10, candidates=9),
            "points must be between 1 and the 9 candidates; got 10",
        ),
    ],
)
def test_invalid_arguments_raise(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()


# --- compilation -------------------------------------------------------------------------------------


COMPILED = """
    import torch
    from rectified.formulas import activations
    from rectified.formulas.torch_activation import torch_activation
    from rectified.networks.mlp import MLP, initial_parameters
    from rectified.pinn.mlp_loss import MLPLoss
    from rectified.pinn.mlp_residuals import MLPResiduals
    from rectified.problems.burgers import BurgersProblem
    net = MLP(2, 8, 1, torch_activation(activations.get("gelu")))
    theta = initial_parameters(net, range(2), [1.0] * 2, 0.1, "tests")
    compiled, eager = (MLPLoss(MLPResiduals(BurgersProblem(), net), 64, compiled=c) for c in (True, False))
    for _ in range(2):
        torch.testing.assert_close(compiled(theta), eager(theta), rtol=1e-9, atol=1e-12)
"""


def in_a_separate_process(**environment: str) -> subprocess.CompletedProcess:
    scripts = Path(__file__).parent.parent.parent / "scripts"
    variables = {"PYTHONPATH": str(scripts), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", textwrap.dedent(COMPILED)]
    return subprocess.run(command, env=os.environ | variables | environment, capture_output=True, text=True)


def test_a_broken_compiler_is_an_error_in_one_sentence(tmp_path):
    done = in_a_separate_process(TORCHINDUCTOR_CACHE_DIR=str(tmp_path), CXX="/nowhere/c++")
    assert done.returncode != 0
    assert "InvalidInputError: compile: torch.compile failed: " in done.stderr.strip().splitlines()[-1]


@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
def test_compiled_and_eager_gradients_agree():
    done = in_a_separate_process()
    assert done.returncode == 0, done.stderr


# --- training ----------------------------------------------------------------------------------------


def test_divergence_beyond_the_largest_safe_weight_variance_of_mrepu_is_recorded():
    net = network("mrepu2", width=64, hidden_layers=7)
    theta = initial_parameters(net, range(3), [0.45] * net.layers, 0.0, "tests").float()
    loss = MLPLoss(residuals(net), points=200, batch=100)
    optimizer = optimizers.build("adam", theta.clone())
    history = train(optimizer, loss, nothing, Schedule(3, 1e-3), redraw=loss.redraw)
    assert history.diverged_at.tolist() == [0, 0, 0]
    assert torch.equal(history.theta, theta)


def test_adam_lowers_the_loss_of_every_network():
    net = network("gelu", width=16)
    loss = MLPLoss(residuals(net), points=400, batch=100)
    theta = parameters(net, seeds=3).float()
    start = loss(theta)[0]
    optimizer = optimizers.build("adam", theta)
    train(optimizer, loss, nothing, Schedule(100, 1e-2, 1e-3), redraw=loss.redraw)
    loss.redraw(0, theta)
    assert (loss(theta)[0] < 0.6 * start).all()


# --- Levenberg–Marquardt -----------------------------------------------------------------------------


class Linear:
    """r = Aθ − b with a known least squares solution; each network has its own b."""

    def __init__(self):
        random = torch.Generator().manual_seed(1)
        self.matrix = torch.randn(12, 5, generator=random, dtype=torch.float64)
        self.right = torch.randn(2, 12, generator=random, dtype=torch.float64)

    def residuals(self, row, theta):
        return self.matrix @ theta[0] - self.right[row]

    def linearized(self, row, theta):
        return self.residuals(row, theta), self.matrix.T


class Rosenbrock:
    """r = (10(y − x²), 1 − x), zero only at (1, 1)."""

    def residuals(self, row, theta):
        x, y = theta[0]
        return torch.stack([10 * (y - x**2), 1 - x])

    def linearized(self, row, theta):
        x, one = theta[0, 0], torch.ones((), dtype=theta.dtype)
        return self.residuals(row, theta), torch.stack([torch.stack([-20 * x, -one]), torch.stack([10 * one, 0 * one])])


def marquardt(theta: torch.Tensor, system, steps: int) -> LevenbergMarquardt:
    optimizer = LevenbergMarquardt(theta, system)
    for _ in range(steps):
        optimizer.step(nothing, torch.ones(len(theta), dtype=torch.bool), 1.0)
    return optimizer


def test_levenberg_marquardt_finds_least_squares_solutions():
    system = Linear()
    found = marquardt(torch.zeros(2, 5, dtype=torch.float64), system, 40).theta
    expected = torch.linalg.lstsq(system.matrix, system.right.T).solution.T
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-9)


def test_levenberg_marquardt_minimizes_the_rosenbrock_function():
    start = torch.tensor([[-1.2, 1.0], [0.0, 3.0]], dtype=torch.float64)
    found = marquardt(start, Rosenbrock(), 40).theta
    torch.testing.assert_close(found, torch.ones_like(found), rtol=0, atol=1e-7)


def test_parameters_are_kept_and_the_damping_is_reset_without_improvement():
    optimizer = marquardt(torch.ones(1, 2, dtype=torch.float64), Rosenbrock(), 100)
    assert (optimizer.theta == 1).all()
    assert optimizer.damping.item() == optimizer.first_damping


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_jacobian_agrees_with_reverse_mode_autodiff(activation):
    net = network(activation)
    pinn = residuals(net, initial_weight=3.0)
    system, theta = AdaptiveResiduals(pinn, points=30, candidates=60), parameters(net)
    system.redraw(0, theta)

    def scaled(row: torch.Tensor) -> torch.Tensor:
        equation = pinn.equation(row[None], system.points[1:])[0] / 30**0.5
        weights = torch.tensor([3 / 12] * 12 + [1 / 9] * 9, dtype=torch.float64)
        return torch.cat([equation, weights.sqrt() * pinn.condition_errors(row[None])[0]])

    r, jacobian = system.linearized(1, theta[1:])
    torch.testing.assert_close(r, scaled(theta[1]), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(r, system.residuals(1, theta[1:]))
    torch.testing.assert_close(jacobian.T, torch.func.jacrev(scaled)(theta[1]), rtol=1e-9, atol=1e-11)


def test_squared_residuals_and_their_gradient_equal_the_loss_and_its_gradient():
    net = network("gelu")
    system, theta = AdaptiveResiduals(residuals(net), points=30, candidates=60), parameters(net)
    system.redraw(0, theta)
    rows = theta.clone().requires_grad_(True)
    expected = system.objective(rows)
    (slope,) = torch.autograd.grad(expected.sum(), rows)
    value, gradient = system(theta)
    torch.testing.assert_close(value, expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=1e-9, atol=1e-12)


def test_adaptive_points_depend_only_on_epoch_and_parameters():
    net = network()
    theta = parameters(net, seeds=3)
    one, other = (AdaptiveResiduals(residuals(net), points=20, candidates=80) for _ in range(2))
    one.redraw(0, theta)
    one.redraw(5, theta)
    other.redraw(5, theta)
    assert torch.equal(one.points, other.points)
    other.redraw(5, theta[1:2])
    assert torch.equal(other.points[0], one.points[1])
    assert not torch.equal(one.points[0], one.points[1])
    other.redraw(6, theta)
    assert not torch.equal(other.points, one.points)


def test_adaptive_points_have_the_documented_density():
    """Compare means of features over the draws with their means under the density ∝ 1 + |r|/mean|r|."""
    net = network("gelu")
    theta = parameters(net, seeds=1, variance=2.0)
    pinn = residuals(net)
    system = AdaptiveResiduals(pinn, points=100, candidates=10_000)
    drawn = []
    for epoch in range(40):
        system.redraw(epoch, theta)
        drawn.append(system.points)
    drawn = torch.cat(drawn, -1)
    even = torch.cartesian_prod(torch.linspace(-1, 1, 401), torch.linspace(0, 1, 201)).T[None].double()
    r = pinn.equation(theta, even)[0].abs()
    density = 1 + r / r.mean()

    def features(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x[0, 0], x[0, 1], x[0, 0] ** 2, pinn.equation(theta, x)[0].abs()])

    expected = (features(even) * density).mean(1) / density.mean()
    spread = features(drawn).std(1) / drawn.shape[-1] ** 0.5
    assert ((features(drawn).mean(1) - expected).abs() < 4 * spread).all()
    assert (features(even).mean(1) - expected)[3].abs() > 10 * spread[3]


def burgers_run(theta: torch.Tensor, net: MLP, epochs: int, points: int = 60, stop_after=None, **more):
    """Run a training with Levenberg–Marquardt and new points every 3 epochs."""
    system = AdaptiveResiduals(residuals(net), points, 2 * points)
    optimizer, linearized, calls = LevenbergMarquardt(theta.clone(), system), system.linearized, 0

    def stopping(row, theta):
        nonlocal calls
        calls += 1
        if stop_after and calls > stop_after:
            raise KeyboardInterrupt
        return linearized(row, theta)

    system.linearized = stopping
    schedule = Schedule(epochs, 1.0, record_every=4, redraw_every=3)
    return train(optimizer, system, nothing, schedule, redraw=system.redraw, **more)


def test_resumed_runs_are_bit_identical(tmp_path):
    net = network(width=6)
    theta = parameters(net)
    checkpoint = CheckpointFile(tmp_path / "state.safetensors", 0.0, "this work")
    whole = burgers_run(theta, net, 20)
    with pytest.raises(KeyboardInterrupt):
        burgers_run(theta, net, 20, stop_after=30, checkpoint=checkpoint)
    assert checkpoint.path.exists()
    resumed = burgers_run(theta, net, 20, checkpoint=checkpoint)
    assert torch.equal(resumed.theta, whole.theta)
    assert np.array_equal(resumed.epochs, whole.epochs)
    assert np.array_equal(resumed.records["objective"], whole.records["objective"])


def test_networks_of_an_ensemble_are_independent():
    net = network(width=6)
    theta = parameters(net, seeds=3)
    one, three = burgers_run(theta[1:2], net, 10), burgers_run(theta, net, 10)
    torch.testing.assert_close(three.theta[1:2], one.theta, rtol=1e-7, atol=1e-9)


def test_network_that_overflows_is_frozen_and_the_others_continue():
    net = network("mrepu2", width=6)
    theta = parameters(net, seeds=3, variance=0.15)
    theta[1] *= 1e100
    history = burgers_run(theta, net, 6)
    healthy = burgers_run(theta[[0, 2]], net, 6)
    assert history.diverged_at.tolist() == [-1, 0, -1]
    assert torch.equal(history.theta[1], theta[1])
    torch.testing.assert_close(history.theta[[0, 2]], healthy.theta, rtol=1e-7, atol=1e-9)


def test_levenberg_marquardt_resolves_the_shock():
    net = network(width=20)
    theta = initial_parameters(net, [0], [1.0] * net.layers, 0.0, "tests")
    pinn = MLPResiduals(PROBLEM, net, initial=80, boundary=40, stream="burgers")
    system = AdaptiveResiduals(pinn, points=600, candidates=2400)
    optimizer = LevenbergMarquardt(theta, system)
    train(optimizer, system, nothing, Schedule(150, 1.0, redraw_every=3), redraw=system.redraw)
    assert relative_error(net)(theta).item() < 2e-2


@pytest.mark.parametrize("rows", [1, 3, 4, 21, 64])
def test_lower_triangle_of_the_gram_matrix(rows):
    matrix = torch.randn(rows, 30, generator=torch.Generator().manual_seed(rows), dtype=torch.float64)
    torch.testing.assert_close(lower_gram(matrix).tril(), (matrix @ matrix.T).tril())
