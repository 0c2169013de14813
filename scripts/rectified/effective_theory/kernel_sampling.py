"""Kernels of networks at initialization: exact sampling neuron by neuron, and brute force with all weights.

Given the activations S [fan_in, inputs] of one layer, the next preactivations are independent over neurons
and normal with covariance Ĝ = C_b + C_W SᵀS/fan_in, the stochastic metric (Kim and Kang, arXiv:2408.02697,
sec. 2.2). With S = QR they are g R √(C_W/fan_in) for standard normal g, so that no weights are needed: a
factor of fan_in/inputs less work, equal in law. A Cholesky factor of Ĝ would not do: Ĝ is singular
whenever there are more inputs than neurons below.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.formulas.torch_functions import TorchActivation

CHUNK_NUMBERS = 1 << 16

Propagate = Callable[[Tensor, Tensor, int, np.random.Generator], Tensor]


class Setting(NamedTuple):
    """What an ensemble is drawn from.

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
    """scale · W h/√fan_in for standard normal W, sampled from its exact law without W."""
    fan_in, inputs = h.shape[1:]
    root = torch.linalg.vector_norm(h, dim=1, keepdim=True) if inputs == 1 else _root(h)
    root = root * (scale / fan_in**0.5)
    normal = _normal((len(h), width, root.shape[1]), random, h)
    return normal.mul_(root) if inputs == 1 else normal @ root


def _root(h: Float[Tensor, "networks fan_in inputs"]) -> Float[Tensor, "networks rank inputs"]:
    """The triangular R of RᵀR = hᵀh with a diagonal that is not negative, which libraries leave open."""
    root = torch.linalg.qr(h, mode="r").R
    return torch.where(root.diagonal(dim1=1, dim2=2) < 0, -1.0, 1.0)[..., None] * root


def brute_force(
    h: Float[Tensor, "networks fan_in inputs"],
    scale: Float[Tensor, "networks 1 inputs"],
    width: int,
    random: np.random.Generator,
) -> Float[Tensor, "networks width inputs"]:
    """scale · W h/√fan_in with all entries of W drawn."""
    fan_in = h.shape[1]
    weights = _normal((len(h), width, fan_in), random, h)
    return (weights @ h).mul_(scale / fan_in**0.5)


def _normal(shape: tuple[int, ...], random: np.random.Generator, like: Tensor) -> Tensor:
    """Independent standard normal numbers in float64 on the device of another tensor."""
    return torch.from_numpy(random.standard_normal(shape)).to(like.device)


SAMPLERS: dict[str, Propagate] = {"exact": exact, "brute_force": brute_force}


@torch.no_grad()
def sample_log_kernels(
    activation: TorchActivation,
    setting: Setting,
    x: Float[Tensor, "networks components inputs"],
    random: np.random.Generator,
    propagate: Propagate = exact,
) -> Float[Tensor, "networks layers inputs"]:
    """log Ĝ^l(x) for l = 1 … hidden_layers + 1: the variance of the preactivations of layer l, given those below.

    Without biases, homogeneous activations such as the powers of ReLU are followed in the log domain, where
    nothing overflows; kernels of other activations become inf when they do.
    """
    chunk = max(1, CHUNK_NUMBERS // (setting.width * x.shape[-1]))
    parts = [torch.stack(list(_layers(activation, setting, part, random, propagate)), 1) for part in x.split(chunk)]
    return torch.cat(parts)


def _layers(
    activation: TorchActivation, setting: Setting, h: Tensor, random: np.random.Generator, propagate: Propagate
) -> Iterator[Float[Tensor, "networks inputs"]]:
    """log Ĝ layer by layer; h are activations divided by exp(log_scale)."""
    power = homogeneous(activation.symbolic) if setting.bias_variance == 0 else None
    log_scale = torch.zeros(h.shape[0], h.shape[2], dtype=h.dtype, device=h.device)
    lost = torch.zeros_like(log_scale, dtype=torch.bool)
    for layer in range(setting.hidden_layers + 1):
        second = torch.linalg.vector_norm(h, dim=1).square_().div_(h.shape[1])
        kernel = setting.bias_variance + setting.weight_variance * second
        lost |= ~torch.isfinite(kernel)
        yield torch.where(lost, torch.inf, torch.log(kernel) + 2 * log_scale)
        if layer == setting.hidden_layers:
            return
        if lost.any():
            h = torch.where(lost[:, None], 0.0, h)
        scale = torch.full_like(kernel, setting.weight_variance**0.5)
        if power is not None:
            scale = scale * torch.where(kernel > 0, kernel, 1.0).rsqrt()
            log_scale = torch.where(kernel > 0, power.degree * (log_scale + torch.log(kernel) / 2), -torch.inf)
        z = propagate(h, scale[:, None], setting.width, random)
        if setting.bias_variance:
            biases = _normal((len(h), setting.width, 1), random, h)
            z += biases * setting.bias_variance**0.5
        h = activation.values(z)
