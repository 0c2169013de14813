"""Comparison of two versions of a network: sizes of known differences, rounding, compiled networks, bad input."""

import copy

import pytest
import torch
from torch import nn

import rectified
from rectified import audit as package
from rectified.audit import Comparison, assert_consistent, audit, compare
from rectified.audit.comparison import Difference
from rectified.errors import InvalidInputError

DOUBLE = torch.float64
KINDS = ("values", "first derivatives", "second derivatives", "third derivatives", "fourth derivatives")


@pytest.fixture(autouse=True)
def fresh_compiler():
    """Forget compiled code, of which PyTorch keeps eight versions per function."""
    torch.compiler.reset()


def points(count: int = 80, inputs: int = 2, dtype=torch.float32) -> torch.Tensor:
    return 2 * torch.rand(count, inputs, generator=torch.Generator().manual_seed(0)).to(dtype) - 1


def mlp(activation=nn.Tanh, seed: int = 0, inputs: int = 2) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, 12), activation(), nn.Linear(12, 12), activation(), nn.Linear(12, 1))


def compiled(network):
    """The network compiled without C++."""
    return torch.compile(network, backend="aot_eager")


class Tanh(torch.autograd.Function):
    """tanh whose derivative is multiplied by a factor."""

    @staticmethod
    def forward(ctx, z, factor):
        y = torch.tanh(z)
        ctx.save_for_backward(y)
        ctx.factor = factor
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return ctx.factor * gradient * (1 - y**2), None


class DetachedTanh(torch.autograd.Function):
    """tanh whose derivative is right and has no derivative."""

    @staticmethod
    def forward(ctx, z):
        y = torch.tanh(z)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (1 - y.detach() ** 2)


class OnceTanh(torch.autograd.Function):
    """tanh that can be differentiated once."""

    @staticmethod
    def forward(ctx, z):
        y = torch.tanh(z)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (1 - y**2)


def wave(x):
    return torch.tanh(2 * x[:, 0] - x[:, 1])


# --- rounding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", [nn.Tanh, nn.GELU, nn.ReLU, nn.Softplus])
def test_single_and_double_precision_are_equal(activation, seed):
    network = mlp(activation, seed)
    found = compare(network, copy.deepcopy(network).double(), points(), order=4, mixed=[(0, 1)])
    assert found.verdict == "equal"
    assert list(found.differences) == [*KINDS, "mixed derivatives", "parameter gradient"]
    assert 0 < found.differences["first derivatives"].size < 1e-5
    assert max(one.resolution for one in found.differences.values()) < 3e-4


def test_rounding_the_parameters_is_explained_by_the_resolution():
    double = mlp().double()
    torch.manual_seed(1)
    for parameter in double.parameters():
        parameter.data += 1e-9 * torch.randn_like(parameter)  # no longer numbers of single precision
    assert compare(double, copy.deepcopy(double).float(), points(dtype=DOUBLE), order=3).verdict == "equal"


@pytest.mark.parametrize(("change", "verdict"), [(1e-3, "different"), (1e-9, "equal")])
def test_a_change_of_a_parameter_is_resolved_in_single_precision(change, verdict):
    network = mlp()
    other = copy.deepcopy(network).double()
    other[0].weight.data *= 1 + change
    assert compare(network, other, points()).verdict == verdict


def test_differences_between_resolution_and_threshold_are_undetermined():
    def changed(x):
        return wave(x) * (1 + 1e-10)

    found = compare(wave, changed, points(dtype=DOUBLE))
    assert found.differences["values"].size == pytest.approx(1e-10, rel=1e-4)
    assert found.verdict == "undetermined"
    assert compare(wave, changed, points(dtype=DOUBLE), threshold=1e-11).verdict == "different"


def test_single_precision_inside_a_network_in_double_precision_is_found():
    found = compare(wave, lambda x: wave(x.float()).double(), points(dtype=DOUBLE) / 3)
    assert 1e-9 < found.differences["values"].size < 1e-6
    assert found.verdict == "different"


def test_precision_too_low_to_tell_is_undetermined():
    network = mlp()
    found = compare(copy.deepcopy(network).bfloat16(), network, points(), order=4)
    assert found.verdicts["fourth derivatives"] == "undetermined"


def test_verdicts_follow_from_size_and_resolution():
    verdicts = [Difference(size, 1e-3).verdict(1e-6) for size in (0, 0.9e-3, 2e-3, 3.1e-3, float("nan"))]
    assert verdicts == ["equal", "equal", "undetermined", "different", "missing"]
    assert Difference(5e-7, 1e-12).verdict(1e-6) == "undetermined"
    assert Difference(0.15, 0.2).verdict(1e-6) == "undetermined"


# --- wrong versions --------------------------------------------------------------------------------------


def test_a_factor_in_the_backward_of_a_function_is_measured_order_by_order():
    """First derivatives have the factor c = 1.25, second derivatives c²."""
    found = compare(wave, lambda x: Tanh.apply(2 * x[:, 0] - x[:, 1], 1.25), points(dtype=DOUBLE))
    sizes = [found.differences[name].size for name in KINDS[:3]]
    assert sizes == pytest.approx([0, 1 - 1 / 1.25, 1 - 1 / 1.25**2], abs=1e-12)
    assert list(found.verdicts.values()) == ["equal", "different", "different"]
    assert str(found).startswith("different (first derivatives, second derivatives)\n")


def test_a_correct_function_is_equal():
    assert compare(wave, lambda x: Tanh.apply(2 * x[:, 0] - x[:, 1], 1.0), points(dtype=DOUBLE)).verdict == "equal"


def test_a_backward_without_derivative_has_other_second_derivatives_only():
    found = compare(lambda x: DetachedTanh.apply(2 * x[:, 0] - x[:, 1]), wave, points(dtype=DOUBLE))
    assert list(found.verdicts.values()) == ["equal", "equal", "different"]
    assert found.differences["second derivatives"].size == 1


def test_a_function_marked_once_differentiable_has_zero_second_derivatives():
    """PyTorch then returns no gradient and, with allow_unused, no error."""
    found = compare(lambda x: wave(x) ** 2, lambda x: OnceTanh.apply(2 * x[:, 0] - x[:, 1]) ** 2, points(dtype=DOUBLE))
    assert list(found.verdicts.values()) == ["equal", "equal", "different"]
    assert found.differences["second derivatives"].remark == "zero in version b, by a detach or a custom backward"


def test_an_operation_without_second_derivative_is_reported_as_missing():
    """torch.cdist has none for p = 1."""
    centres = points(5, dtype=DOUBLE) + 3

    def distances(x):
        return torch.cdist(x, centres, p=1.0).square().sum(1)

    def sums(x):
        return (x[:, None] - centres).abs().sum(-1).square().sum(1)

    found = compare(sums, distances, points(dtype=DOUBLE), order=3, mixed=[(0, 1)])
    assert found.verdict == "missing"
    assert list(found.verdicts.values()) == ["equal", "equal", "missing", "missing", "missing"]
    assert "b: the derivative for '_cdist_backward' is not implemented" in str(found)


class Scaled(nn.Module):
    """Linear layers; the gradient of the weight of one of them is multiplied by a factor."""

    def __init__(self, factor: float):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last, self.factor = nn.Linear(2, 8), nn.Linear(8, 1), factor

    def forward(self, x):
        weight = self.last.weight
        weight = self.factor * weight + (1 - self.factor) * weight.detach()
        return torch.tanh(self.first(x)) @ weight.T + self.last.bias


def test_the_parameter_with_a_wrong_gradient_is_named():
    found = compare(Scaled(1.0), Scaled(2.0), points())
    assert found.verdict == "different"
    assert [name for name, verdict in found.verdicts.items() if verdict != "equal"] == ["parameter gradient"]
    assert found.differences["parameter gradient"].size == pytest.approx(0.5, rel=1e-5)
    assert found.differences["parameter gradient"].remark == "in last.weight"


def test_parameters_of_other_shapes_are_not_compared():
    wide = nn.Sequential(mlp(), nn.Identity(), nn.Linear(1, 1))
    assert "parameter gradient" not in compare(mlp(), wide, points()).differences


def test_the_output_that_differs_is_named_whatever_its_scale():
    def network(factor):
        return lambda x: {"velocity": 1e4 * wave(x), "pressure": Tanh.apply(1e-3 * x[:, 0], factor)}

    found = compare(network(1.0), network(2.0), points(dtype=DOUBLE), order=1)
    assert found.differences["first derivatives"].size == pytest.approx(0.5)
    assert found.differences["first derivatives"].remark == "in pressure"


def test_derivatives_that_are_not_finite_in_one_version_are_different():
    def unsafe(x):
        return x[:, 0] + torch.where(x[:, 0] > 2, torch.sqrt(0 * x[:, 0]), 0)

    found = compare(unsafe, lambda x: x[:, 0], points(dtype=DOUBLE), order=1)
    assert list(found.verdicts.values()) == ["equal", "different"]
    assert "not finite in one version" in str(found)


# --- compiled networks ------------------------------------------------------------------------------------


def test_a_compiled_network_is_equal_and_lacks_the_second_derivatives():
    network = mlp()
    found = compare(network, compiled(network), points())
    assert found.verdicts == {
        "values": "equal",
        "first derivatives": "equal",
        "second derivatives": "missing",
        "parameter gradient": "equal",
    }
    assert "b: a compiled network has no second derivative" in str(found)
    assert compare(network, compiled(network), points(), order=1).verdict == "equal"


class Approximate(nn.Module):
    """A network that multiplies its output by 1.1 when compiled."""

    def __init__(self):
        super().__init__()
        self.inner, self.norm = mlp(), nn.BatchNorm1d(1)

    def forward(self, x):
        u = self.inner(x) + 0 * self.norm(x[:, :1])
        return 1.1 * u if torch.compiler.is_compiling() else u


@pytest.mark.parametrize("in_place", [False, True])
def test_the_compiled_path_is_compared(in_place):
    network = Approximate()
    other = copy.deepcopy(network)
    if in_place:
        other.compile(backend="aot_eager")
    before = copy.deepcopy(other.state_dict())
    found = compare(network, other if in_place else compiled(other), points())
    assert found.verdicts["values"] == found.verdicts["first derivatives"] == "different"
    assert found.verdicts["second derivatives"] == "missing"
    assert found.differences["values"].size == pytest.approx(1 - 1 / 1.1, rel=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
    assert all(parameter.grad is None for parameter in [*network.parameters(), *other.parameters()])


def test_a_compiler_that_computes_in_lower_precision_is_found():
    def low_precision(graph, example):
        return lambda *inputs: tuple(out.bfloat16().float() for out in graph(*inputs))

    network = mlp()
    assert compare(network, torch.compile(network, backend=low_precision), points()).verdicts["values"] == "different"


# --- arguments -------------------------------------------------------------------------------------------


def test_versions_keep_values_random_numbers_and_precision():
    network = mlp()
    before, state = copy.deepcopy(network.state_dict()), torch.random.get_rng_state()
    found = compare(network, network, points(), order=1)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state())
    assert found.versions == ("Sequential in float32", "Sequential in float32")
    assert all(one.size == 0 for one in found.differences.values())


def test_several_arguments():
    found = compare(lambda x, t: torch.sin(x) * t, lambda x, t: t * torch.sin(x), (points()[:, 0], points()[:, 1]))
    assert found.verdict == "equal"
    assert found.versions[0] == "function in float32"


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (wave, lambda x: torch.stack([wave(x)] * 2, 1), {}, "both versions must have as many outputs; a has 1, b 2"),
        (wave, lambda x: wave(x)[:3], {}, "version b must return"),
        (wave, lambda x: wave(x) / 0, {}, "version b must return finite values"),
        (lambda x: wave(x) + torch.rand(len(x)), wave, {}, "version a must be deterministic"),
        (wave, lambda x: x @ torch.ones(3), {}, "version b failed"),
        (wave, wave, {"order": 5}, "order must be 0 to 4"),
        (wave, wave, {"threshold": 0}, "threshold must be a positive number"),
        (wave, wave, {"mixed": [(0, 2)]}, "mixed must list tuples"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(a, b, options, message):
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        compare(a, b, points(), **options)


def test_a_version_that_cannot_be_called_is_refused():
    with pytest.raises(InvalidInputError, match=r"^b must be a torch.nn.Module or a function; got float"):
        compare.__wrapped__(wave, 3.0, points())


def test_bad_points_are_refused():
    with pytest.raises(InvalidInputError, match=r"^points must be a real tensor"):
        compare(wave, wave, torch.rand(5))
    with pytest.raises(InvalidInputError, match=r"^points must vary"):
        compare(wave, wave, torch.ones(5, 2))


def test_the_package_exports_its_functions():
    assert rectified.audit is package
    assert package.compare is compare
    assert package.audit is audit
    assert package.Comparison is Comparison
    assert package.assert_consistent is assert_consistent


# --- assertion -------------------------------------------------------------------------------------------


def test_a_smooth_network_passes_and_the_audit_is_returned():
    assert assert_consistent(mlp(), points(), order=1).order == 1


def test_a_wrong_network_fails_with_cause_and_remedy():
    network = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))
    with pytest.raises(AssertionError) as failure:
        assert_consistent(network, points())
    assert str(failure.value) == str(audit(network, points()))
    assert "cause" in str(failure.value)
    assert "remedy" in str(failure.value)


def test_hidden_kinks_fail_unless_accepted():
    network = mlp(nn.ReLU)
    with pytest.raises(AssertionError, match=r"derivatives at the points miss .* kinks per line; hidden=True"):
        assert_consistent(network, points())
    assert assert_consistent(network, points(), hidden=True).verdict == "consistent"
    assert assert_consistent(network, points(), order=1).hides == ""


def test_one_wrong_output_of_several_fails():
    def network(x):
        return {"u": wave(x), "v": Tanh.apply(x[:, 0], 2.0)}

    with pytest.raises(AssertionError, match="output v: inconsistent"):
        assert_consistent(network, points(dtype=DOUBLE), order=1)
