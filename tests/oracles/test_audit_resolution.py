"""The audit decides only what its differences resolve: offsets, scales, frequencies, transitions, coupling."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from audited_models import DOUBLE, Recurrent, RunningMean, mlp, points
from rectified.audit import audit
from rectified.audit.coupling import is_pointwise
from rectified.audit.differences import differences, polarization
from rectified.audit.input_derivatives import reverse_mode
from rectified.audit.measures import Measure
from rectified.audit.rounding import EPSILON, value_rounding
from rectified.audit.singularities import singularities
from rectified.errors import InvalidInputError

SMOOTH = mlp().double()
X = points(150)
UNIT = torch.tensor([[0.0, 1.0]], dtype=DOUBLE)


def derivatives_of_network(first=1.0, second=1.0, scale=1.0):
    """Return the derivatives of the smooth network multiplied by factors."""

    def derivatives(x):
        rows = reverse_mode(lambda y: SMOOTH(y)[:, 0], x, [(0,), (1,), (0, 0), (1, 1)])
        return scale * first * torch.stack(rows[:2]), scale * second * torch.stack(rows[2:])

    return derivatives


# --- offsets and scales --------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6, 1e8])
def test_offsets_do_not_hide_wrong_derivatives(offset):
    def network(x):
        return SMOOTH(x) + offset

    assert audit(network, X).verdict == "consistent"
    assert audit(network, X, derivatives=derivatives_of_network(second=-1)).second == pytest.approx(2, abs=0.01)
    assert audit(network, X, derivatives=derivatives_of_network(second=-1)).verdict == "inconsistent"
    assert audit(network, X, derivatives=derivatives_of_network(first=1.5)).first == pytest.approx(1 / 3, abs=1e-3)


def test_what_an_offset_hides_is_undetermined_with_this_reason():
    first = audit(lambda x: SMOOTH(x) + 1e10, X, order=1, derivatives=derivatives_of_network(first=1.5))
    assert first.verdict == "inconsistent"
    for wrong in (1, -1):
        second = audit(lambda x: SMOOTH(x) + 1e10, X, derivatives=derivatives_of_network(second=wrong))
        assert second.verdict == "undetermined"
        assert any("subtract the offset" in note for note in second.notes)
    lost = audit(lambda x: SMOOTH(x) + 1e16, X, derivatives=derivatives_of_network(first=3))
    assert lost.verdict == "undetermined"


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-100, 1e100, 1e300])
def test_scales_do_not_underflow(scale):
    def network(x):
        return scale * SMOOTH(x)

    right, wrong = (
        audit(network, X, derivatives=derivatives_of_network(second=factor, scale=scale)) for factor in (1, -1)
    )
    assert (right.verdict, wrong.verdict) == ("consistent", "inconsistent")
    assert wrong.second == pytest.approx(2, abs=1e-6)
    with pytest.raises(InvalidInputError, match="must vary by more than"):
        audit(lambda x: 1e-310 * SMOOTH(x), X)


def energy(offset, detached):
    def loss(network, x):
        x = x.requires_grad_(True)
        (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
        return ((slope.detach() if detached else slope) ** 2).mean() - network(x).mean() + offset

    return loss


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_offsets_of_a_loss_do_not_hide_a_wrong_gradient(offset):
    verdicts = [audit(SMOOTH, X, order=1, loss=energy(offset, detached)).verdict for detached in (False, True)]
    assert verdicts == ["consistent", "inconsistent"]


def test_a_gradient_that_rounding_hides_is_undetermined():
    for detached in (False, True):
        found = audit(SMOOTH, X, order=1, loss=energy(1e14, detached))
        assert found.verdict == "undetermined"
        assert any("too uncertain" in note for note in found.notes)


@pytest.mark.parametrize(("offset", "expected"), [(0.0, 1), (1e3, 1), (1e9, math.nan)])
def test_kinks_are_counted_or_said_to_be_hidden(offset, expected):
    found = singularities(lambda x: torch.relu(x[:, 0] - 0.3) + offset, UNIT)
    assert found.kinks == pytest.approx(expected, nan_ok=True)
    assert ("subtract the offset" in found.reason) == math.isnan(expected)


@pytest.mark.parametrize("offset", [0.0, 3.0, 1e6])
@pytest.mark.parametrize("function", [torch.zeros_like, lambda x: torch.relu(x - 5), lambda x: x])
def test_constant_and_linear_functions_are_consistent(function, offset):
    assert audit(lambda x: function(x[:, 0]) + offset + 0 * x[:, 0], X).verdict == "consistent"


# --- frequency and points ------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency", [10, 1000, 1600, 3200])
def test_fast_functions_are_resolved_by_short_steps(frequency):
    x = (points(256, 1) + 1) / 2
    found = audit(lambda x: torch.sin(frequency * x[:, 0]), x)
    assert found.verdict == "consistent"
    assert max(found.first, found.second) < 1e-4
    wrong = audit(lambda x: torch.sin(frequency * x[:, 0]), x, order=1, derivatives=lambda x: (x.T * 0 + 1.0, None))
    assert wrong.verdict == "inconsistent"


def test_ten_octaves_of_a_positional_encoding_are_consistent():
    class Encoded(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = mlp(inputs=40, width=32)

        def forward(self, x):
            waves = [f(2.0**k * math.pi * x) for k in range(10) for f in (torch.sin, torch.cos)]
            return self.network(torch.cat(waves, 1))

    assert audit(Encoded(), X).verdict == "consistent"


@pytest.mark.parametrize("steepness", [1e2, 1e4])
def test_steep_transitions_between_points_are_said_to_be_missed(steepness):
    """Points at 0, 0.02, …; the transition at 0.41 is a hundredth of their distance wide, or half of it."""
    x = torch.linspace(0, 1, 51, dtype=DOUBLE)[:, None]
    found = audit(lambda x: torch.sigmoid(steepness * (x[:, 0] - 0.41)) + 0.1 * torch.sin(x[:, 0]), x)
    if steepness == 1e2:
        assert found.verdict == "consistent"
        assert found.hides == ""
    else:
        rise = 1 / (1 + 0.1 * math.sin(1))
        assert found.missed == pytest.approx(rise, abs=0.01)
        assert found.verdict == "undetermined"
        assert found.undetermined[0].startswith("too few points")
        assert found.hides == "steep transitions"


# --- coupling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [RunningMean, Recurrent])
def test_causal_coupling_is_coupling(network):
    network = network().double()
    assert not is_pointwise(lambda x: network(x)[:, 0], X)
    for derivatives in ("reverse", "forward"):
        found = audit(network, X, derivatives=derivatives, loss=lambda n, x: (n(x) ** 2).mean())
        assert math.isnan(found.parameter)
        assert math.isnan(found.jumps)
        assert any("couples the points" in note for note in found.notes)
    assert audit(network, X).verdict == "inconsistent"


def test_a_value_that_depends_on_the_place_in_the_batch_is_coupled():
    assert not is_pointwise(lambda x: x[:, 0] + torch.arange(len(x)), X)
    assert is_pointwise(lambda x: SMOOTH(x)[:, 0], X)


# --- differences and rounding --------------------------------------------------------------------------

WANTED = [(0,), (1,), (0, 0), (0, 1), (0, 0, 0), (0, 0, 1), (0, 0, 1, 1), (0, 1, 1, 1), (1, 1, 1, 1)]


@settings(max_examples=20, deadline=None)
@given(a=st.floats(-4, 4), b=st.floats(-4, 4), extent=st.tuples(st.floats(0.1, 10), st.floats(0.1, 10)))
def test_differences_are_accurate_to_their_stated_error(a, b, extent):
    """exp(ax + by) has the derivatives a^i b^j u."""
    extent = torch.tensor(extent, dtype=DOUBLE)
    x = points(20) * extent

    def u(x):
        return torch.exp((x / extent) @ torch.tensor([a, b], dtype=DOUBLE))

    rounding = value_rounding(u, x, extent)
    for axes, estimate in zip(WANTED, differences(u, x, extent, WANTED, rounding)):
        exact = a ** axes.count(0) * b ** axes.count(1) * u(x)
        assert ((estimate.value - exact).abs() <= 3 * estimate.error).all()


def test_differences_resolve_derivatives_of_order_four():
    x = points(50)
    rounding = value_rounding(lambda x: SMOOTH(x)[:, 0], x, torch.ones(2, dtype=DOUBLE))
    found = differences(lambda x: SMOOTH(x)[:, 0], x, torch.ones(2, dtype=DOUBLE), WANTED, rounding)
    exact = reverse_mode(lambda x: SMOOTH(x)[:, 0], x, WANTED)
    for estimate, values in zip(found, exact):
        assert float((estimate.value - values).norm() / values.norm()) < 1e-4


@pytest.mark.parametrize("order", [1, 2])
def test_points_on_a_jump_of_the_derivative_are_not_resolved(order):
    """x₊^k has the one-sided k-th derivatives 0 and k! at 0."""
    x = torch.cat([torch.tensor([[-0.5], [0.0], [1e-6], [0.3]], dtype=DOUBLE), points(60, 1)])
    one = torch.ones(1, dtype=DOUBLE)

    def u(x):
        return torch.relu(x[:, 0]) ** order

    (estimate,) = differences(u, x, one, [(0,) * order], value_rounding(u, x, one))
    size = float(math.factorial(order))
    assert not estimate.error[1] < 0.01 * size
    assert (estimate.error[[0, 3]] < 1e-5).all()
    torch.testing.assert_close(estimate.value[[0, 3]], torch.tensor([0.0, size], dtype=DOUBLE), atol=1e-5, rtol=0)
    assert not 3 * estimate.error[2] < abs(estimate.value[2] - size)


@pytest.mark.parametrize("axes", [(0, 1), (0, 0, 1), (0, 1, 2), (0, 0, 1, 1), (0, 1, 2, 2)])
def test_polarization_is_exact_for_powers(axes):
    """The n-th derivative of ⟨c, x⟩^n along v is n! ⟨c, v⟩^n, the mixed one n! Π c_i."""
    c = (2.0, -3.0, 5.0)
    found = sum(w * sum(a * b for a, b in zip(c, direction)) ** len(axes) for w, direction in polarization(axes, 3))
    assert found == pytest.approx(math.prod(c[axis] for axis in axes))


@pytest.mark.parametrize("offset", [1.0, 1e4, 1e8])
def test_measured_rounding_is_that_of_the_offset(offset):
    """Adding and subtracting an offset leaves its rounding errors, uniform in ±½ unit, in a value of size 1."""
    x = points(400)
    found = value_rounding(lambda x: (SMOOTH(x)[:, 0] + offset) - offset, x, torch.ones(2, dtype=DOUBLE))
    unit = EPSILON * 2.0 ** math.floor(math.log2(offset))
    assert float(found.median()) == pytest.approx(unit / 12**0.5, rel=0.5)


def test_measured_rounding_is_that_of_single_precision_inside():
    network, x = mlp().float(), points(400)
    found = float(value_rounding(lambda x: network(x.float())[:, 0].double(), x, torch.ones(2, dtype=DOUBLE)).median())
    errors = (network(x.float())[:, 0].double() - SMOOTH(x)[:, 0]).detach().std()
    assert 0.2 < found / float(errors) < 5


# --- the rule ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mismatch", "uncertainty", "verdict"),
    [
        (0.5, 0.1, "inconsistent"),
        (0.5, 0.2, "undetermined"),
        (0.02, 0.001, "inconsistent"),
        (0.005, 0.001, "consistent"),
        (0.005, 0.02, "undetermined"),
        (math.inf, 0.0, "inconsistent"),
        (math.nan, math.inf, "undetermined"),
        (0.0, math.nan, "undetermined"),
    ],
)
def test_verdict_needs_a_resolved_mismatch(mismatch, uncertainty, verdict):
    assert Measure(mismatch, uncertainty).verdict(0.01) == verdict
