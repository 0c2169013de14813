"""Every task on a GPU: agreement with the CPU within rounding, and bit-identical repetition.

Both devices use the same random numbers, so after a few steps they differ only by the rounding of sums taken in
different order: 1e-16 of each sum in float64 and 6e-8 in float32. Cancellation in derivatives and residuals, and the
first steps of Adam, which divides gradients by their own size, amplify this to at most 1e-9 and 1e-4 of a norm.
"""

import numpy as np
import pytest
import torch
from test_devices import ENSEMBLES, TRAININGS, arrays, assert_same_bits, interrupted, trained

from builders import job_of
from reproduction.jobs.kernel_ensemble import sampled_kernels
from reproduction.jobs.setup import devices
from reproduction.storage.checkpoints import CheckpointFile

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here"),
]
TOLERANCES = {"float64": 1e-9, "float32": 1e-4}
IN_FLOAT64 = {"ritz", "kernel_ensemble"}


@pytest.fixture(scope="module")
def gpu():
    yield devices.select("cuda")
    torch.use_deterministic_algorithms(False)


def assert_close(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float) -> None:
    """Compare arrays in norm; non-finite entries must be equal."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        finite = np.isfinite(values)
        np.testing.assert_array_equal(found[name][~finite], values[~finite], err_msg=name)
        mine, theirs = (part[finite].astype(float) for part in (found[name], values))
        largest = np.abs(theirs).max(initial=0.0) or 1.0  # squares of a diverging run overflow
        assert np.linalg.norm((mine - theirs) / largest) <= tolerance * np.linalg.norm(theirs / largest), name


def tolerance(name: str) -> float:
    task, settings = TRAININGS[name]
    precision = "float64" if task in IN_FLOAT64 else settings.get("precision", "float32")
    return TOLERANCES[precision]


@pytest.mark.parametrize("name", TRAININGS)
def test_training_agrees_with_the_cpu_within_rounding_and_repeats_bit_identically(name, gpu):
    found = trained(name, gpu)
    assert_close(found, trained(name, torch.device("cpu")), tolerance(name))
    assert_same_bits(trained(name, gpu), found)


@pytest.mark.parametrize("name", TRAININGS)
def test_training_resumes_from_checkpoints_of_either_device(name, gpu, tmp_path):
    own, other = (CheckpointFile(tmp_path / kind, 0.0, "this work") for kind in ("own", "other"))
    interrupted(name, gpu, own)
    interrupted(name, torch.device("cpu"), other)
    whole = trained(name, gpu)
    assert_same_bits(trained(name, gpu, own), whole)
    assert_close(trained(name, gpu, other), whole, tolerance(name))


@pytest.mark.parametrize("name", ENSEMBLES)
def test_kernels_agree_with_the_cpu_within_rounding_and_repeat_bit_identically(name, gpu):
    job = job_of("kernel_ensemble", **ENSEMBLES[name])
    found = arrays(sampled_kernels(job, gpu))
    assert_close(found, arrays(sampled_kernels(job)), TOLERANCES["float64"])
    assert_same_bits(arrays(sampled_kernels(job, gpu)), found)
