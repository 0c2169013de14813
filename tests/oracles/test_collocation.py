"""Variants of physics-informed networks: derivatives, identities of batch normalization, convolutions, seeds."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import job_of
from rectified.networks.convolution import first_patches
from rectified.networks.normalization import BatchNormalization, LayerNormalization, LearnableNormalization, Pass
from rectified.networks.pinn_architectures import FieldNetwork, Scaling, mixed
from rectified.optimization.training_loop import History
from rectified.pinn.collocation_loss import CollocationLoss
from rectified.pinn.input_derivatives import RULES, forward, reverse, stencil
from rectified.pinn.sampling import Sampler, as_tensor
from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.conditions import grid_of
from rectified.problems.poisson import PoissonProblem
from reproduction.config.job import Job
from reproduction.config.problems.buckley_leverett import BuckleyLeverett
from reproduction.config.problems.burgers import Burgers
from reproduction.config.problems.poisson import Poisson
from reproduction.jobs.collocation import CollocationTraining
from reproduction.jobs.setup.collocation import CollocationSetup
from reproduction.storage.checkpoints import CheckpointFile

PROBLEMS = {
    "poisson": Poisson(equation="poisson"),
    "offset": Poisson(
        equation="poisson",
        domain=((100, 102), (100, 102)),
        solution="sin(pi*(x - 101))*sin(2*pi*(y - 101)) + ((x - 101)**2 - (y - 101)**2)/2",
    ),
    "burgers": Burgers(equation="burgers", viscosity=0.01 / np.pi),
    "buckley_leverett": BuckleyLeverett(equation="buckley_leverett"),
}
FRONT = {"problem": "buckley_leverett", "sampling": "uniform", "collocation_points": 60, "boundary_points": 20}
GRID = {"architecture": "convolution", "sampling": "nodes"}
STOPPED = {("penalty", name) for name in ("quantized", "hard", "annealed")}
VARIANTS = {
    "base": {},
    "batch": {"normalization": "batch"},
    "joint": {"normalization": "batch", "passes": "joint", "sampling": "resampled"},
    "reference": {"normalization": "reference_batch"},
    "layer": {"normalization": "layer", "first_normalized": 2},
    "learnable": {"normalization": "learnable"},
    "towers": {"architecture": "towers"},
    "mixed": {"architecture": "mixed"},
    "k1": {**GRID, "kernel": 1},
    "naive": {**GRID, "padding": "zero"},
    "valid": GRID,
    "translation": {**GRID, "derivatives": "forward"},
    "stencil": {**GRID, "derivatives": "stencil"},
    "quantized": {**FRONT, "architecture": "quantized", "mass_weight": 2.0},
    "hard": {**FRONT, "architecture": "quantized", "straight_through": False, "codebook": "encoded"},
    "annealed": {**FRONT, "architecture": "quantized", "assignment": "annealed", "inputs": "similarity"},
    "similarity": {**FRONT, "inputs": "similarity"},
    "cells": {**FRONT, "quadrature": "cells", "collocation_points": 64},
    "lines": {"architecture": "towers", "powers": [2, 3], "hidden_layers": 1, "quadrature": "lines", "lines": 8},
    "experts": {**FRONT, "architecture": "experts", "sharpness": 5.0},
    "gate": {**FRONT, "architecture": "experts", "sharpness": "hard"},
    "burgers": {"problem": "burgers", "sampling": "uniform", "boundary_points": 20},
}


def job_text(**changes) -> Job:
    """Return a small job of the task collocation."""
    given = {"problem": "poisson", "width": 9, "hidden_layers": 2, "epochs": 12, "record_every": 4, "seeds": 3}
    given |= {"collocation_points": 64, "boundary_points": 16, "initial_points": 10, "precision": "float64"}
    return job_of("collocation", problems=PROBLEMS, **given | changes)


def job(**changes) -> CollocationSetup:
    return CollocationSetup(job_text(**changes))


def rows(ready: CollocationSetup, spread: float = 0.3) -> torch.Tensor:
    """Return initial parameters plus noise, so that no bias is zero."""
    theta = ready.initial().double()
    noise = torch.randn(theta.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return theta + spread * noise


def jacobian(ready: CollocationSetup, theta: torch.Tensor, of: Pass) -> torch.Tensor:
    """Return ∂u_i/∂x_j of the first network over its collocation points: [points, 2, points]."""
    x = ready.loss.points.collocation
    return torch.autograd.functional.jacobian(lambda y: ready.network.evaluate(theta[:1], y, of)[0], x)[:, 0]


# --- derivatives ------------------------------------------------------------------------------------


def wave(x: torch.Tensor) -> torch.Tensor:
    return torch.sin(2 * x[:, 0]) * torch.exp(x[:, 1])


@pytest.mark.parametrize("rule", [reverse, forward])
def test_derivatives_of_a_known_field(rule):
    x = torch.rand(2, 2, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = rule(wave, x, ("x", "y", "xx", "yy", "xy"), ("x", "y"))
    slope = 2 * torch.cos(2 * x[:, 0]) * torch.exp(x[:, 1])
    exact = {"u": wave(x), "x": slope, "y": wave(x), "xx": -4 * wave(x), "yy": wave(x), "xy": slope}
    for name, values in exact.items():
        torch.testing.assert_close(found[name], values, rtol=1e-12, atol=1e-12)


def test_stencil_is_of_second_order():
    errors = []
    for side in (11, 21, 41):
        x = as_tensor(grid_of(np.linspace(0, 1, side), np.linspace(-1, 1, side)))[None]
        found = stencil(wave, x, ("x", "xx", "yy"), ("x", "y"))
        exact = {"x": 2 * torch.cos(2 * x[:, 0]) * torch.exp(x[:, 1]), "xx": -4 * wave(x), "yy": wave(x)}
        centre = side**2 // 2
        errors.append([abs(float((found[name] - exact[name])[0, centre])) for name in exact])
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all((orders > 1.85) & (orders < 2.15))


def test_derivatives_of_a_constant_field_are_zero():
    x = torch.rand(1, 2, 5, dtype=torch.float64)
    found = reverse(lambda y: torch.ones(1, 5, dtype=torch.float64), x, ("xx",), ("x", "y"))
    assert (found["xx"] == 0).all()


@pytest.mark.parametrize("name", ["base", "reference", "layer", "learnable", "towers", "quantized", "experts", "k1"])
def test_reverse_and_forward_derivatives_agree_for_pointwise_networks(name):
    ready = job(**VARIANTS[name] | {"mass_weight": 0.0})
    theta, x = rows(ready), ready.loss.points.collocation.expand(3, -1, -1).clone()
    wanted, axes = ready.problem.derivatives, ready.problem.axes
    one, other = (
        RULES[rule](lambda y: ready.network.evaluate(theta, y, Pass()), x, wanted, axes)
        for rule in ("reverse", "forward")
    )
    for key in one:
        torch.testing.assert_close(one[key], other[key], rtol=1e-9, atol=1e-9)


def test_gradients_are_bit_identical_in_every_process():
    program = (
        "from test_collocation import VARIANTS, job, rows\n"
        "for name in ('base', 'naive'):\n"
        "    ready = job(**VARIANTS[name] | {'precision': 'float32'})\n"
        "    print(ready.loss(rows(ready).float())[1].double().tolist())"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "012"
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 2


# --- the loss ---------------------------------------------------------------------------------------


class Exact(FieldNetwork):
    """A network that is a given function of the points."""

    def __init__(self, function):
        self.function = function
        super().__init__(Scaling(), ())

    def evaluate(self, theta, x, of):
        return self.function(x).expand(len(theta), -1)


def test_loss_of_the_exact_solution_is_zero():
    problem = PoissonProblem()
    sampler = Sampler(problem, "cells", 256, 0, 96, {"initial": 1.0, "boundary": 100.0}, "test")
    pi = torch.pi

    def solution(x):
        return torch.sin(pi * x[:, 0]) * torch.sin(2 * pi * x[:, 1]) + (x[:, 0] ** 2 - x[:, 1] ** 2) / 2

    terms = CollocationLoss(problem, Exact(solution), sampler).terms(torch.zeros(2, 0, dtype=torch.float64))
    assert float(terms["equation"].max()) < 1e-22
    assert float(terms["conditions"].max()) < 1e-26


def test_weights_multiply_mean_squares():
    problem = PoissonProblem()
    sampler = Sampler(problem, "cells", 256, 0, 96, {"initial": 1.0, "boundary": 100.0}, "test")
    terms = CollocationLoss(problem, Exact(lambda x: 0 * x[:, 0]), sampler).terms(torch.zeros(1, 0).double())
    boundary = sampler.values
    assert float(terms["conditions"]) == pytest.approx(100 * np.mean(boundary**2), rel=1e-12)
    assert float(terms["equation"]) == pytest.approx(25 * np.pi**4 / 4, rel=1e-12)


def test_mass_error_of_a_shifted_field_is_the_shift():
    problem = BuckleyLeverettProblem()
    sampler = Sampler(problem, "uniform", 50, 10, 10, {"initial": 1.0, "boundary": 1.0}, "test")

    def exact(x):
        return as_tensor(problem.exact(x[0].detach().numpy()))[None] + 0 * x[:, 0]

    theta = torch.zeros(1, 0, dtype=torch.float64)
    right = CollocationLoss(problem, Exact(exact), sampler, mass_weight=3.0).terms(theta)["mass"]
    shifted = CollocationLoss(problem, Exact(lambda x: exact(x) + 0.1), sampler, mass_weight=3.0).terms(theta)["mass"]
    assert float(right) < 3 * 1e-4  # midpoint rule across a jump with 64 points: error at most 0.58/128
    assert float(shifted) == pytest.approx(3 * 0.01, rel=0.1)


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_agree_with_finite_differences(name):
    ready = job(**VARIANTS[name] | {"straight_through": False, "seeds": 1})

    def loss(theta):  # a quantization penalty stops gradients by design
        terms = ready.loss.terms(theta)
        return sum(value for term, value in terms.items() if (term, name) not in STOPPED)

    theta = rows(ready).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(theta).sum(), theta)
    direction = torch.randn(theta.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    step = 1e-6
    ends = [float(loss((theta.detach() + sign * step * direction).requires_grad_()).detach()) for sign in (1, -1)]
    assert float((gradient * direction).sum()) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


def test_quantization_penalty_attracts_codes_and_encodings():
    ready = job(**VARIANTS["quantized"], seeds=1)
    theta, x = rows(ready).requires_grad_(), ready.loss.points.collocation
    of = Pass()
    ready.network.evaluate(theta, x, of)
    found = ready.network.blocks(torch.autograd.grad(of.penalty.sum(), theta)[0])
    p = {name: block.detach().clone().requires_grad_() for name, block in ready.network.blocks(theta).items()}
    z = ready.network.encoder(p, ready.network.scaling(x))
    codes = torch.nn.functional.normalize(p["codes"], dim=-1)
    chosen = ready.network.cells(theta.detach(), x)[0]
    distance = (codes[0, chosen].T - z[0]).square().sum(0).mean()
    by_codes, by_encoder = torch.autograd.grad(distance, [p["codes"], p["Wencoder"]])
    torch.testing.assert_close(found["codes"], by_codes)
    torch.testing.assert_close(found["Wencoder"], 0.25 * by_encoder)


def test_input_scaling_makes_the_loss_translation_invariant():
    here, there = job(), job(problem="offset")
    theta = rows(here)
    torch.testing.assert_close(here.loss.objective(theta), there.loss.objective(theta), rtol=1e-8, atol=0)
    unscaled = job(problem="offset", input_scaling=False)
    assert not torch.allclose(unscaled.loss.objective(theta), here.loss.objective(theta), rtol=1e-2)


def test_collocation_points_depend_on_the_epoch_only_if_resampled():
    again, once = job(sampling="resampled").sampler, job(sampling="uniform").sampler
    assert (again.draw(3).collocation == again.draw(3).collocation).all()
    assert not (again.draw(3).collocation == again.draw(4).collocation).any()
    assert (once.draw(3).collocation == once.draw(4).collocation).all()
    assert (again.draw(3).conditions == again.draw(4).conditions).all()


# --- batch norm: exact identities --------------------------------------------------------------------


@pytest.mark.parametrize("normalized", ["all", "first"])
@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_batch_norm_makes_the_field_translation_invariant(normalized, seed):
    ready = job(normalization="batch", collocation_points=256, hidden_layers=2, seeds=1)
    if normalized == "first":
        ready.network.normalization.normalized = range(1, 2)
    theta = rows(ready) + 0.1 * torch.randn(1, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    sums = jacobian(ready, theta, Pass()).sum(-1)
    assert float(sums.abs().max()) <= 1e-12
    x = ready.loss.points.collocation
    moved = forward(lambda y: ready.network.evaluate(theta, y, Pass()), x, ("x", "y"), ("x", "y"))
    assert max(float(moved[axis].abs().max()) for axis in "xy") <= 1e-12
    twice = ready.loss.jets(theta, x, Pass())
    once = reverse(lambda y: ready.network.evaluate(theta, y, Pass()), x, ("x",), ("x", "y"))["x"]
    assert max(float(twice[name].abs().max()) for name in ("xx", "yy")) <= 1e-9 * float(once.abs().max())
    assert float(once.abs().max()) > 1e-3
    residual = ready.loss.terms(theta)["equation"]
    assert float(residual) == pytest.approx(25 * np.pi**4 / 4, rel=1e-8)


def test_batch_norm_of_activations_makes_the_first_derivatives_zero():
    ready = job(normalization="batch", seeds=1)
    theta, network = rows(ready), ready.network
    p = network.blocks(theta)

    def field(x):
        h = x
        for layer in (1, 2):
            z = torch.baddbmm(p[f"b{layer}"][:, :, None], p[f"W{layer}"], h)
            h = network.normalization(layer, torch.tanh(z), p, Pass())
        return network.trunk.head(p, h)[:, 0]

    x = ready.loss.points.collocation
    found = reverse(field, x, ("x", "y"), ("x", "y"))
    assert float(found["u"].std()) > 1e-2
    assert max(float(found[axis].abs().max()) for axis in "xy") <= 1e-12


@pytest.mark.parametrize(("name", "training"), [("batch", False), ("reference", True), ("layer", True), ("base", True)])
def test_fixed_statistics_keep_the_jacobian_diagonal(name, training):
    ready = job(**VARIANTS[name])
    theta = rows(ready, 0.1)
    matrix = jacobian(ready, theta, Pass(training=training)).abs()
    own = torch.eye(len(matrix), dtype=torch.bool)[:, None].expand_as(matrix)
    assert (matrix[~own] == 0).all()
    assert float(matrix[own].max()) > 1e-3


def test_batch_statistics_make_the_jacobian_dense():
    ready = job(normalization="batch")
    matrix = jacobian(ready, rows(ready), Pass()).abs()
    share = 1 - float(matrix.diagonal(dim1=0, dim2=2).sum() / matrix.sum())
    assert share > 0.1


def test_normalizations_agree_with_torch():
    z = torch.randn(1, 5, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3 + 1
    for ours, theirs, arranged in (
        (BatchNormalization(5, range(1, 2)), torch.nn.BatchNorm1d(5), z),
        (LayerNormalization(5, range(1, 2)), torch.nn.LayerNorm(5), z.mT),
    ):
        p, of = ours.draw(torch.Generator()), Pass()
        expected = theirs.double()(arranged)
        found = ours(1, z, p, of)
        torch.testing.assert_close(found if arranged is z else found.mT, expected, rtol=1e-12, atol=1e-12)
    batch, p, of = (
        BatchNormalization(5, range(1, 2)),
        BatchNormalization(5, range(1, 2)).draw(torch.Generator()),
        Pass(),
    )
    batch(1, z, p, of)
    torch.testing.assert_close(of.running["mean1"], 0.1 * z.mean(-1))
    torch.testing.assert_close(of.running["variance1"], 0.9 + 0.1 * z.var(-1, correction=0))


def test_running_statistics_converge_to_those_of_the_points():
    ready = job(normalization="batch", seeds=1)
    theta = rows(ready)
    for epoch in range(200):
        ready.loss.redraw(epoch, theta)
    p = ready.network.blocks(theta)
    x = ready.loss.points.conditions  # the last pass of each step
    of = Pass()
    ready.network.evaluate(theta, x, of)
    inner = Pass()
    ready.network.evaluate(theta, ready.loss.points.collocation, inner)
    between = [(pass_.running["mean1"] - 0.9 * p["mean1"]) / 0.1 for pass_ in (of, inner)]
    settled = (between[0] + 0.9 * between[1]) / 1.9
    torch.testing.assert_close(p["mean1"], settled, rtol=1e-6, atol=1e-9)


# --- towers, convolutions, quantization, experts ------------------------------------------------------


def test_residual_has_no_gradient_in_the_relu_tower():
    ready = job(architecture="towers", hidden_layers=2, seeds=4)
    history = CollocationTraining(ready).run()
    assert (history.records["share1"] == 0).all()
    total = sum(history.records[f"share{k}"] for k in (1, 2, 3))
    np.testing.assert_allclose(total, 1, rtol=1e-12)
    assert (history.records["share2"] > 0).all()


def test_convolution_with_1x1_kernels_equals_the_dense_network():
    conv, dense = job(**VARIANTS["k1"]), job(sampling="nodes")
    theta = conv.initial()
    assert (theta == dense.initial()).all()
    torch.testing.assert_close(conv.loss(theta)[1], dense.loss(theta)[1], rtol=1e-9, atol=1e-9)


def test_convolution_agrees_with_torch_modules():
    ready = job(**GRID, seeds=2)
    theta, nodes = rows(ready), ready.loss.points.collocation
    p, x = ready.network.blocks(theta), ready.network.batch(nodes)
    side = round(x.shape[-1] ** 0.5)
    u = ready.network.evaluate(theta, x, Pass())
    for number in range(2):
        first, second = torch.nn.Conv2d(2, 9, 3).double(), torch.nn.Conv2d(9, 9, 3).double()
        with torch.no_grad():
            for layer, module in ((1, first), (2, second)):
                module.weight.copy_(p[f"W{layer}"][number])
                module.bias.copy_(p[f"b{layer}"][number])
            h = torch.tanh(first(ready.network.scaling(x).unflatten(-1, (side, side))))
            h = torch.tanh(second(h)) + h[..., 1:-1, 1:-1]
            expected = (p["Wout"][number] @ h.flatten(2))[0, 0]
        torch.testing.assert_close(u[number], expected, rtol=1e-12, atol=1e-12)


def test_valid_convolution_is_a_function_of_position():
    ready = job(**GRID)
    theta, nodes = rows(ready), ready.loss.points.collocation
    steps = (nodes[0, :, -1] - nodes[0, :, 0]) / (ready.settings.side - 1)
    network = ready.network
    u = network.evaluate(theta, network.batch(nodes), Pass())
    torch.testing.assert_close(network.at(theta, nodes, steps), u, rtol=1e-12, atol=1e-12)
    translated = job(**GRID, derivatives="forward").loss.jets(theta, nodes, Pass())
    h = 1e-4
    shift = torch.tensor([h, 0.0], dtype=torch.float64)[None, :, None]
    ends = [network.at(theta, nodes + sign * shift, steps) for sign in (1, 0, -1)]
    torch.testing.assert_close(translated["xx"], (ends[0] - 2 * ends[1] + ends[2]) / h**2, rtol=1e-4, atol=1e-5)
    summed = ready.loss.jets(theta, nodes, Pass())
    assert float((summed["xx"] - translated["xx"]).norm() / translated["xx"].norm()) > 0.1


@pytest.mark.parametrize(("side", "layers"), [(7, 2), (16, 3), (12, 4)])
def test_coordinates_in_patches_have_rank_three(side, layers):
    ready = job(**GRID, collocation_points=side**2, hidden_layers=layers)
    patches = first_patches(ready.network, ready.loss.points.collocation)
    assert patches.shape == (18, (side + 2 * layers - 2) ** 2)
    assert int(torch.linalg.matrix_rank(patches)) == 3


def test_quantization_uses_the_nearest_code():
    through, hard = job(**VARIANTS["quantized"]), job(**VARIANTS["quantized"] | {"straight_through": False})
    theta, x = rows(through), through.loss.points.collocation
    torch.testing.assert_close(through.field(theta, x[0].numpy()), hard.field(theta, x[0].numpy()))
    p = through.network.blocks(theta)
    z = through.network.encoder(p, through.network.scaling(x))
    codes = torch.nn.functional.normalize(p["codes"], dim=-1)
    distances = (z[:, None] - codes[..., None]).square().sum(2)
    assert (through.network.cells(theta, x) == distances.argmin(1)).all()
    torch.testing.assert_close(z.norm(dim=1), torch.ones_like(z[:, 0]))
    of = Pass()
    through.network.evaluate(theta, x, of)
    torch.testing.assert_close(of.penalty, 1.25 * distances.amin(1).mean(-1))


def test_encoded_codes_are_all_used_initially():
    ready = job(**VARIANTS["hard"])
    x = ready.loss.points.collocation
    used = [len(row.unique()) for row in ready.network.cells(ready.initial(), x)]
    assert used == [ready.settings.codes] * 3


@given(sharpness=st.floats(1e3, 1e6))
@settings(max_examples=10, deadline=None)
def test_sharp_gate_approximates_a_hard_gate(sharpness):
    soft, hard = job(**VARIANTS["experts"] | {"sharpness": sharpness}), job(**VARIANTS["gate"])
    theta = rows(hard, 1.0)
    x = hard.loss.points.collocation
    logits = hard.network.gate(hard.network.blocks(theta), hard.network.scaling(x)).topk(2, 1).values
    clear = (logits[:, 0] - logits[:, 1]) * sharpness > 40
    difference = (soft.network.evaluate(theta, x, Pass()) - hard.network.evaluate(theta, x, Pass())).abs()
    assert float(difference[clear].max()) < 1e-12


def test_uniform_gate_averages_the_experts():
    ready = job(**VARIANTS["experts"])
    p = ready.network.blocks(rows(ready))
    p["Wgate_out"] = torch.zeros_like(p["Wgate_out"])
    x = ready.loss.points.collocation
    each = torch.cat([trunk(p, ready.network.scaling(x)) for trunk in ready.network.trunks], 1)
    torch.testing.assert_close(ready.network.evaluate(ready.network.row(p), x, Pass()), each.mean(1))


# --- training ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", ["uniform", "resampled", "cells"])
def test_every_seed_has_points_of_its_own(sampling):
    """All that is random differs between seeds; cells are not random."""
    sampler = job(**VARIANTS["burgers"] | {"sampling": sampling}).sampler
    drawn = [sampler.points] + [sampler.interior(epoch) for epoch in (0, 1)] * (sampling != "cells")
    for values in drawn:
        assert len(values) == 3
        assert all((values[one] != values[other]).any() for one, other in ((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize("input_scaling", [True, False])
@pytest.mark.parametrize(
    "given", [{}, {"hidden_layers": 1}, {"architecture": "towers", "powers": [2, 3]}, VARIANTS["burgers"]]
)
@pytest.mark.parametrize("activation", ["tanh", "gelu", "relu2"])
def test_loss_by_jets_agrees_with_nested_autodiff(activation, given, input_scaling):
    ready = job(**{"activation": activation, "input_scaling": input_scaling, **given})
    theta = rows(ready)
    assert ready.loss.uses_jets
    loss = CollocationLoss(ready.problem, ready.network, ready.sampler)
    loss.uses_jets = False
    for found, expected in zip(ready.loss(theta), loss(theta)):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10 * float(expected.abs().max()))


@pytest.mark.parametrize("name", VARIANTS)
def test_training_of_a_seed_does_not_depend_on_the_others(name):
    together, alone = job(**VARIANTS[name]), job(**VARIANTS[name] | {"seeds": 1})
    many, one = CollocationTraining(together).run(), CollocationTraining(alone).run()
    np.testing.assert_allclose(many.records["objective"][:, 0], one.records["objective"][:, 0], rtol=1e-7)
    fields = CollocationTraining(together).fields(many)
    assert fields.field.shape[0] == 3
    assert np.isfinite(fields.relative_l2).all()
    np.testing.assert_allclose(fields.relative_l2, many.records["relative_l2"][-1], rtol=1e-12)


@pytest.mark.parametrize("name", ["joint", "quantized"])
def test_resumed_training_is_bit_identical(name, tmp_path):
    checkpoint = CheckpointFile(tmp_path / "state.safetensors", 0.0, "this work")
    stopped, redraw = job(**VARIANTS[name]), None

    def interrupt(epoch, theta):
        if epoch == 7:
            raise KeyboardInterrupt
        redraw(epoch, theta)

    redraw, stopped.loss.redraw = stopped.loss.redraw, interrupt
    with pytest.raises(KeyboardInterrupt):
        CollocationTraining(stopped).run(checkpoint)
    assert checkpoint.path.exists()
    whole, resumed = (
        CollocationTraining(job(**VARIANTS[name])).run(),
        CollocationTraining(job(**VARIANTS[name])).run(checkpoint),
    )
    assert (resumed.theta == whole.theta).all()
    np.testing.assert_array_equal(resumed.records["objective"], whole.records["objective"])


def test_recording_does_not_change_the_training():
    often, seldom = (CollocationTraining(job(normalization="batch", record_every=n)).run().theta for n in (1, 12))
    assert (often == seldom).all()


# --- initial parameters and measured quantities -------------------------------------------------------


def test_initial_weights_have_the_glorot_variance_and_biases_are_zero():
    for changes, name, variance in (
        ({}, "W2", 2 / 48),
        ({}, "W1", 2 / 26),
        (GRID, "W2", 2 / (48 * 9)),
        ({"architecture": "towers"}, "Wrelu2_2", 2 / 48),
    ):
        ready = job(**changes, width=24, seeds=40)
        weights = ready.network.blocks(ready.initial())[name].flatten()
        error = variance * (2 / len(weights)) ** 0.5
        assert abs(float(weights.square().mean()) - variance) < 4 * error
    assert (job().network.blocks(job().initial())["b1"] == 0).all()
    biases = job(architecture="towers", seeds=40).network
    first = biases.blocks(biases.initial(range(40), "test"))["brelu1_1"].flatten()
    assert float(first.abs().max()) <= 1
    assert abs(float(first.square().mean()) - 1 / 3) < 4 * (4 / 45 / len(first)) ** 0.5
    assert (biases.blocks(biases.initial([0], "test"))["brelu1_2"] == 0).all()


def test_variants_share_the_initial_parameters_of_common_parts():
    base, towers, fewer = job(), job(architecture="towers"), job(architecture="towers", powers=[2, 3])
    for one, other, names in (
        (base, job(normalization="learnable"), ("W1", "W2", "Wout")),
        (towers, fewer, ("Wrelu2_1", "Wrelu3_2", "brelu3_1")),
        (base, job(**{**VARIANTS["k1"], "sampling": "nodes"}), ("b1", "Wout")),
    ):
        mine, theirs = (ready.network.blocks(ready.initial()) for ready in (one, other))
        assert all((mine[name] == theirs[name]).all() for name in names)
    tower = towers.network.blocks(towers.initial())
    assert not (tower["Wrelu1_1"] == tower["Wrelu2_1"]).any()


def test_mixed_layers_split_their_neurons():
    z = torch.randn(2, 9, 7, dtype=torch.float64)
    apply = mixed([torch.relu, torch.tanh, torch.sin])
    torch.testing.assert_close(apply(z), torch.cat([z[:, :3].relu(), z[:, 3:6].tanh(), z[:, 6:].sin()], 1))


def test_learnable_normalization_agrees_with_its_formula():
    norm, of = LearnableNormalization(3, range(1, 2)), Pass()
    z = torch.randn(1, 3, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bias = torch.tensor([[0.5, -0.5, 0.1, 0.2, 9.0, -9.0]], dtype=torch.float64)
    found = norm(1, z, {"Wnorm1": torch.zeros(1, 6, 3, dtype=torch.float64), "bnorm1": bias}, of)
    shift, scale = bias[0, :3, None], torch.tensor([0.2, 3, -3], dtype=torch.float64)[:, None].exp()
    torch.testing.assert_close(found[0], (z[0] - shift) * scale)
    mean, variance = found[0].mean(1), found[0].var(1, correction=0)
    torch.testing.assert_close(of.penalty, 0.1 * (mean**2 + (variance - 1) ** 2).mean()[None])


class Step(FieldNetwork):
    """A field that is 1 behind a given front and 0 ahead of it."""

    def __init__(self, front):
        self.front = front
        super().__init__(Scaling(), ())

    def evaluate(self, theta, x, of):
        return (x[:, 0] < self.front).to(x).expand(len(theta), -1)


@pytest.mark.parametrize(("front", "found"), [(0.4, 0.4), (-1.0, 0.0), (2.0, 1.0)])
def test_front_is_the_last_position_above_half_its_saturation(front, found):
    ready = job(**FRONT)
    ready.network = Step(front)
    history = History(np.array([0]), {}, torch.tensor([-1, 3]), torch.zeros(2, 0, dtype=torch.float64))
    fields = CollocationTraining(ready).fields(history)
    np.testing.assert_allclose(fields.front[0], found, atol=1e-3)
    np.testing.assert_allclose(fields.front_error[0], abs(fields.front[0] - fields.exact_front))
    np.testing.assert_allclose(fields.exact_front, [0.1707532, 0.3415064, 0.6830127], rtol=1e-6)
    assert fields.front[1].isnull().all()


def test_orphans_are_cells_without_a_condition():
    ready = job(**VARIANTS["quantized"])
    history = CollocationTraining(ready).run()
    fields = CollocationTraining(ready).fields(history)
    at_conditions = ready.network.cells(history.theta, torch.from_numpy(ready.sampler.points))
    for seed in range(3):
        cells = fields.cell[seed].values
        expected = set(np.unique(cells)) - set(at_conditions[seed].tolist())
        assert set(np.flatnonzero(fields.orphaned[seed])) == expected
        assert fields.orphan_cells[seed] == len(expected)
        np.testing.assert_allclose(fields.orphan_area[seed], np.isin(cells, list(expected)).mean(), rtol=1e-6)
