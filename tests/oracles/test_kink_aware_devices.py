"""Kink-aware integrals on another device: the results of the CPU, and no work on the CPU; on a GPU within rounding."""

import pytest
import torch
from test_kink_aware import SQUARE, gradient, random_field, ritz
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rectified.kink_aware import integrate, integrate_cells
from simulated_device import SimulatedTensor, simulated_device

LINES = 16
CALLS = {
    "shallow": ([2, 12, 1], lambda field, random: integrate(field, ritz, SQUARE, LINES)),
    "balanced": ([2, 12, 1], lambda field, random: integrate(field, ritz, SQUARE, LINES, balanced=True)),
    "deep": ([2, 8, 8, 1], lambda field, random: integrate(field, ritz, SQUARE, LINES)),
    "interval": ([1, 9, 1], lambda field, random: integrate(field, ritz, SQUARE[:1])),
    "random lines": ([4, 8, 1], lambda field, random: integrate(field, ritz, SQUARE * 2, LINES, generator=random)),
    "cells": ([2, 12, 1], lambda field, random: integrate_cells(field, ritz, SQUARE)),
}
CPU = torch.device("cpu")
ARRANGEMENT = 1000  # numbers that describe the triangles of the cells, which are found in NumPy
CONSTANTS = 64  # numbers in the largest tensor that may be made on the CPU: nodes and offsets of the lines of an axis


class LargestOnCpu(TorchDispatchMode):
    """Size of the largest tensor on the CPU that an operation returns."""

    def __init__(self):
        super().__init__()
        self.size = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **kwargs or {})
        here = [part for part in tree_leaves(result) if type(part) is torch.Tensor and part.device.type == "cpu"]
        self.size = max([self.size, *(part.numel() for part in here)])
        return result


def field_on(device: torch.device, widths: list[int], double: bool = True) -> nn.Module:
    field = random_field(widths, seed=3)
    for layer in field.layers:
        for name, parameter in list(layer.named_parameters()):
            value = parameter.detach() if double else parameter.detach().float()
            setattr(layer, name, nn.Parameter(value.to(device)))
    return field


def with_gradient(name: str, field: nn.Module) -> torch.Tensor:
    """The integral and its gradient, on the device of the field."""
    energy = CALLS[name][1](field, torch.Generator().manual_seed(0))
    return torch.cat([energy.detach()[None], gradient(energy, field)])


@pytest.mark.parametrize("name", CALLS)
def test_results_equal_those_of_the_cpu_on_the_simulated_device(name):
    expected = with_gradient(name, field_on(CPU, CALLS[name][0]))
    with simulated_device() as device:
        found = with_gradient(name, field_on(device, CALLS[name][0]))
        assert isinstance(found, SimulatedTensor)
        torch.testing.assert_close(found.cpu(), expected, rtol=1e-9, atol=1e-12)  # other strides, another rounding


@pytest.mark.parametrize("name", CALLS)
def test_no_tensor_that_grows_with_the_points_is_made_on_the_cpu(name):
    field = field_on(CPU, CALLS[name][0])
    with LargestOnCpu() as everything:
        with_gradient(name, field)
    assert everything.size > 8 * CONSTANTS
    with simulated_device() as device:
        field = field_on(device, CALLS[name][0])
        with LargestOnCpu() as there:
            with_gradient(name, field)
    assert 0 < there.size <= (ARRANGEMENT if name == "cells" else CONSTANTS)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here")
@pytest.mark.parametrize("double", [True, False], ids=["float64", "float32"])
@pytest.mark.parametrize("name", CALLS)
def test_results_agree_with_those_of_the_cpu_on_a_gpu(name, double):
    """Sums are taken in another order: 1e-16 of each in float64, 6e-8 in float32, times the condition of the kinks."""
    found, expected = (
        with_gradient(name, field_on(torch.device(device), CALLS[name][0], double)) for device in ("cuda", "cpu")
    )
    assert found.device.type == "cuda"
    assert float((found.cpu() - expected).norm() / expected.norm()) < (1e-9 if double else 1e-3)
