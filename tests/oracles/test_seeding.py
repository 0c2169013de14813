"""Random number streams: different names have different, independent streams, and the numbers are fixed."""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rectified.audit.loss.loss_values import random_directions
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator, numpy_generator, seed, torch_generator

NAMES = st.lists(st.text(max_size=4) | st.integers(0, 99) | st.sampled_from(["/", "1", '","', "\\", "é"]), max_size=4)
STREAMS, LENGTH = 200, 500  # of the statistical tests
SIGMAS = 5.0  # a correct generator exceeds it in one of two million draws


def uniform(random: torch.Generator, count: int) -> np.ndarray:
    return torch.rand(count, generator=random, dtype=torch.float64).numpy()


def twister(entropy: int) -> np.random.MT19937:
    """NumPy's MT19937 of the same entropy, set to the beginning of a block of 624 words."""
    bits = np.random.MT19937(entropy)
    state = bits.state
    state["state"]["pos"] = 624
    bits.state = state
    return bits


@given(first=NAMES, second=NAMES)
def test_different_names_have_different_seeds(first, second):
    assert (seed(*first) == seed(*second)) == (first == second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a/b", "c"), ("a", "b/c")),
        (("1",), (1,)),
        (("a", ""), ("a",)),
        (('a","b',), ("a", "b")),
        (("a", 11), ("a1", 1)),
    ],
)
def test_the_separation_of_names_matters(first, second):
    assert seed(*first) != seed(*second)


def test_integers_of_numpy_are_integers():
    assert seed("a", np.int64(3)) == seed("a", 3)
    assert seed(np.str_("a")) == seed("a")


@pytest.mark.parametrize("name", [1.0, None, ("a",), b"a"])
def test_other_names_are_rejected(name):
    with pytest.raises(InvalidInputError, match="must be strings or integers; got"):
        seed("a", name)


@pytest.mark.parametrize("bit", [32, 63, 64, 100, 127])
def test_every_bit_of_a_seed_changes_the_stream_of_torch(bit):
    entropy = seed("a")
    first, second = (uniform(torch_generator(value), 2000) for value in (entropy, entropy ^ (1 << bit)))
    assert abs(np.corrcoef(first, second)[0, 1]) < SIGMAS / len(first) ** 0.5


def test_the_stream_of_torch_is_that_of_mt19937_with_the_same_entropy():
    raw = twister(seed("a", 1)).random_raw(2000).astype(np.uint64)
    expected = ((raw[::2] << np.uint64(32) | raw[1::2]) & np.uint64(2**53 - 1)) / 2**53
    np.testing.assert_array_equal(uniform(generator("a", 1), 1000), expected)


def test_a_reset_state_gives_the_same_stream():
    random = generator("a")
    before = random.get_state()
    drawn = torch.randn(7, generator=random, dtype=torch.float64)
    random.set_state(before)
    assert torch.equal(torch.randn(7, generator=random, dtype=torch.float64), drawn)


@pytest.mark.parametrize(
    "draw",
    [
        lambda *names: torch.randn(LENGTH, generator=generator(*names), dtype=torch.float64).numpy(),
        lambda *names: numpy_generator(*names).standard_normal(LENGTH),
    ],
)
def test_streams_of_neighbouring_names_are_independent_standard_normals(draw):
    z = np.array([draw("network", number) for number in range(STREAMS)])
    assert abs(z.mean()) < SIGMAS * z.size**-0.5
    assert abs(z.var() - 1) < SIGMAS * (2 / z.size) ** 0.5
    neighbours, lagged = z[1:] * z[:-1], z[:, 1:] * z[:, :-1]
    for products in (neighbours, lagged):
        assert abs(products.mean()) < SIGMAS * products.size**-0.5
    first = z[:, 0]  # across streams
    assert abs(first.mean()) < SIGMAS * STREAMS**-0.5


def test_the_numbers_are_fixed():
    digest = hashlib.blake2b(b'["mlp/32x5", 0]', digest_size=16).hexdigest()
    assert f"{seed('mlp/32x5', 0):032x}" == digest == "ef536935c89ca7c70a8f3baf2edfbe16"
    np.testing.assert_allclose(
        uniform(generator("mlp/32x5", 0), 3), [0.7490818009844846, 0.726304863893518, 0.9198884809655811], rtol=1e-15
    )
    np.testing.assert_allclose(
        numpy_generator("mlp/32x5", 0).random(3),
        [0.33633530185220006, 0.7538021059727702, 0.0828815715450738],
        rtol=1e-15,
    )


def test_directions_of_the_audit_use_the_whole_seed():
    theta = torch.ones(4, dtype=torch.float64)
    first, second = (random_directions(theta, 2, number) for number in (1, 1 + 2**32))
    assert not torch.allclose(first, second)
