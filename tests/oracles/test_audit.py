"""The derivative audit against closed forms: verdicts and the sizes of the errors."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rectified.audit.derivative_audit import audit
from rectified.audit.loss import loss_gradient
from rectified.audit.loss.loss_gradient import loss_mismatches
from rectified.audit.loss.loss_values import random_directions
from rectified.audit.loss.parameter_gradient import parameter_mismatch
from rectified.audit.singularity.lines import even_points
from rectified.audit.singularity.singularities import singularities
from rectified.errors import InvalidInputError

DOUBLE = torch.float64
LINE = torch.tensor([[-1.0, 1.0]], dtype=DOUBLE)
SQUARE = LINE.repeat(2, 1)


def points(count: int = 100, inputs: int = 2, seed: int = 0) -> torch.Tensor:
    return 2 * torch.rand(count, inputs, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE) - 1


def mlp(activation=nn.Tanh, inputs: int = 2, width: int = 12, normalize=lambda width: nn.Identity()) -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Linear(inputs, width), normalize(width), activation(), nn.Linear(width, width), normalize(width)]
    return nn.Sequential(*layers, activation(), nn.Linear(width, 1))


class Power(nn.Module):
    """relu(z)^k."""

    def __init__(self, power: int):
        super().__init__()
        self.power = power

    def forward(self, z):
        return torch.relu(z) ** self.power


class Convolution(nn.Module):
    """Two 3×3 convolutions without padding, as sums over shifted slices, of a square grid with a 2-point margin."""

    def __init__(self, side: int, width: int = 6):
        super().__init__()
        torch.manual_seed(0)
        self.side = side
        self.first, self.second = (nn.Parameter(torch.randn(9, a, width) / 3) for a in (2, width))
        self.last = nn.Linear(width, 1)

    def slices(self, h):
        rows, columns = h.shape[0] - 2, h.shape[1] - 2
        return [h[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]

    def convolved(self, neighbours, weights):
        return torch.tanh(sum(h @ w for h, w in zip(neighbours, weights)))

    def forward(self, x):
        grid = x.view(self.side, self.side, 2)
        for _ in range(2):
            for axis in (0, 1):
                grid = grid.transpose(0, axis)
                grid = torch.cat([2 * grid[:1] - grid[1:2], grid, 2 * grid[-1:] - grid[-2:-1]]).transpose(0, axis)
        h = self.convolved(self.slices(grid), self.first)
        return self.last(self.convolved(self.slices(h), self.second)).view(-1)

    def at_centre(self, x, spacing: float):
        """The same function at the centre of a patch, with one patch per point."""
        offsets = spacing * torch.tensor([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)], dtype=DOUBLE)

        def inner(centre):
            return self.convolved([centre + offset for offset in offsets], self.first)

        return self.last(self.convolved([inner(x + offset) for offset in offsets], self.second))[:, 0]


def grid_points(side: int) -> torch.Tensor:
    even = torch.linspace(-0.9, 0.9, side, dtype=DOUBLE)
    return torch.cartesian_prod(even, even)


# --- input derivatives -------------------------------------------------------------------------------


@pytest.mark.parametrize("derivatives", ["reverse", "forward"])
@pytest.mark.parametrize("activation", [nn.Tanh, nn.GELU, nn.SiLU])
def test_smooth_networks_are_consistent(activation, derivatives):
    found = audit(mlp(activation), points(), derivatives=derivatives)
    assert found.verdict == "consistent"
    assert found.reasons == found.notes == ()
    assert max(found.first, found.second) < 1e-5
    assert found.off_diagonal < 1e-12
    assert found.value == found.jumps == found.kinks == found.dropped == 0


def test_viscous_shock_is_resolved():
    """u = −tanh(x/2ν), the steady shock of Burgers' equation with ν = 0.01/π."""
    found = audit(lambda x: -torch.tanh(x[:, 0] * math.pi / 0.02), points(400, 1))
    assert max(found.first, found.second) < 1e-3
    assert found.verdict == "consistent"
    assert found.jumps == found.kinks == 0


def sines(x):
    return torch.sin(3 * x[:, 0]) * torch.cos(2 * x[:, 1])


def derivatives_of_sines(x, factor=1.0):
    s, c = torch.sin(torch.tensor([3.0, 2.0]) * x), torch.cos(torch.tensor([3.0, 2.0]) * x)
    return torch.stack([3 * c[:, 0] * c[:, 1], -2 * s[:, 0] * s[:, 1]]), factor * -torch.stack(
        [9 * sines(x), 4 * sines(x)]
    )


def test_derivatives_can_be_given_as_a_function():
    found = audit(sines, points(), derivatives=derivatives_of_sines)
    assert max(found.first, found.second) < 1e-7
    wrong = audit(sines, points(), derivatives=lambda x: derivatives_of_sines(x, 1.25))
    assert wrong.second == pytest.approx(0.25 / 1.25, rel=1e-6)
    assert wrong.verdict == "inconsistent"
    assert wrong.reasons == ("second derivatives 0.2",)
    assert audit(sines, points(), order=1, derivatives=lambda x: derivatives_of_sines(x, 1.25)).verdict == "consistent"


def test_non_finite_derivatives_are_inconsistent():
    """The branch not taken has the derivative 0·∞ in automatic differentiation."""

    def network(x):
        return x[:, 0] + torch.where(x[:, 0] > 2, torch.sqrt(0 * x[:, 0]), 0)

    found = audit(network, points(20, 1), order=1)
    assert found.first == math.inf
    assert found.verdict == "inconsistent"


def test_batch_normalization_is_inconsistent_in_training_and_consistent_with_frozen_statistics():
    network, x = mlp(normalize=nn.BatchNorm1d), points(64)
    network(x.float())
    before = copy.deepcopy(network.state_dict())
    frozen = copy.deepcopy(network).eval()
    for other in ({}, {"field": frozen}):
        found = audit(network, x, **other)
        assert found.verdict == "inconsistent"
        assert found.off_diagonal > 0.3
        assert found.first > 0.5
    assert found.second > 0.5
    assert found.value > 0.1
    passed = audit(frozen, x)
    assert passed.verdict == "consistent"
    assert max(passed.first, passed.second) < 1e-5
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert network.training
    assert network[0].weight.dtype == torch.float32
    assert network[0].weight.grad is None


def test_batch_normalization_of_the_first_preactivation_is_translation_invariant():
    """All translation derivatives are zero, and gradients of sums are entirely wrong."""
    network = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))
    x = points(64)
    for derivatives in ("forward", lambda x: (torch.zeros_like(x.T), torch.zeros_like(x.T))):
        assert audit(network, x, derivatives=derivatives).verdict == "consistent"
    assert audit(network, x).first == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("field", [False, True])
def test_convolutions_need_translation_derivatives(field):
    side = 12
    network, x = Convolution(side).double(), grid_points(side)
    others = {"field": lambda x: network.at_centre(x, 1.8 / (side - 1))} if field else {}
    reverse, forward = (audit(network, x, derivatives=name, **others) for name in ("reverse", "forward"))
    assert reverse.verdict == "inconsistent"
    assert min(reverse.first, reverse.second, reverse.off_diagonal) > 0.1
    assert forward.verdict == "consistent"
    assert max(forward.first, forward.second) < 1e-5
    assert forward.off_diagonal == reverse.off_diagonal
    assert forward.value < 1e-12
    assert forward.jumps == 0 if field else math.isnan(forward.jumps)


@pytest.mark.parametrize(
    "network",
    [Convolution(8), mlp(normalize=nn.BatchNorm1d), mlp(normalize=nn.LayerNorm)],
    ids=["conv", "batch", "layer"],
)
def test_off_diagonal_share_equals_that_of_the_dense_jacobian(network):
    network, x = network.double(), grid_points(8) * torch.tensor([1.0, 5.0])
    jacobian = torch.autograd.functional.jacobian(lambda x: network(x).view(-1), x)
    size = (jacobian.abs() * torch.tensor([1.0, 5.0])).sum(-1)  # lengths relative to the extents
    assert audit(network, x, order=1).off_diagonal == pytest.approx(float(1 - size.trace() / size.sum()), abs=1e-12)


# --- straight-through estimators and hidden jumps ----------------------------------------------------


def quantized(x, straight_through: bool):
    """Return sin x plus x rounded to quarters; the rounded term has the derivative of x or none."""
    x = x[:, 0]
    rounded = torch.round(4 * x) / 4
    return torch.sin(x) + (x + (rounded - x).detach() if straight_through else rounded.detach())


def test_straight_through_estimators_are_inconsistent_by_their_closed_form():
    """The derivative used is cos x + 1, the exact one is cos x; the second derivatives agree."""
    x = points(400, 1)
    found = audit(lambda x: quantized(x, True), x, order=2)
    expected = math.sqrt(len(x)) / (torch.cos(x) + 1).norm()
    assert found.first == pytest.approx(float(expected), rel=0.01)
    assert found.second < 1e-5
    assert found.verdict == "inconsistent"
    assert found.dropped == 0  # steps between the jumps resolve every point


def test_quantization_without_straight_through_is_consistent_and_hides_jumps():
    found = audit(lambda x: quantized(x, False), points(400, 1), box=[[-1, 1]])
    u = quantized(even_points(LINE, 100_000), False)
    assert found.verdict == "consistent"
    assert max(found.first, found.second) < 1e-5
    assert (found.jumps, found.kinks) == (8, 0)
    assert found.jump_size == pytest.approx(0.25 / float(u.std()), rel=1e-3)
    assert str(found).startswith("consistent between 8 jumps per line that it hides\n")


def test_kinks_are_hidden_only_from_second_derivatives():
    network, x = (lambda x: (x[:, 0] - 0.3).abs() + x[:, 0]), points(100, 1)
    assert audit(network, x, order=2).hides == "1 kink per line"
    assert audit(network, x, order=1).hides == ""
    assert audit(network, x, order=1).kinks == 1


STEEP = [lambda s: torch.tanh(200 * s), lambda s: torch.tanh(1e5 * s), lambda s: 1 / (1 + (1000 * s) ** 2)]
SMOOTH = [lambda s: torch.relu(s - 0.1) ** 2 + s, lambda s: torch.relu(s) ** 3, torch.exp, torch.ones_like]


@pytest.mark.parametrize("function", STEEP + SMOOTH)
@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_steep_and_smooth_functions_have_neither_jumps_nor_kinks(function, shift):
    found = singularities(lambda x: function(x[:, 0] - shift), LINE + shift)
    assert (found.jumps, found.kinks) == (0, 0)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.GELU, lambda: Power(3)])
def test_smooth_networks_have_neither_jumps_nor_kinks(activation):
    network = mlp(activation).double()
    found = singularities(lambda x: network(x)[:, 0], SQUARE)
    assert (found.jumps, found.kinks) == (0, 0)


places = st.lists(st.integers(-9999, 9999), min_size=1, max_size=12, unique=True)


@settings(max_examples=30, deadline=None)
@given(steps=places, bends=places, shift=st.sampled_from([0.0, 7.0, -100.0]))
def test_all_jumps_and_kinks_are_found_and_no_others(steps, bends, shift):
    """Jumps lie on multiples of 1e-4, kinks half-way between such multiples."""
    steps, bends = (1e-4 * torch.tensor(sorted(place), dtype=DOUBLE) for place in (steps, bends))
    bends = bends + 0.5e-4

    def field(x):
        s = x - shift
        return torch.sin(2 * s[:, 0]) + (s > steps).double().sum(1) + torch.relu(s - bends).sum(1)

    found = singularities(field, LINE + shift)
    assert (found.jumps, found.kinks) == (len(steps), len(bends))


def test_two_close_singularities_are_separated_down_to_a_millionth():
    def field(x, distance):
        s = x[:, 0]
        return torch.relu(s - 0.3) + torch.relu(s - 0.3 - distance) + (s > -0.5) * 1.0 + (s > -0.5 + distance) * 1.0

    found = singularities(lambda x: field(x, 2e-6), LINE)
    assert (found.jumps, found.kinks) == (2, 2)
    merged = singularities(lambda x: field(x, 1e-12), LINE)
    assert (merged.jumps, merged.kinks) == (1, 1)


def test_sizes_are_relative_to_the_rms_and_to_the_slope():
    """On [−1, 1] a unit step in the middle is 2 of its rms; |x| has the slopes ±1."""
    assert singularities(lambda x: (x[:, 0] > 0).double(), LINE).jump_size == pytest.approx(2, rel=1e-3)
    for step in (0, 3):
        found = singularities(lambda x, step=step: x[:, 0].abs() + step * (x[:, 0] > 0.5), LINE)
        assert found.kink_size == pytest.approx(2, rel=1e-6)


def test_lines_along_a_step_in_two_dimensions_do_not_cross_it():
    found = singularities(lambda x: (x[:, 0] > 0.3) + torch.sin(x[:, 1]), SQUARE)
    assert (found.jumps, found.kinks) == (0.5, 0)
    cone = singularities(lambda x: torch.maximum(x[:, 0].abs(), x[:, 1].abs()), SQUARE)
    assert (cone.jumps, cone.kinks) == (0, 2)


def test_singularities_of_a_too_rough_field_are_undetermined():
    random = torch.Generator().manual_seed(0)
    found = singularities(lambda x: torch.rand(len(x), generator=random, dtype=DOUBLE), LINE)
    assert math.isnan(found.jumps)


# --- parameter gradient ------------------------------------------------------------------------------


def quadratic(count: int = 30):
    random = torch.Generator().manual_seed(3)
    matrix, theta = torch.randn(count, count, generator=random, dtype=DOUBLE), torch.randn(count, generator=random)
    matrix = matrix + matrix.T
    return (lambda t: t @ matrix @ t / 2), (lambda t: matrix @ t), theta.double()


def test_parameter_gradient_of_a_quadratic_form_is_exact():
    value, gradient, theta = quadratic()
    found = parameter_mismatch(value, gradient, theta)
    assert max(found.mismatch, found.uncertainty) < 1e-9
    assert parameter_mismatch(value, lambda t: 2 * gradient(t), theta).mismatch == pytest.approx(0.5, rel=1e-9)
    at_stationary_point = parameter_mismatch(value, gradient, 0 * theta)
    assert at_stationary_point.mismatch == 0
    assert at_stationary_point.uncertainty < 1e-9


def test_extrapolation_is_of_fourth_order_in_the_step():
    _, _, theta = quadratic()
    errors = [
        parameter_mismatch(lambda t: t.exp().sum(), torch.exp, theta, step=step, seed=1).mismatch
        for step in (0.8, 0.4, 0.2)
    ]
    assert math.log2(errors[0] / errors[1]) > 3.9
    assert math.log2(errors[1] / errors[2]) > 3.9


class Ritz(nn.Module):
    """u = x(1 − x)·Σ cσ(a(x − s)) with s spread over the domain, so that every kink counts."""

    def __init__(self, activation, width: int = 8):
        super().__init__()
        random = torch.Generator().manual_seed(1)
        a, c = (2 * torch.randn(width, generator=random) for _ in range(2))
        self.a, self.b, self.c = map(nn.Parameter, (a, -a * (torch.arange(width) + 0.5) / width, c))
        self.activation = activation

    def forward(self, x):
        return x[:, 0] * (1 - x[:, 0]) * (self.activation(x * self.a + self.b) @ self.c)


def ritz_energy(network, x):
    x = x.requires_grad_(True)
    u = network(x)
    (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return (0.5 * slope[:, 0] ** 2 - 40 * torch.sin(2 * math.pi * x[:, 0]) * u).mean()


@pytest.mark.parametrize(
    ("activation", "verdict"), [(torch.relu, "inconsistent"), (torch.tanh, "consistent"), (Power(2), "consistent")]
)
def test_ritz_energies_of_relu_lose_the_moving_kinks_on_any_grid(activation, verdict):
    x = even_points(torch.tensor([[0.0, 1.0]], dtype=DOUBLE), 100)
    found = audit(Ritz(activation), x, order=1, loss=ritz_energy, box=[(0, 1)])
    assert found.verdict == verdict
    assert found.first < 0.01
    assert found.off_diagonal < 1e-12
    assert found.parameter > 0.05 if verdict == "inconsistent" else found.parameter < 1e-4


class Neuron(nn.Module):
    """u = c·relu(ax + b)^k."""

    def __init__(self, power: int):
        super().__init__()
        self.a, self.b, self.c = (nn.Parameter(torch.tensor(value, dtype=DOUBLE)) for value in (1.3, 0.4, 0.7))
        self.power = power

    def forward(self, x):
        return self.c * torch.relu(self.a * x[:, 0] + self.b) ** self.power


def strong_form(network, x, source: float = 1.5):
    x = x.requires_grad_(True)
    (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    seconds = [torch.autograd.grad(slope[:, axis].sum(), x, create_graph=True)[0] for axis in range(x.shape[1])]
    laplacian = sum(second[:, axis] for axis, second in enumerate(seconds))
    return ((laplacian - source) ** 2).mean()


def closed_form(theta, q: float = 1.5):
    """Return ½∫(u'' − q)² over [−1, 1], its gradient, and the gradient with the part with u'' = 2ca² held fixed."""
    a, b, c = theta
    excess, length = 2 * c * a**2 - q, 1 + b / a  # both for the part with u'' = 2ca²
    zero = torch.zeros_like(a)
    value = (excess**2 * length + q**2 * (2 - length)) / 2
    smooth = excess * length * torch.stack([4 * c * a, zero, 2 * a**2])
    lost = (excess**2 - q**2) / 2 * torch.stack([-b / a**2, 1 / a, zero])
    return value, smooth + lost, smooth


def test_strong_form_of_squared_relu_loses_the_moving_boundary_as_in_the_closed_form():
    network = Neuron(2)
    _, right, used = closed_form(torch.stack(list(network.parameters())).detach())
    found = loss_mismatches(network, strong_form, LINE, jumps=True, threshold=0.01)
    for name, one, other in zip("abc", used, right):
        expected = float(abs(one - other) / max(abs(one), abs(other)))
        assert found[name].mismatch == pytest.approx(expected, abs=0.005)
        assert found[name].uncertainty < 0.05
    verdict = audit(network, points(100, 1), loss=strong_form, box=LINE)
    assert verdict.parameter == pytest.approx(1, abs=1e-3)  # the derivative with respect to b is lost entirely
    assert verdict.reasons == ("parameter gradient 1",)
    assert (verdict.jumps, verdict.kinks) == (0, 0)


def test_mismatch_of_a_vector_is_the_mismatch_along_random_directions():
    theta = torch.tensor([1.3, 0.4, 0.7], dtype=DOUBLE)
    _, right, used = closed_form(theta)
    along = random_directions(theta, 6)
    expected = (along @ (used - right)).norm() / torch.maximum((along @ used).norm(), (along @ right).norm())
    found = parameter_mismatch(lambda t: closed_form(t)[0], lambda t: closed_form(t)[2], theta)
    assert found.mismatch == pytest.approx(float(expected), rel=1e-6)
    assert parameter_mismatch(lambda t: closed_form(t)[0], lambda t: closed_form(t)[1], theta).mismatch < 1e-8


def test_boundaries_oblique_to_all_axes_are_detected():
    class Oblique(Neuron):
        def forward(self, x):
            return super().forward(x[:, :1] - x[:, 1:])

    found = audit(Oblique(2), points(100), loss=strong_form, box=SQUARE)
    assert found.verdict == "inconsistent"
    assert found.parameter == pytest.approx(1, abs=1e-3)


def test_audit_does_not_change_the_network():
    network = Neuron(2)
    before = [p.detach().clone() for p in network.parameters()]
    loss_mismatches(network, strong_form, LINE, jumps=False, threshold=0.01)
    assert all(torch.equal(one, other) for one, other in zip(before, network.parameters()))


@pytest.mark.parametrize("jumps", [False, True])
def test_loss_is_evaluated_in_parts_that_cover_all_points(jumps, monkeypatch):
    sizes = []

    def counted(network, x):
        sizes.append(len(x))
        return strong_form(network, x)

    found = loss_mismatches(Neuron(2 if jumps else 3), counted, LINE, jumps=jumps, threshold=0.01)
    assert max(sizes) <= loss_gradient.PART
    sizes.clear()
    monkeypatch.setattr(loss_gradient, "PART", loss_gradient.JUMP_POINTS[-1])
    whole = loss_mismatches(Neuron(2 if jumps else 3), counted, LINE, jumps=jumps, threshold=0.01)
    refined = {count // part for count in loss_gradient.JUMP_POINTS for part in (1, 4, 16)} if jumps else set()
    searched = {loss_gradient.POINTS * 2**k for k in (-2, 0, 1, 3)}
    assert set(sizes) <= refined | searched
    for name, measure in whole.items():
        assert found[name].mismatch == pytest.approx(measure.mismatch, rel=1e-6, abs=1e-9)
        assert found[name].uncertainty == pytest.approx(measure.uncertainty, rel=1e-3, abs=1e-9)


def test_strong_form_of_cubed_relu_is_consistent():
    found = audit(Neuron(3), points(100, 1), loss=strong_form, box=LINE.numpy())
    assert found.verdict == "consistent"
    assert found.parameter < 1e-3


def test_regression_with_a_moving_jump_is_inconsistent_without_input_derivatives():
    class Step(nn.Module):
        def __init__(self):
            super().__init__()
            self.place, self.height = (nn.Parameter(torch.tensor(value, dtype=DOUBLE)) for value in (0.2, 1.0))

        def forward(self, x):
            return self.height * (x[:, 0] > self.place)

    def squared_error(network, x):
        return ((network(x) - x[:, 0]) ** 2).mean()

    found = audit(Step(), points(100, 1), order=0, loss=squared_error, box=LINE)
    assert found.verdict == "inconsistent"
    assert found.jumps == 1
    assert math.isnan(found.first)
    assert math.isnan(found.off_diagonal)
    assert found.parameter == pytest.approx(1, abs=1e-3)  # the derivative with respect to the position is lost entirely
    assert loss_mismatches(Step(), squared_error, LINE, jumps=True, threshold=0.01)["height"].mismatch < 1e-9


@pytest.mark.parametrize(
    ("network", "order", "note"),
    [
        (mlp(nn.ReLU, 1), 2, "the slope of u jumps"),
        (nn.Sequential(mlp(inputs=1), nn.Threshold(0.0, -1.0)), 1, "u jumps"),
        (mlp(inputs=1, normalize=nn.BatchNorm1d), 1, "couples the points"),
    ],
)
def test_parameter_gradient_of_a_loss_without_a_finite_integral_is_not_measured(network, order, note):
    found = audit(network, points(100, 1), order=order, loss=strong_form)
    assert math.isnan(found.parameter)
    assert any(note in line for line in found.notes)


# --- invariances -------------------------------------------------------------------------------------


def straight_through_network(x):
    h = torch.tanh(x @ torch.tensor([[2.0, -1.0], [0.5, 3.0]], dtype=DOUBLE))
    return (h + (torch.round(2 * h) / 2 - h).detach()).sum(1) + torch.sin(x[:, 0])


@settings(max_examples=15, deadline=None)
@given(
    factor=st.sampled_from([1e-6, -1.0, 3.0, 1e6]),
    low=st.tuples(*[st.floats(-50, 50)] * 2),
    extent=st.tuples(*[st.floats(0.1, 100)] * 2),
    network=st.sampled_from([straight_through_network, lambda x: quantized(x, False) * torch.cos(x[:, 1]), sines]),
)
def test_verdict_does_not_depend_on_units(factor, low, extent, network):
    x, low, extent = points(60), torch.tensor(low, dtype=DOUBLE), torch.tensor(extent, dtype=DOUBLE)

    def scaled(y):
        return factor * network((y - low) / extent * 2 - 1)

    one, other = (
        audit(network, x, box=SQUARE),
        audit(scaled, low + extent * (x + 1) / 2, box=torch.stack([low, low + extent], 1)),
    )
    assert one.verdict == other.verdict
    assert one.jumps == other.jumps
    assert other.first == pytest.approx(one.first, rel=1e-4, abs=1e-4)
    assert other.jump_size == pytest.approx(one.jump_size, rel=1e-2)  # one of the 401 nodes may lie on a jump


# --- text --------------------------------------------------------------------------------------------


def test_audit_prints_a_readable_summary():
    lines = str(audit(mlp(normalize=nn.BatchNorm1d), points(50))).splitlines()
    assert lines[0].startswith("inconsistent (")
    assert "first derivatives 1" in lines[0]
    assert lines[0].endswith("threshold 0.01)")
    assert any(line.split()[:4] == ["jumps", "per", "line", "not"] for line in lines)
    assert lines[-2].split(maxsplit=1) == [
        "cause",
        "module 1 (BatchNorm1d): the output at a point depends on the other points of the batch",
    ]
    assert "reference set, or eval()" in lines[-1]
    assert 8 <= len(lines) <= 10


X = points(20)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: audit(lambda x: torch.round(3 * x[:, 0]), X), "derivatives are all exactly zero"),
        (lambda: audit(lambda x: sines(x.detach()), X), "not differentiable in the points"),
        (lambda: audit(lambda x: torch.from_numpy(x.numpy()).sum(1), X), "Can't call numpy"),
        (lambda: audit(lambda x: (x[:, 0] > 0).long(), X), "returns torch.int64"),
        (lambda: audit(lambda x: sines(x).float(), X), "must compute in double precision"),
        (lambda: audit(lambda x: torch.ones(len(x), dtype=DOUBLE), X), "not differentiable in the points"),
        (lambda: audit(lambda x: x[:5], X), r"must return \[points\], \[points, 1\] or \[points, outputs\]"),
        (lambda: audit(lambda x: 1.0, X), "got float"),
        (lambda: audit(lambda x: torch.log(x[:, 0]), X), "not finite"),
        (lambda: audit(nn.Sequential(mlp(), nn.Dropout(0.5)), X), "different values for the same points"),
        (lambda: audit(lambda x: mlp()(x), X), "failed on points"),
        (lambda: audit(sines, X[0]), r"at least 2 points, .*; got \[2\]"),
        (lambda: audit(sines, X[:1]), "at least 2 points"),
        (lambda: audit(sines, X * math.nan), "points must be finite"),
        (lambda: audit(sines, X * torch.tensor([1.0, 0.0])), r"the same along input 1"),
        (lambda: audit(sines, X, order=5), "got 5"),
        (lambda: audit(sines, X, threshold=0.0), "threshold must be a positive number; got 0.0"),
        (lambda: audit(sines, X, derivatives="both"), "'reverse', 'forward' or a function"),
        (lambda: audit(sines, X, derivatives=lambda x: x), r"\[2, 20\]; got Tensor"),
        (lambda: audit(sines, X, derivatives=lambda x: (x.T, None)), "must return 2"),
        (lambda: audit(sines, X, box=[(0, 1)]), "one pair"),
        (lambda: audit(sines, X, box=[(0, 1), (1, 0)]), "one pair"),
        (lambda: audit(sines, X, loss=ritz_energy), "torch.nn.Module"),
        (lambda: audit(mlp(), X, loss=lambda network, x: network(x)), "a tensor of one real number"),
        (lambda: audit(mlp(), X, loss=lambda network, x: x.mean()), "does not depend on the network's parameters"),
        (lambda: audit(mlp(), X, loss=lambda network, x: network(x).mean() * math.nan), "the loss is nan"),
        (lambda: audit(mlp().requires_grad_(False), X, loss=ritz_energy), "no parameters"),
        (lambda: parameter_mismatch(*quadratic()[:2], X[0].float()), "must be a vector in float64"),
        (lambda: parameter_mismatch(*quadratic(), step=-1.0), "smallest_step must be positive"),
        (lambda: parameter_mismatch(quadratic()[0], lambda t: t[:3], quadratic()[2]), "gradient has shape"),
    ],
)
def test_invalid_arguments_are_rejected(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()
