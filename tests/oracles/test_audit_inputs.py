"""The audit of what the user has: precision, complex parameters, inputs, outputs, orders, surroundings, errors."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from audited_models import DOUBLE, Cubed, Rounded, RoundedPhase, Spectral, mlp, points
from rectified.audit import Audits, audit
from rectified.audit.inputs.arguments import require_choices, usable_mixed
from rectified.audit.inputs.private_copy import precise, private
from rectified.errors import InvalidInputError

X = points(60)


@pytest.fixture(autouse=True)
def fresh_compiler():
    """Forget compiled code, of which PyTorch keeps eight versions per function."""
    torch.compiler.reset()


def doubled(network):
    """Return a copy in double precision, made by hand."""
    network = copy.deepcopy(network)
    for parameter in network.parameters():
        parameter.data = parameter.data.to(precise(parameter.dtype))
    return network


# --- precision -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "verdict"), [(RoundedPhase, "inconsistent"), (Spectral, "consistent")])
def test_complex_parameters_stay_complex(kind, verdict):
    network, by_hand = kind(), doubled(kind())
    torch.testing.assert_close(private(network)[0](X), by_hand(X), rtol=1e-12, atol=1e-12)
    of_network, of_function = audit(network, X), audit(lambda x: by_hand(x), X)
    assert of_network.verdict == of_function.verdict == verdict
    assert of_network.first == pytest.approx(of_function.first, rel=1e-6, abs=1e-9)
    assert network.state_dict().keys() == kind().state_dict().keys()
    assert all(a.dtype == b.dtype for a, b in zip(network.parameters(), kind().parameters()))


def test_parameter_gradient_of_complex_parameters():
    def loss(network, x):
        return (network(x) ** 2).mean()

    def detached(network, x):
        phase = network.kernel / network.kernel.abs()
        return (network(x) ** 2).mean() + (phase.real.sum() * phase.detach().imag.sum())

    assert audit(Spectral(), X, order=0, loss=loss).verdict == "consistent"
    found = audit(Spectral(), X, order=0, loss=detached)
    assert found.verdict == "inconsistent"
    assert found.measure("parameter gradient").remark == "in kernel"


def test_tensors_that_are_no_buffers_are_converted_in_the_copy():
    class Features(nn.Module):
        def __init__(self):
            super().__init__()
            self.waves, self.more = torch.randn(2, 8), [torch.randn(8), {"a": torch.ones(8)}]
            self.last = nn.Linear(16, 1)

        def forward(self, x):
            z = x @ self.waves + self.more[0] * self.more[1]["a"]
            return self.last(torch.cat([z.sin(), z.cos()], 1))

    network = Features()
    assert audit(network, X).verdict == "consistent"
    assert network.waves.dtype == network.more[0].dtype == torch.float32


def test_a_network_that_is_another_function_in_double_precision_is_refused():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = mlp()

        def forward(self, x):
            return self.network(x) * (2 if x.dtype == DOUBLE else 1)

    with pytest.raises(InvalidInputError, match=r"another function in double precision.*network\.double"):
        audit(Own(), X)
    assert audit(Own().double(), X).verdict == "consistent"


class Keeping(nn.Module):
    """Keeps its last output, which deepcopy refuses."""

    def __init__(self):
        super().__init__()
        self.network = mlp()

    def forward(self, x):
        self.u = self.network(x)
        return self.u


def test_networks_that_deepcopy_refuses_are_copied():
    kept = Keeping()
    kept(X.float())
    normalized = nn.Sequential(nn.utils.weight_norm(nn.Linear(2, 8)), nn.Tanh(), nn.Linear(8, 1))
    for network in (kept, normalized):
        with pytest.raises(RuntimeError):
            copy.deepcopy(network)
        assert audit(network, X).verdict == "consistent"
    assert kept.u.dtype == torch.float32


def test_attributes_that_cannot_be_copied_are_shared():
    class Odd(dict):
        def __deepcopy__(self, memo):
            raise TypeError("cannot copy")

    network = Keeping()
    network.space = Odd(a=1)
    assert private(network)[0].space is network.space
    assert audit(network, X).verdict == "consistent"


# --- surroundings --------------------------------------------------------------------------------------


def test_surroundings_of_the_call_do_not_matter():
    wrong = nn.Sequential(nn.Linear(2, 8), Rounded(), nn.Tanh(), nn.Linear(8, 1))
    expected = [audit(network, X) for network in (mlp(), wrong)]
    with torch.no_grad():
        found = [audit(network, X) for network in (mlp(), wrong)]
    with torch.inference_mode():
        inside = audit(copy.deepcopy(wrong), X.clone())
    with torch.device("meta"):
        on_device = audit(wrong, X)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = audit(wrong, X)
    torch.set_default_dtype(torch.float16)
    try:
        half = audit(wrong, X)
    finally:
        torch.set_default_dtype(torch.float32)
    assert found == expected
    assert inside == on_device == cast == half == expected[1]


def test_random_numbers_of_the_caller_are_unchanged():
    network = mlp()
    before = torch.get_rng_state()
    audit(network, X)
    assert torch.equal(before, torch.get_rng_state())


# --- inputs, outputs, orders ---------------------------------------------------------------------------


class Flow(nn.Module):
    """u, v and p of x and t; v is rounded straight through."""

    def __init__(self):
        super().__init__()
        self.network = mlp(outputs=3)

    def forward(self, x, t):
        u, v, p = self.network(torch.stack([x, t], 1)).unbind(1)
        return {"u": u, "v": Rounded()(v), "p": p[:, None]}


def test_several_arguments_and_outputs_have_a_verdict_each():
    found = audit(Flow(), (X[:, 0], X[:, 1]), mixed=[(0, 1)])
    assert isinstance(found, Audits)
    assert {name: one.verdict for name, one in found.items()} == {
        "u": "consistent",
        "v": "inconsistent",
        "p": "consistent",
    }
    assert found.verdict == "inconsistent"
    assert str(found).startswith("inconsistent in v of 3 outputs\n")
    assert set(found["u"].measures) == {
        "first derivatives",
        "second derivatives",
        "mixed derivatives",
        "derivatives in other points",
    }


def test_dictionaries_and_arguments_are_audited_like_one_tensor():
    network = mlp()

    class OfDictionary(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, at):
            return self.network(torch.cat([at["x"], at["t"][:, None]], 1))

    def loss(network, *arguments):
        return (network(*arguments) ** 2).mean()

    expected = audit(network, X, loss=loss)
    found = audit(OfDictionary(), {"x": X[:, :1], "t": X[:, 1]}, loss=loss)
    assert found.measures["first derivatives"] == expected.measures["first derivatives"]
    assert found.parameter == expected.parameter
    assert found.data.labels == ("x", "t")


def exponential(x):
    return torch.exp(2 * x[:, 0] - 3 * x[:, 1])


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_orders_up_to_four_and_mixed_derivatives(mode):
    mixed = [(0, 1), (0, 0, 1), (0, 0, 1, 1)]
    found = audit(exponential, X, order=4, mixed=mixed, derivatives=mode)
    assert found.verdict == "consistent"
    assert all(measure.uncertainty < 1e-2 for measure in found.measures.values())

    def given(x, factor):
        u = exponential(x)
        pure = [torch.stack([2.0**k * u, (-3.0) ** k * u]) for k in range(1, 5)]
        return *pure, torch.stack([-6 * u, factor * -12 * u, 36 * u])

    assert audit(exponential, X, order=4, mixed=mixed, derivatives=lambda x: given(x, 1)).verdict == "consistent"
    wrong = audit(exponential, X, order=4, mixed=mixed, derivatives=lambda x: given(x, 2))
    assert wrong.reasons[0].startswith("mixed derivatives")
    assert len(wrong.reasons) == 1


# --- errors --------------------------------------------------------------------------------------------


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = mlp()

    def forward(self, x):
        h = torch.tanh(self.network(x))
        h += 1
        return h


class Reentrant(InPlace):
    def forward(self, x):
        return checkpoint(self.network, x, use_reentrant=True)


class OnGpu(InPlace):
    def forward(self, x):
        return self.network(x.to("cuda"))


EDGE = torch.rand(32, 2)
SINGLE = mlp()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: audit(nn.Sequential(mlp(), nn.Hardsigmoid()), X), "lacks a derivative.*lower the order"),
        (lambda: audit(torch.compile(mlp(), backend="aot_eager"), X), "before torch.compile"),
        (lambda: audit(InPlace(), X), r"h = h \+ 1"),
        (lambda: audit(Reentrant(), X), "use_reentrant=False"),
        (lambda: audit(mlp(), X, loss=lambda n, x: n(x).mean() + n(EDGE).mean()), r"loss failed.*with \.to\(x\)"),
        (lambda: audit(lambda x: SINGLE(x), X), r"as a torch\.nn\.Module, which is converted"),
        (lambda: audit(lambda x: torch.complex(x[:, 0], x[:, 1]), X), r"must return real values.*u\.real"),
        (lambda: audit(mlp(), X.to(torch.complex64)), "points must be a real tensor"),
        (lambda: audit(nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 1)), X), "lazy parameters"),
        (lambda: require_choices(2, "reverse", "0.1"), "threshold must be a positive number; got '0.1'"),
        (lambda: audit(nn.Linear(2, 1, device="meta"), X), "meta device"),
        (lambda: audit(mlp(), X, box="unit"), "box must have one pair"),
        (lambda: audit(mlp(), X, order=True), "order must be 0 to 4"),
        (lambda: audit(mlp(), X, mixed=[(0, 0)]), "not all the same"),
        (lambda: audit(mlp(), X, mixed=[(0, 2)]), "from 0 to 1"),
        (lambda: usable_mixed(3, 2), "mixed must list tuples"),
        (lambda: audit(mlp(), (X[:, 0], X[:5, 1])), r"got \[60\], \[5\]"),
        (lambda: audit(mlp(), X, field=lambda x: x), "as many outputs"),
        (lambda: audit(mlp(outputs=2), X, derivatives=lambda x: x), "for one output; the network has 2"),
        (lambda: audit(lambda x: {}, X), "must return a tensor; got an empty dict"),
        (lambda: audit(mlp(), X, derivatives=lambda x: 1 / 0), "derivatives failed: division by zero"),
    ],
)
def test_errors_of_the_user_are_put_in_one_sentence_with_the_remedy(make, message):
    with pytest.raises(InvalidInputError, match=message) as found:
        make()
    assert "\n" not in str(found.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_networks_that_move_their_input_are_told_where_to():
    with pytest.raises(InvalidInputError, match="to the device of its input"):
        audit(OnGpu(), X)


def test_first_derivatives_can_be_audited_where_second_ones_are_missing():
    network = nn.Sequential(mlp(), nn.Hardsigmoid())
    assert audit(network, X, order=1).verdict == "consistent"
    assert (
        audit(nn.Sequential(nn.Linear(2, 8), nn.Tanh(), Cubed(), nn.Linear(8, 1)), X, order=1).verdict == "consistent"
    )
    assert math.isnan(audit(network, X, order=1).second)
