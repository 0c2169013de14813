"""Sampling of kernels of networks at initialization, with or without drawing all weights.

Given the activations S [fan_in, inputs] of one layer, the preactivations of the next are independent over neurons and
normal with covariance Ĝ = C_b + C_W SᵀS/fan_in, the stochastic metric (Kim and Kang, arXiv:2408.02697, sec. 2.2). With
S = QR they equal g R √(C_W/fan_in) in law, for standard normal g. No weights are needed, which reduces the work by
fan_in/inputs. A Cholesky factor of Ĝ does not exist if there are more inputs than neurons in the layer below.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.formulas.torch_activation import TorchActivation

CHUNK_NUMBERS = 1 << 16

Propagate = Callable[[Tensor, Tensor, int, np.random.Generator], Tensor]


class Setting(NamedTuple):
    """Widths, depth and variances of an ensemble of networks.

    Attributes:
        width: neurons per hidden layer.
        hidden_layers: number of hidden layers.
        weight_variance: C_W of every layer.
        bias_variance: C_b of every layer.
    """

    width: int
    hidden_layers: int
    weight_variance: float
    bias_variance: float = 0.0


def exact(
    h: Float[Tensor, "networks fan_in inputs"],
    scale: Float[Tensor, "networks 1 inputs"],
    width: int,
    random: np.random.Generator,
) -> Float[Tensor, "networks width inputs"]:
    """Sample scale · W h/√fan_in for standard normal W from its exact distribution, without drawing W."""
    fan_in, inputs = h.shape[1:]
    root = torch.linalg.vector_norm(h, dim=1, keepdim=True) if inputs == 1 else _root(h)
    root = root * (scale / fan_in**0.5)
    normal = _normal((len(h), width, root.shape[1]), random, h)
    return normal.mul_(root) if inputs == 1 else normal @ root


def _root(h: Float[Tensor, "networks fan_in inputs"]) -> Float[Tensor, "networks rank inputs"]:
    """Triangular R with RᵀR = hᵀh and a nonnegative diagonal; libraries differ in the signs."""
    root = torch.linalg.qr(h, mode="r").R
    return torch.where(root.diagonal(dim1=1, dim2=2) < 0, -1.0, 1.0)[..., None] * root


def brute_force(
    h: Float[Tensor, "networks fan_in inputs"],
    scale: Float[Tensor, "networks 1 inputs"],
    width: int,
    random: np.random.Generator,
) -> Float[Tensor, "networks width inputs"]:
    """Sample scale · W h/√fan_in by drawing all entries of W."""
    return _multiplied(_normal((len(h), width, h.shape[1]), random, h), h, scale)


def random_signs(
    h: Float[Tensor, "networks fan_in inputs"],
    scale: Float[Tensor, "networks 1 inputs"],
    width: int,
    random: np.random.Generator,
) -> Float[Tensor, "networks width inputs"]:
    """Sample scale · W h/√fan_in by drawing all entries of W as 1 or −1, which have the variance of normal ones."""
    signs = 2.0 * random.integers(0, 2, (len(h), width, h.shape[1])) - 1
    return _multiplied(torch.from_numpy(signs).to(h.device), h, scale)


def _multiplied(weights: Tensor, h: Tensor, scale: Tensor) -> Float[Tensor, "networks width inputs"]:
    """scale · W h/√fan_in."""
    return (weights @ h).mul_(scale / h.shape[1] ** 0.5)


def _normal(shape: tuple[int, ...], random: np.random.Generator, like: Tensor) -> Tensor:
    """Independent standard normal numbers in float64 on the device of ``like``."""
    return torch.from_numpy(random.standard_normal(shape)).to(like.device)


SAMPLERS: dict[str, Propagate] = {"exact": exact, "brute_force": brute_force, "random_signs": random_signs}


@torch.no_grad()
def sample_log_kernels(
    activation: TorchActivation,
    setting: Setting,
    x: Float[Tensor, "networks components inputs"],
    random: np.random.Generator,
    propagate: Propagate = exact,
) -> Float[Tensor, "networks layers inputs"]:
    """Sample log Ĝ^l(x) for l = 1 … hidden_layers + 1, with Ĝ^l the variance of layer l given the layers below.

    Without biases, kernels of homogeneous activations such as powers of ReLU are computed in the log domain and do not
    overflow; kernels of other activations become infinite on overflow.

    Args:
        x: inputs of each network.
        propagate: one of ``SAMPLERS``.
    """
    chunk = max(1, CHUNK_NUMBERS // (setting.width * x.shape[-1]))
    parts = [torch.stack(list(_layers(activation, setting, part, random, propagate)), 1) for part in x.split(chunk)]
    return torch.cat(parts)


def _layers(
    activation: TorchActivation, setting: Setting, h: Tensor, random: np.random.Generator, propagate: Propagate
) -> Iterator[Float[Tensor, "networks inputs"]]:
    """Yield log Ĝ of each layer; h are the activations divided by exp(log_scale)."""
    power = homogeneous(activation.symbolic) if setting.bias_variance == 0 else None
    log_scale = torch.zeros(h.shape[0], h.shape[2], dtype=h.dtype, device=h.device)
    overflowed = torch.zeros_like(log_scale, dtype=torch.bool)
    for layer in range(setting.hidden_layers + 1):
        second = torch.linalg.vector_norm(h, dim=1).square_().div_(h.shape[1])
        kernel = setting.bias_variance + setting.weight_variance * second
        overflowed |= ~torch.isfinite(kernel)
        yield torch.where(overflowed, torch.inf, torch.log(kernel) + 2 * log_scale)
        if layer == setting.hidden_layers:
            return
        if overflowed.any():
            h = torch.where(overflowed[:, None], 0.0, h)
        scale = torch.full_like(kernel, setting.weight_variance**0.5)
        if power is not None:
            scale = scale * torch.where(kernel > 0, kernel, 1.0).rsqrt()
            log_scale = torch.where(kernel > 0, power.degree * (log_scale + torch.log(kernel) / 2), -torch.inf)
        z = propagate(h, scale[:, None], setting.width, random)
        if setting.bias_variance:
            biases = _normal((len(h), setting.width, 1), random, h)
            z += biases * setting.bias_variance**0.5
        h = activation.values(z)
