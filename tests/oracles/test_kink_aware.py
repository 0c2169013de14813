"""Kink-aware integrals over boxes: exact gradients, every activation, random offsets, and errors."""

import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from builders import network, parameters, problem
from polygon_energy import differences, exact_energy
from rectified.errors import InvalidInputError
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.kink_aware import integrate
from rectified.kink_aware.kinks import Roots, Search
from rectified.optimization.hessian import hessian
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.quadrature import KinkAware

PAGE = Path(__file__).resolve().parents[2] / "workflow/docs/kink_aware.md"
SQUARE = [(0, 1), (0, 1)]
COEFFICIENTS = {"constant": lambda x, y: 1 + 0 * x, "varying": lambda x, y: 1 + x / 2 + x * y}


def source(x, y):
    return 1 + x - 3 * x * y


class Field(nn.Module):
    """D(x)·N(x) with D = Π xᵢ(1 − xᵢ), or N alone."""

    def __init__(self, widths: list[int], activation, distance: bool = True):
        super().__init__()
        pairs = itertools.pairwise(widths)
        self.layers = nn.ModuleList([nn.Linear(one, other, dtype=torch.float64) for one, other in pairs])
        self.activation, self.distance = activation, distance

    def forward(self, x):
        h = x
        for layer in self.layers[:-1]:
            h = self.activation(layer(h))
        value = self.layers[-1](h)
        return (x * (1 - x)).prod(1, keepdim=True) * value if self.distance else value


def random_field(widths: list[int], activation=torch.relu, seed: int = 0, **options) -> Field:
    """A network with weights N(0, 1/inputs·2) whose first kinks go through random points of the unit box."""
    random = torch.Generator().manual_seed(seed)
    field = Field(widths, activation, **options)
    with torch.no_grad():
        for layer in field.layers:
            normal = torch.randn(layer.weight.shape, generator=random, dtype=torch.float64)
            layer.weight.copy_(normal * (2 / layer.in_features) ** 0.5)
            layer.bias.copy_(torch.randn(layer.bias.shape, generator=random, dtype=torch.float64) / 4)
        first = field.layers[0]
        points = torch.rand(first.weight.shape, generator=random, dtype=torch.float64)
        first.bias.copy_(-(first.weight * points).sum(1))
    return field


def gradient(energy: torch.Tensor, module: nn.Module, **options) -> torch.Tensor:
    parts = torch.autograd.grad(energy, list(module.parameters()), **options)
    return torch.cat([part.flatten() for part in parts])


def ritz(x, u, du, coefficient=COEFFICIENTS["varying"]):
    data = [x[:, axis] for axis in (0, -1)]
    return coefficient(*data) * du.square().sum(1) / 2 - source(*data) * u


def shallow(theta: np.ndarray) -> Field:
    """The network of ``polygon_energy``."""
    width = len(theta) // 4
    field = Field([2, width, 1], torch.relu)
    a, b, c = (torch.from_numpy(part) for part in np.split(theta, [2 * width, 3 * width]))
    field.layers[0].weight.data, field.layers[0].bias.data = a.reshape(width, 2), b
    field.layers[1].weight.data, field.layers[1].bias = c[None], None
    return field


def arrangement(width: int, seed: int) -> np.ndarray:
    """Kinks through random points of the square, in random directions."""
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi, width)
    slopes = np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([slopes.ravel(), -(slopes * random.random((width, 2))).sum(1), random.normal(size=width)])


@pytest.fixture(scope="module")
def exact_gradients():
    """Parameters, name of κ, and the exact gradient, for N = 3, 5, 6."""
    cases = [(arrangement(width, seed), name) for width in (3, 5, 6) for seed in (0, 1) for name in COEFFICIENTS]
    return [
        (theta, name, differences(lambda t, name=name: exact_energy(t, COEFFICIENTS[name], source), theta))
        for theta, name in cases
    ]


def relative_error(found: torch.Tensor, exact: np.ndarray) -> float:
    return float(np.linalg.norm(found.numpy() - exact) / np.linalg.norm(exact))


@pytest.mark.parametrize(("balanced", "largest"), [(False, 8e-3), (True, 2e-3)])
def test_gradient_converges_to_the_exact_one_in_two_dimensions(exact_gradients, balanced, largest):
    sizes, errors = (8, 16, 32, 64, 128, 256), []
    for theta, name, exact in exact_gradients:
        field = shallow(theta)

        def density(x, u, du, name=name):
            return ritz(x, u, du, COEFFICIENTS[name])

        row = [integrate(field, density, SQUARE, lines=size, balanced=balanced) for size in sizes]
        errors.append([relative_error(gradient(energy, field), exact) for energy in row])
    means = np.exp(np.log(errors).mean(0))
    order = -np.polyfit(np.log(sizes), np.log(means), 1)[0]
    assert 1 < order < 1.8, (order, means)
    assert np.max(errors, 0)[-2] < largest, np.max(errors, 0)


def test_energy_is_exact_in_two_dimensions(exact_gradients):
    for theta, name, _ in exact_gradients:
        energy = integrate(shallow(theta), lambda *of: ritz(*of, COEFFICIENTS[name]), SQUARE, lines=256).detach()  # noqa: B023
        expected = exact_energy(theta, COEFFICIENTS[name], source)
        assert float(energy) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_autodiff_on_a_grid_does_not_converge_to_the_exact_gradient(exact_gradients):
    theta, name, exact = exact_gradients[4]
    field, errors = shallow(theta), []
    for cells in (50, 200):
        share = (torch.arange(cells, dtype=torch.float64) + 0.5) / cells
        x = torch.cartesian_prod(share, share).requires_grad_()
        u = field(x)[:, 0]
        (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        found = gradient(ritz(x, u, du, COEFFICIENTS[name]).mean(), field)
        errors.append(relative_error(found, exact))
    assert errors[1] > 0.5 * errors[0] > 0.02, errors


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "hat"])
def test_interval_agrees_with_the_rule_for_intervals(activation, layers):
    net = network(activation, width=5, hidden_layers=layers)
    theta = parameters(net, seeds=1)
    pde = problem(coefficient="1 + x/2")
    energy = RitzEnergy(pde, net, KinkAware(net, 5, 10))
    field = Field([1, *[5] * layers, 1], net.activation.values)
    values = theta.clone().requires_grad_()
    blocks = net.blocks(values)
    names = ["a", "b", *(f"{letter}{layer}" for layer in range(2, layers + 1) for letter in "Wv"), "c"]
    shapes = [part.shape for layer in field.layers for part in (layer.weight, layer.bias)][:-1]
    keys = [f"layers.{index}.{part}" for index in range(layers + 1) for part in ("weight", "bias")]
    given = {key: blocks[name][0].reshape(shape) for key, name, shape in zip(keys, names, shapes)}
    module = Bound(field, {**given, keys[-1]: torch.zeros(1, dtype=torch.float64)})
    found = integrate(module, lambda x, u, du: density_1d(energy, x, u, du), [(0, 1)], order=5, panels=10)
    torch.testing.assert_close(found, energy(theta)[0], rtol=1e-11, atol=1e-11)
    (first,) = torch.autograd.grad(found, values, create_graph=True)
    expected = theta.clone().requires_grad_()
    torch.testing.assert_close(first, torch.autograd.grad(energy(expected).sum(), expected)[0], rtol=1e-9, atol=1e-9)
    second = torch.stack([torch.autograd.grad(part, values, retain_graph=True)[0][0] for part in first[0]])
    torch.testing.assert_close(second, hessian(energy, theta[0]), rtol=1e-7, atol=1e-7)


class Bound(nn.Module):
    """A module evaluated with given tensors in place of its parameters."""

    def __init__(self, module: nn.Module, tensors: dict[str, torch.Tensor]):
        super().__init__()
        self.module, self.tensors = module, tensors

    def forward(self, x):
        return torch.func.functional_call(self.module, self.tensors, (x,))


def density_1d(energy: RitzEnergy, x, u, du):
    half_coefficient, load = energy.data(x[:, 0])
    return half_coefficient * du[:, 0] ** 2 - load * u


@pytest.mark.parametrize("kink", [0.3, 0.5, 1 - 1e-9])
def test_one_neuron_has_the_closed_form(kink):
    """∫ (û'² + û) for û = ReLU(x − t) on [0, 1] is (1 − t) + (1 − t)²/2, also for a kink on a cut, t = 1/2."""
    layer = nn.Linear(1, 1, dtype=torch.float64)
    layer.weight.data[:], layer.bias.data[:] = 1, -kink
    energy = integrate(nn.Sequential(layer, nn.ReLU()), lambda x, u, du: du[:, 0] ** 2 + u, [(0, 1)])
    energy.backward()
    assert float(energy.detach()) == pytest.approx((1 - kink) + (1 - kink) ** 2 / 2, rel=1e-12)
    assert float(layer.bias.grad) == pytest.approx(1 + (1 - kink), rel=1e-9)


def test_all_kinks_of_an_oscillating_activation_are_found():
    """∫₀¹ |sin 60x| dx = (2n + 1 − cos(60 − nπ))/60 with n = 19 whole arches."""
    layer = nn.Linear(1, 1, dtype=torch.float64)
    layer.weight.data[:], layer.bias.data[:] = 60, 0
    module = Field([1, 1], None, distance=False)
    module.forward = lambda x: torch.sin(layer(x)).abs()
    module.layers[0] = layer
    energy = integrate(module, lambda x, u, du: u, [(0, 1)], order=6).detach()
    periods = int(60 // math.pi)
    exact = (2 * periods + 1 - math.cos(60 - periods * math.pi)) / 60
    assert float(energy) == pytest.approx(exact, rel=1e-8)


ACTIVATIONS = {
    "nn.ReLU": nn.ReLU(),
    "nn.ReLU in place": nn.ReLU(inplace=True),
    "F.relu": F.relu,
    "torch.relu": torch.relu,
    "Tensor.relu_": lambda z: z.relu_(),
    "clamp(min=0)": lambda z: z.clamp(min=0),
    "clamp to an interval": lambda z: torch.clamp(z, -0.3, max=0.5),
    "clamp_min": lambda z: torch.clamp_min(z, 0.1),
    "LeakyReLU": nn.LeakyReLU(0.1),
    "ReLU6": nn.Sequential(nn.ReLU6()),
    "scaled relu6": lambda z: F.relu6(10 * z) / 10,
    "Hardtanh": nn.Hardtanh(-0.4, 0.3),
    "abs": torch.abs,
    "abs()": lambda z: abs(z),
    "PReLU": nn.PReLU(dtype=torch.float64),
    "squared relu": lambda z: F.relu(z) ** 2,
    "cubed relu": lambda z: F.relu(z).pow(3),
    "tanh": torch.tanh,
    "tanh then abs": lambda z: 1 - abs(torch.tanh(z)),
    "sine then relu": lambda z: torch.relu(torch.sin(4 * z)),
    "where": lambda z: torch.where(z > 0.1, z, 0.2 * z + 0.08),
    "mask": lambda z: z * (z.detach() > 0),
    "maximum": lambda z: torch.maximum(z, 0.1 * z),
    "minimum of a curve": lambda z: torch.min(z, z * z),
    "ELU": nn.ELU(0.7),
    "Hardswish": nn.Hardswish(),
    "Softshrink": nn.Softshrink(0.2),
    "softsign": F.softsign,
    "GELU": nn.GELU(),
    "concatenated": lambda z: torch.cat([z.relu(), (-z).relu()], 1)[:, 1 : 1 + z.shape[1]],
    **{
        f"formula {name}": torch_activation(activations.get(name)).values for name in ("relu", "relu2", "mrepu1", "abs")
    },
    "formula hat": torch_activation(activations.of_formula("hat", "relu(x + 1) - 2*relu(x) + relu(x - 1)")).values,
}


def smooth_density(x, u, du):
    return (1 + x[:, 0]) * du.square().sum(1) / 2 + torch.sin(u) - u * torch.exp(x[:, 0])


def brute_force(module: nn.Module) -> float:
    """The integral over [0, 1] by bisection of cells on which Gauss–Lobatto rules, with nodes at the ends, differ."""
    node = torch.tensor([-1, -((3 / 7) ** 0.5), 0, (3 / 7) ** 0.5, 1], dtype=torch.float64)
    weight = torch.tensor([1 / 10, 49 / 90, 32 / 45, 49 / 90, 1 / 10], dtype=torch.float64)

    def of_cells(left, width):
        x = (left[:, None] + width * (1 + node) / 2).reshape(-1, 1).requires_grad_()
        u = module(x)[:, 0]
        (du,) = torch.autograd.grad(u.sum(), x)
        return (smooth_density(x, u, du).detach().reshape(-1, 5) * weight).sum(1) * width / 2

    left, width, total = torch.linspace(0, 1, 301, dtype=torch.float64)[:-1], 1 / 300, 0.0
    for _ in range(45):
        halves = of_cells(left, width / 2) + of_cells(left + width / 2, width / 2)
        rough = (of_cells(left, width) - halves).abs() > 1e-14
        total += float(halves[~rough].sum())
        left, width = torch.cat([left[rough], left[rough] + width / 2]), width / 2
    return total


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_agrees_with_brute_force(name):
    module = random_field([1, 6, 5, 1], ACTIVATIONS[name], seed=2, distance=False)
    energy = integrate(module, smooth_density, [(0, 1)], order=8, panels=20)
    assert float(energy.detach()) == pytest.approx(brute_force(module), rel=1e-9, abs=1e-9)
    found, start = gradient(energy, module), nn.utils.parameters_to_vector(module.parameters()).detach()
    direction = torch.randn(len(found), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    step, sides = 1e-5, []
    for sign in (1, -1):
        nn.utils.vector_to_parameters(start + sign * step * direction, module.parameters())
        sides.append(brute_force(module))
    nn.utils.vector_to_parameters(start, module.parameters())
    assert float(found @ direction) == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("activation", [torch.relu, lambda z: torch.relu(z) ** 2, lambda z: torch.tanh(z).abs()])
@pytest.mark.parametrize("hidden", [[8], [6, 6], [5, 5, 5]], ids=str)
def test_gradient_is_that_of_the_integral_along_the_lines(hidden, activation):
    """Differences of the same rule, for shallow and deep networks in two dimensions."""
    module = random_field([2, *hidden, 1], activation, seed=3)
    energy = integrate(module, ritz, SQUARE, lines=8, panels=4, order=6)
    start, unit = nn.utils.parameters_to_vector(module.parameters()).detach(), gradient(energy, module)
    unit = unit / unit.norm()
    slopes = []
    for step in (2e-6, 1e-6):
        sides = []
        for sign in (1, -1):
            nn.utils.vector_to_parameters(start + sign * step * unit, module.parameters())
            with torch.no_grad():
                sides.append(float(integrate(module, ritz, SQUARE, lines=8, panels=4, order=6)))
        slopes.append((sides[0] - sides[1]) / (2 * step))
    nn.utils.vector_to_parameters(start, module.parameters())
    expected = float(gradient(integrate(module, ritz, SQUARE, lines=8, panels=4, order=6), module) @ unit)
    assert expected == pytest.approx(slopes[1], rel=2e-4), slopes


@pytest.mark.parametrize("hidden", [[6, 6], [5, 5, 5]], ids=str)
def test_deep_networks_converge_to_a_fine_line_rule(hidden):
    module = random_field([2, *hidden, 1], seed=4)
    fine = gradient(integrate(module, ritz, SQUARE, lines=512, balanced=True), module).numpy()
    for balanced, largest in ((False, 5e-2), (True, 1e-2)):
        energy = integrate(module, ritz, SQUARE, lines=96, balanced=balanced)
        assert relative_error(gradient(energy, module), fine) < largest


def test_sequential_and_custom_modules_agree():
    custom = random_field([2, 7, 4, 1], F.relu, distance=False)
    one, two, three = custom.layers
    expected = gradient(integrate(custom, ritz, SQUARE), custom)
    for module in (
        nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three),
        nn.Sequential(one, nn.ReLU(inplace=True), nn.Dropout(), two, nn.ReLU(), three, nn.Flatten(0)).eval(),
    ):
        torch.testing.assert_close(gradient(integrate(module, ritz, SQUARE), module), expected)


def test_random_offsets_are_unbiased_in_three_dimensions():
    module = random_field([3, 5, 1], seed=5)
    box = [(0, 1)] * 3
    value = integrate(module, ritz, box, lines=32, balanced=True)
    expected = torch.cat([value.detach()[None], gradient(value, module)])
    for balanced in (False, True):
        random, draws = torch.Generator().manual_seed(7), []
        for _ in range(60):
            energy = integrate(module, ritz, box, lines=32, panels=3, generator=random, balanced=balanced)
            draws.append(torch.cat([energy.detach()[None], gradient(energy, module)]))
        draws = torch.stack(draws)
        error = (draws.mean(0) - expected).abs()
        assert bool((error < 4.5 * draws.std(0) / 60**0.5 + 1e-3 * expected.abs().max()).all()), (balanced, error)


def gradient_energy(x, u, du):
    return du.square().sum(1) / 2


def test_balanced_derivatives_vary_less_at_kinks_nearly_parallel_to_lines():
    module, spread = random_field([2, 1, 1]), {}
    module.layers[0].weight.data = torch.tensor([[0.02, 1.0]], dtype=torch.float64)
    module.layers[0].bias.data[:], module.layers[1].weight.data[:], module.layers[1].bias.data[:] = -0.4, 1, 10
    for balanced in (False, True):
        random, draws = torch.Generator().manual_seed(3), []
        for _ in range(50):
            energy = integrate(module, gradient_energy, SQUARE, lines=16, generator=random, balanced=balanced)
            draws.append(gradient(energy, module))
        spread[balanced] = float(torch.stack(draws).std(0)[2])
    assert spread[True] < spread[False] / 2, spread


def test_a_missed_kink_is_noticed(monkeypatch):
    found = Search.__call__

    def without_one(search, lines):
        roots = found(search, lines)
        calls.append(search.fineness)
        return Roots(*(part[1:] for part in roots)) if len(calls) <= missed else roots

    monkeypatch.setattr(Search, "__call__", without_one)
    module, calls, missed = random_field([1, 3, 1]), [], 0
    expected = float(integrate(module, ritz, [(0, 1)]).detach())
    calls, missed = [], 1
    assert float(integrate(module, ritz, [(0, 1)]).detach()) == pytest.approx(expected, rel=1e-12)
    assert calls == [1, 4]
    missed = 100
    with pytest.raises(InvalidInputError, match="increase panels"):
        integrate(module, ritz, [(0, 1)])


def test_ten_dimensions_with_random_offsets():
    module = random_field([10, 8, 1], seed=6, distance=False)
    energy = integrate(module, ritz, [(0, 1)] * 10, lines=16, generator=torch.Generator().manual_seed(0))
    assert bool(gradient(energy, module).isfinite().all())


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_single_precision_and_boxes_far_from_the_origin(shift):
    module = random_field([2, 6, 5, 1], seed=8, distance=False)
    expected = gradient(integrate(module, ritz, SQUARE, lines=16), module)

    def shifted(x, u, du):
        return ritz(x - shift, u, du)

    first = module.layers[0]
    first.bias.data -= shift * first.weight.data.sum(1)
    box = [(shift, shift + 1)] * 2
    double = gradient(integrate(module, shifted, box, lines=16), module)
    single = module.float()
    energy = integrate(single, shifted, box, lines=16)
    assert energy.dtype == torch.float32
    found = gradient(energy, single).double()
    first_weights = 12  # their derivative at fixed biases contains the shift
    torch.testing.assert_close(double[first_weights:], expected[first_weights:], rtol=1e-7, atol=1e-7)
    assert float((found - double).norm() / double.norm()) < (1e-4 if shift == 0 else 2e-2)


def test_two_kinks_that_nearly_coincide_are_no_jump():
    layer = nn.Linear(1, 2, dtype=torch.float64)
    layer.weight.data[:], layer.bias.data[:] = 1e4, torch.tensor([-5e3, -5e3 - 1e-2], dtype=torch.float64)
    difference = nn.Linear(2, 1, dtype=torch.float64)
    difference.weight.data, difference.bias.data[:] = torch.tensor([[1.0, -1.0]], dtype=torch.float64), 0
    energy = integrate(nn.Sequential(layer, nn.ReLU(), difference), lambda x, u, du: u, [(0, 1)])
    assert float(energy.detach()) == pytest.approx(1e-2 * (0.5 - 0.5e-6), rel=1e-9)


def test_no_graph_without_gradients():
    module = random_field([2, 4, 1])
    with torch.no_grad():
        energy = integrate(module, ritz, SQUARE, lines=8)
    assert not energy.requires_grad
    assert float(energy) == pytest.approx(float(integrate(module, ritz, SQUARE, lines=8).detach()), rel=1e-12)


def module_with(activation) -> nn.Module:
    return random_field([2, 4, 1], activation, distance=False)


class Opaque(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, slope):
        return slope


NORMALIZED = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1)).double()


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (module_with(torch.round), {}, "'round' cannot be followed"),
        (module_with(lambda z: z.max(1, keepdim=True)[0].expand(-1, 4)), {}, "'max' along a dimension"),
        (module_with(torch.sign), {}, "must be continuous"),
        (module_with(lambda z: (z > 0) * (1 + z)), {}, "must be continuous"),
        (module_with(nn.Dropout(0.5)), {}, "'dropout' is random or in training mode"),
        (NORMALIZED, {}, "'batch_norm' is random or in training mode"),
        (module_with(lambda z: z - z.mean(0)), {}, "evaluate each point by itself"),
        (module_with(Opaque.apply), {}, "inside of a torch.autograd.Function"),
        (module_with(lambda z: torch.func.vmap(torch.relu)(z)), {}, "operations of torch that can be followed"),
        (module_with(lambda z: torch.relu(z.T).T), {}, "points in the first dimension"),
        (module_with(lambda z: torch.log(z - 9)), {}, "must be finite"),
        (torch.relu, {}, "network must be a torch.nn.Module; got"),
        (nn.Linear(2, 1).half(), {}, "got torch.float16"),
        (nn.Linear(2, 2), {}, r"got \[16, 2\]"),
        (nn.Linear(3, 1), {}, r"must accept points of shape \[n, 2\]"),
        (module_with(F.relu), {"box": [(0, 1), (1, 1)]}, "low < high"),
        (module_with(F.relu), {"box": [0, 1]}, "low < high"),
        (module_with(F.relu), {"box": [(0, 1)] * 4}, "at most 3 inputs unless a generator"),
        (module_with(F.relu), {"integrand": lambda x, u, du: du}, "integrand must return one value per point"),
        (module_with(F.relu), {"integrand": lambda x, u, du: u[:, None] * u}, "integrand must return one value"),
        (module_with(F.relu), {"lines": 0}, "lines must be a positive integer; got 0"),
        (module_with(F.relu), {"order": 0}, "order must be a positive integer; got 0"),
        (module_with(F.relu), {"lines": 20}, "lines must be a multiple of panels, which is 8; got 20"),
    ],
)
def test_bad_arguments_are_named(module, options, message):
    arguments = {"integrand": ritz, "box": SQUARE, "lines": 8, **options}
    with pytest.raises(InvalidInputError, match=message) as raised:
        integrate(module, **arguments)
    assert "\n" not in str(raised.value)


def test_the_example_of_the_documentation_approaches_the_minimum():
    code, _ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 25
    code = re.sub(r"range\(\d+\)", "range(60)", code).replace("lines=48", "lines=16")
    program = f"import torch\ntorch.manual_seed(0)\n{code}\nprint(float(energy))"
    environment = os.environ | {"PYTHONPATH": str(PAGE.parents[2] / "scripts"), "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert -(math.pi**2) / 4 < float(run.stdout) < -1.5
