"""Freed memory is reused by the process, where the C library supports it."""

import platform
import subprocess
import sys

import pytest

from project import ROOT

COUNT = """
import resource, sys
import torch
from rectified.formulas import activations
from reproduction.runtime import malloc
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.pinn.mlp_loss import MLPLoss
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.problems.burgers import BurgersProblem

torch.set_num_threads(1)
if sys.argv[1] == "kept":
    assert malloc.keep_freed_memory()
network = MLP(2, 64, 7, torch_activation(activations.get("tanh")))
loss = MLPLoss(MLPResiduals(BurgersProblem(), network), 250)
theta = initial_parameters(network, [0, 1, 2], [1.0] * 8, 0.0, "pages").float()
for _ in range(10):
    loss(theta)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    loss(theta)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 100)
"""


# glibc's initial thresholds, fixed: by default glibc raises them when a large array is freed early.
INITIAL = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}


def page_faults(how: str) -> float:
    """Return the number of page faults per repetition of the same work."""
    environment = {"PYTHONPATH": str(ROOT / "scripts")} | (INITIAL if how == "returned" else {})
    done = subprocess.run(
        [sys.executable, "-c", COUNT, how], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_repeated_work_maps_no_new_pages():
    assert 10 * page_faults("kept") < page_faults("returned")
