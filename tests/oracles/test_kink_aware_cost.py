"""Memory of kink-aware integrals, and the example with a network of DeepXDE in the environment of the peers."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from test_kink_aware import SQUARE, arrangement, random_field, ritz, shallow

from rectified.kink_aware import integrate

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "workflow/docs/kink_aware.md"
PEERS = ROOT / ".venv-peers/bin/python"  # installed by `make bench`


def kept_bytes(module: torch.nn.Module, lines: int) -> int:
    """Memory of the tensors that the graph keeps for the backward pass."""
    kept = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        alive.append(tensor)  # an address is reused once its storage is gone
        return tensor

    alive: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        integrate(module, ritz, SQUARE, lines=lines)
    return sum(kept.values())


@pytest.mark.parametrize("layers", [1, 2])
def test_memory_is_linear_in_the_number_of_lines(layers):
    """The number of pieces per line is the same on average, so that the power is 1 up to their fluctuation."""
    module = shallow(arrangement(20, 0)) if layers == 1 else random_field([2, 12, 12, 1])
    sizes = (32, 64, 128, 256, 512)
    kept = [kept_bytes(module, size) for size in sizes]
    power = np.polyfit(np.log(sizes), np.log(kept), 1)[0]
    assert 0.97 < power < 1.03, (power, kept)


@pytest.mark.skipif(not PEERS.exists(), reason="no environment of the peers, which `make bench` installs")
def test_the_example_with_a_network_of_deepxde_lowers_the_energy():
    _, code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1", "DDE_BACKEND": "pytorch"}
    code = re.sub(r"range\(\d+\)", "range(30)", code).replace("lines=48", "lines=16")
    run = subprocess.run([PEERS, "-c", code], env=environment, capture_output=True, text=True, cwd="/", timeout=300)
    assert run.returncode == 0, run.stderr
    first, last = (float(value) for value in run.stdout.split()[-2:])
    assert -(np.pi**2) / 4 < last < min(first, -1)
