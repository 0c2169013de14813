"""First and mixed derivatives of a single neuron f(x) = σ(ax + b): by the chain rule and by automatic differentiation.

The two differ where σ has a kink: the mixed derivatives contain σ'', which is a delta function there, and automatic
differentiation drops it (Rowan, arXiv:2512.11184, eqs. 6–10 and fig. 3).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.formulas.torch_activation import TorchActivation
from rectified.ritz.discrete_delta import discrete_deltas

DERIVATIVES = ("f_x", "f_a", "f_b", "f_xa", "f_xb")
METHODS = ("analytic", "autodiff")


class NeuronDerivatives(NamedTuple):
    """A neuron and its derivatives on a grid.

    Attributes:
        x: the grid points.
        value: f at the grid points.
        derivatives: in the order of ``METHODS`` and ``DERIVATIVES``.
    """

    x: Float[np.ndarray, " points"]
    value: Float[np.ndarray, " points"]
    derivatives: Float[np.ndarray, "methods names points"]


def derivatives(
    activation: TorchActivation, slope: float, bias: float, points: int, domain: tuple[float, float]
) -> NeuronDerivatives:
    """Return f = σ(slope·x + bias) and its derivatives on a uniform grid, computed by both methods in float64.

    Args:
        points: number of grid points.
        domain: first and last grid point.
    """
    x = torch.linspace(*domain, points, dtype=torch.float64)
    by_method = (analytic(activation, x, slope, bias), autodiff(activation, x, slope, bias))
    return NeuronDerivatives(
        x.numpy(),
        activation.values_and_slopes(slope * x + bias)[0].numpy(),
        np.stack([[values[name].numpy(force=True) for name in DERIVATIVES] for values in by_method]),
    )


def analytic(activation: TorchActivation, x: Tensor, slope: float, bias: float) -> dict[str, Tensor]:
    """Derivatives by the chain rule, with a delta in σ'' represented as 1/Δx at the nearest grid point.

    Args:
        x: points of a uniform grid.

    Returns:
        The derivatives [points] by name, see ``DERIVATIVES``.
    """
    _, first, second = activation.values_to_second_order(slope * x + bias)
    a, b = (torch.full((1, 1, 1), value, dtype=x.dtype) for value in (slope, bias))
    second = second + discrete_deltas(activation, a, b, x)[0, 0]
    return {
        "f_x": slope * first,
        "f_a": x * first,
        "f_b": first,
        "f_xa": first + slope * x * second,
        "f_xb": slope * second,
    }


def autodiff(activation: TorchActivation, x: Tensor, slope: float, bias: float) -> dict[str, Tensor]:
    """Derivatives at points x by nested automatic differentiation; [points] by name, see ``DERIVATIVES``."""
    points = x.clone().requires_grad_(True)
    a = torch.full_like(x, slope).requires_grad_(True)
    b = torch.full_like(x, bias).requires_grad_(True)
    feature = activation.values_and_slopes(a * points + b)[0]
    f_x, f_a, f_b = torch.autograd.grad(feature.sum(), (points, a, b), create_graph=True)
    if f_x.requires_grad:
        f_xa, f_xb = torch.autograd.grad(f_x.sum(), (a, b), allow_unused=True)
    else:
        f_xa = f_xb = None
    zero = torch.zeros_like(x)
    return {
        "f_x": f_x,
        "f_a": f_a,
        "f_b": f_b,
        "f_xa": zero if f_xa is None else f_xa,
        "f_xb": zero if f_xb is None else f_xb,
    }
