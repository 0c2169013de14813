"""Derivatives of one feature f(x) = σ(ax + b), by hand and by automatic differentiation.

The figure that shows what automatic differentiation loses: the mixed derivatives contain σ'', which at a
kink is a delta function (Rowan, arXiv:2512.11184, eqs. 6–10 and fig. 3).
"""

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rectified.formulas.torch_functions import TorchActivation
from rectified.ritz.discrete_delta import discrete_deltas

DERIVATIVES = ("f_x", "f_a", "f_b", "f_xa", "f_xb")


def derivatives(
    activation: TorchActivation, slope: float, bias: float, points: int, domain: tuple[float, float]
) -> xr.Dataset:
    """The derivatives of a feature in x, a, b and the mixed ones, on a uniform grid, both ways."""
    x = torch.linspace(*domain, points, dtype=torch.float64)
    by_hand = analytic(activation, x, slope, bias)
    automatic = autodiff(activation, x, slope, bias)
    return xr.Dataset(
        {
            "feature": ("x", activation.values_and_slopes(slope * x + bias)[0].numpy()),
            "derivative": (
                ("method", "name", "x"),
                np.stack([[way[name].numpy(force=True) for name in DERIVATIVES] for way in (by_hand, automatic)]),
            ),
        },
        coords={"x": x.numpy(), "method": ["analytic", "autodiff"], "name": list(DERIVATIVES)},
    )


def analytic(activation: TorchActivation, x: Tensor, slope: float, bias: float) -> dict[str, Tensor]:
    """The derivatives by the chain rule, σ'' with its deltas put on the grid as 1/Δx at the nearest point."""
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
    """The derivatives by nested automatic differentiation, one point at a time in a batch."""
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
