"""Random number streams seeded by names, independent of counters and of the order of execution.

A name is a string or an integer, and the two are different: ``"1"`` is not ``1``. Names of a stream are encoded as a
JSON list, so that different lists have different encodings, and hashed to 128 bits. NumPy's ``SeedSequence`` expands
these bits to the full state of a generator. The 128 bits also reach torch's generator on the CPU, whose
``manual_seed`` would use 32 of them.
"""

import hashlib
import json
import operator
from collections.abc import Sequence

import numpy as np
import torch

from rectified.array_types import Int
from rectified.errors import InvalidInputError

WORDS = 624  # of 32 bits, in the state of the Mersenne twister MT19937
HEADER = 3  # words of 64 bits before these in the state of torch's generator: seed, counters, position


def seed(*names: object) -> int:
    """Return a 128-bit seed derived from names; the same names give the same seed on every machine.

    Raises:
        InvalidInputError: if a name is neither a string nor an integer.
    """
    text = json.dumps([_plain(name) for name in names])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")


def _plain(name: object) -> str | int:
    """Return a name as a string or a Python integer; integers include those of NumPy, and True is 1."""
    if isinstance(name, str):
        return str(name)
    try:
        return operator.index(name)
    except TypeError:
        raise InvalidInputError(f"names of a random stream must be strings or integers; got {name!r}") from None


def generator(*names: object) -> torch.Generator:
    """Return a torch generator on the CPU, seeded by names."""
    return torch_generator(seed(*names))


def torch_generator(entropy: int) -> torch.Generator:
    """Return a torch generator on the CPU whose whole state is derived from a nonnegative integer of any size.

    The state of ``torch.Generator`` is a header and that of MT19937, which is filled by ``SeedSequence`` as in
    ``numpy.random.MT19937``: the first word is 2³¹, since the state must not be zero.
    """
    words = np.random.SeedSequence(entropy).generate_state(WORDS, np.uint32)
    words[0] = 1 << 31
    random = torch.Generator()
    state = random.get_state()
    state.numpy().view(np.uint64)[HEADER : HEADER + WORDS] = words
    random.set_state(state)
    return random


def numpy_generator(*names: object) -> np.random.Generator:
    """Return a NumPy generator seeded by names; it draws float64 normals twice as fast as torch's."""
    return np.random.Generator(np.random.SFC64(seed(*names)))


def drawn_indices(count: int, size: int, seeds: Sequence[int], *names: object) -> Int[torch.Tensor, "seeds size"]:
    """Draw indices below a count without replacement for each seed, from a random stream of the names and the seed."""
    drawn = [numpy_generator(*names, seed).choice(count, size, replace=False, shuffle=False) for seed in seeds]
    return torch.from_numpy(np.stack(drawn))
