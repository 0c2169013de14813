"""The training loop: published outcomes at reduced size, divergence, resumption, independence of seeds."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from builders import network, parameters, problem
from rectified.optimization import optimizers
from rectified.optimization.training_loop import Schedule, train
from rectified.ritz.block_newton import BlockNewton
from rectified.ritz.gradients import ritz_gradient
from reproduction.storage.checkpoints import CheckpointFile

NUMBERS = {"points": 100, "step": 1e-2, "order": 5, "panels": 10}
NEWTON = ["block_newton", "projected_newton"]
OPTIMIZERS = ["adam", "sgd", "lbfgs", *NEWTON]


def nothing(theta):
    return {}


def build(name: str, theta: torch.Tensor, energy):
    if name in NEWTON:
        return BlockNewton(theta, energy, projected=name == "projected_newton")
    return optimizers.build(name, theta)


def run(rule="autodiff", optimizer="adam", epochs=100, rate=5e-3, seeds=3, width=50, start="random", **more):
    net = network("relu", width=width)
    gradient = ritz_gradient(rule, problem(), net, **NUMBERS)
    theta = parameters(net, seeds, start)
    chosen = build(optimizer, theta, gradient.objective)
    history = train(chosen, gradient, nothing, Schedule(epochs, rate, record_every=10), **more)
    return net, history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_lowers_the_energy_of_every_seed(optimizer):
    rate = 1e-3 if optimizer == "sgd" else 5e-3
    _, history = run("kink_aware", optimizer, epochs=30, rate=rate, width=10, start="spread")
    objective = history.records["objective"]
    assert (objective[-1] < objective[0]).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_seeds_of_an_ensemble_are_independent(optimizer):
    _, one = run("kink_aware", optimizer, epochs=15, rate=1e-3, seeds=1, width=8)
    _, three = run("kink_aware", optimizer, epochs=15, rate=1e-3, seeds=3, width=8)
    torch.testing.assert_close(three.theta[:1], one.theta, rtol=1e-7, atol=1e-9)


def smooth_or_with_kinks(optimizer: str, width: int):
    """A network that the optimizer supports, and its gradient."""
    if optimizer in NEWTON:
        net = network("relu", width=width)
        return net, ritz_gradient("kink_aware", problem(), net, **NUMBERS)
    net = network("tanh", width=width)
    return net, ritz_gradient("autodiff", problem(), net, **NUMBERS)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_diverged_seed_is_recorded_and_frozen_and_the_others_continue(optimizer):
    net, plain = smooth_or_with_kinks(optimizer, 6)

    def poisoned(theta):
        """The energy, but NaN for the second seed of three once its weights have changed."""
        value, gradient = plain(theta)
        if len(theta) == 3:
            moved = (theta[1] - start[1]).abs().max() > 0.02
            value = torch.where(torch.tensor([False, bool(moved), False]), torch.nan, value)
        elif torch.equal(theta[0], rows.get(1, torch.zeros(0))):
            value = value * torch.nan
        return value, gradient

    rows: dict[int, torch.Tensor] = {}
    start = parameters(net, seeds=3)
    if optimizer in ("lbfgs", *NEWTON):
        rows[1] = start[1].clone()
    built = build(optimizer, start.clone(), plain.objective)
    history = train(built, poisoned, nothing, Schedule(20, 5e-3, record_every=1))
    alone = build(optimizer, start[[0, 2]].clone(), plain.objective)
    healthy = train(alone, plain, nothing, Schedule(20, 5e-3, record_every=1))
    assert (history.diverged_at[[0, 2]] == -1).all()
    at = int(history.diverged_at[1])
    assert at >= 0
    assert np.isnan(history.records["objective"][at + 1 :, 1]).all()
    assert torch.isfinite(history.theta).all()
    torch.testing.assert_close(history.theta[[0, 2]], healthy.theta, rtol=1e-8, atol=1e-10)


def test_divergence_at_a_large_learning_rate_is_recorded_without_an_error():
    _, history = run(optimizer="sgd", rate=1e6, epochs=60)
    diverged = history.diverged_at >= 0
    assert diverged.any()
    assert torch.isfinite(history.theta).all()
    assert np.array_equal(np.isnan(history.records["objective"][-1]), diverged.numpy())


def test_divergence_in_the_last_step_is_recorded():
    _, history = run(optimizer="sgd", rate=1e6, epochs=4)
    assert np.array_equal(np.isnan(history.records["objective"][-1]), (history.diverged_at >= 0).numpy())
    assert (history.diverged_at >= 0).any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_overflowing_parameters_stop_only_their_own_network(optimizer):
    net, gradient = smooth_or_with_kinks(optimizer, 5)
    theta = parameters(net, seeds=3)
    theta[1] *= 1e200
    history = train(build(optimizer, theta, gradient.objective), gradient, nothing, Schedule(5, 1e-3))
    assert history.diverged_at.tolist() == [-1, 0, -1]


def test_schedule_decays_exponentially_to_the_final_rate():
    schedule = Schedule(100, 1e-2, 1e-4)
    assert schedule.rate(0) == 1e-2
    assert schedule.rate(50) == pytest.approx(1e-3)
    assert schedule.rate(100) == pytest.approx(1e-4)


def interrupted_after(gradient, calls: int):
    """Return the gradient with an interruption after the given number of calls."""
    count = 0

    def stopping(theta):
        nonlocal count
        count += 1
        if count > calls:
            raise KeyboardInterrupt
        return gradient(theta)

    return stopping


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumed_run_is_bit_identical(optimizer, tmp_path):
    net = network("relu", width=6)
    gradient = ritz_gradient("kink_aware", problem(), net, **NUMBERS)
    schedule = Schedule(24, 1e-3, 1e-4, record_every=5)
    checkpoint = CheckpointFile(tmp_path / "state.safetensors", 0.0, "this work")

    def fresh():
        return build(optimizer, parameters(net, seeds=2), gradient.objective)

    whole = train(fresh(), gradient, nothing, schedule)
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), interrupted_after(gradient, 20), nothing, schedule, checkpoint)
    assert checkpoint.path.exists()
    resumed = train(fresh(), gradient, nothing, schedule, checkpoint)
    assert torch.equal(resumed.theta, whole.theta)
    assert np.array_equal(resumed.epochs, whole.epochs)
    assert np.array_equal(resumed.records["objective"], whole.records["objective"])


@pytest.mark.parametrize("damage", ["truncated", "foreign", "empty", "other work"])
def test_damaged_or_foreign_checkpoints_are_ignored(damage, tmp_path):
    net = network("relu", width=4)
    gradient = ritz_gradient("autodiff", problem(), net, **NUMBERS)
    path = tmp_path / "state.safetensors"

    def go(epochs, identity="this work"):
        optimizer = optimizers.build("adam", parameters(net))
        return train(optimizer, gradient, nothing, Schedule(epochs, 5e-3), CheckpointFile(path, 0.0, identity))

    expected = go(10)
    go(3, "other work" if damage == "other work" else "this work")
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "foreign":
        path.write_text("not tensors at all, but long enough to look at")
    elif damage == "empty":
        path.write_bytes(b"")
    assert torch.equal(go(10).theta, expected.theta)


def test_run_resumed_after_sigkill_is_bit_identical(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time
        from builders import network, parameters, problem
        from rectified.optimization import optimizers
        from reproduction.storage import store
        from rectified.ritz.gradients import ritz_gradient
        from rectified.optimization.training_loop import Schedule, train
        from reproduction.storage.checkpoints import CheckpointFile
        from pathlib import Path
        net = network("relu", width=10)
        plain = ritz_gradient("kink_aware", problem(), net, points=100, step=1e-2, order=5, panels=10)
        pause = float(sys.argv[3])
        def gradient(theta):
            time.sleep(pause)
            return plain(theta)
        optimizer = optimizers.build("adam", parameters(net))
        checkpoint = CheckpointFile(Path(sys.argv[1]), 0.05, "work")
        history = train(optimizer, gradient, lambda t: {}, Schedule(300, 5e-3, record_every=7), checkpoint)
        store.write_tensors(sys.argv[2], {"theta": history.theta.numpy(), **history.records}, {})
        """
    )
    here = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": f"{here.parent / 'scripts'}:{here}"}

    def start(name: str, pause: float) -> subprocess.Popen:
        command = [sys.executable, "-c", script, str(tmp_path / f"{name}.state"), str(tmp_path / name), str(pause)]
        return subprocess.Popen(command, env=environment)

    victim = start("killed", 0.01)
    state = tmp_path / "killed.state"
    deadline = time.monotonic() + 60
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert state.exists()
    assert not (tmp_path / "killed").exists()
    assert start("killed", 0.0).wait() == 0
    assert start("whole", 0.0).wait() == 0
    assert (tmp_path / "killed").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize(("name", "peer"), [("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)])
def test_elementwise_optimizers_take_the_steps_of_torch(name, peer):
    start = torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4)

    def gradient(theta):
        return theta.square().sum(-1), theta**3 - theta

    mine = optimizers.build(name, start.clone())
    theirs = torch.nn.Parameter(start.clone())
    optimizer = peer([theirs], lr=1e-2)
    for epoch in range(30):
        rate = 1e-2 * 0.9**epoch
        mine.step(gradient, torch.ones(3, dtype=torch.bool), rate)
        optimizer.param_groups[0]["lr"] = rate
        theirs.grad = gradient(theirs.detach())[1]
        optimizer.step()
    torch.testing.assert_close(mine.theta, theirs.detach(), rtol=1e-14, atol=1e-15)
