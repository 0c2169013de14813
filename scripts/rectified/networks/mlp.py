"""Fully connected networks of any number of inputs, with a leading ensemble axis."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.formulas.torch_functions import TorchActivation
from rectified.networks.parameter_layout import Rows
from rectified.networks.seeding import generator


class MLP(Rows):
    """z¹ = b¹ + W¹x, z^{l+1} = b^{l+1} + W^{l+1} σ(z^l); the last z is the output (Kim, Kang, arXiv:2408.02697, eq. 1).

    Points lie along the last axis, neurons along the one before, networks along the first.

    Args:
        inputs: components of x.
        width: neurons per hidden layer.
        hidden_layers: number of hidden layers, at least 1.
        activation: σ.
    """

    def __init__(self, inputs: int, width: int, hidden_layers: int, activation: TorchActivation):
        self.inputs, self.width, self.hidden_layers, self.activation = inputs, width, hidden_layers, activation
        self.layers = hidden_layers + 1
        sizes = [inputs, *[width] * hidden_layers, 1]
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
            shapes |= {f"W{layer}": (fan_out, fan_in), f"b{layer}": (fan_out,)}
        super().__init__(shapes)

    def affine(self, blocks: dict[str, Tensor], layer: int, h: Tensor) -> Float[Tensor, "networks neurons points"]:
        """The preactivations of a layer, counted from 1, from the activations below it."""
        weight, bias = blocks[f"W{layer}"], blocks[f"b{layer}"]
        return torch.baddbmm(bias[:, :, None], weight, h.expand(len(weight), -1, -1))

    def preactivations(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> list[Float[Tensor, "networks _ points"]]:
        """z¹, z², … and the output as the last of them."""
        p, h, found = self.blocks(theta), x, []
        for layer in range(1, self.layers + 1):
            found.append(self.affine(p, layer, h))
            h = self.activation.values(found[-1]) if layer < self.layers else found[-1]
        return found

    def output(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> Float[Tensor, "networks points"]:
        """The networks at x."""
        return self.preactivations(theta, x)[-1][:, 0]


def initial_parameters(
    network: MLP, seeds: Sequence[int], weight_variances: Sequence[float], bias_variance: float, stream: str
) -> Float[Tensor, "seeds parameters"]:
    """Draw W^l ~ N(0, C_W/n_{l−1}) and b^l ~ N(0, C_b), one row per seed (arXiv:2408.02697, eq. 2), in float64.

    Args:
        seeds: numbers of the networks; the same number gives the same row, whatever others are drawn.
        weight_variances: C_W of each layer, output layer included.
        bias_variance: C_b of every layer.
        stream: name that the random numbers are derived from.
    """
    return torch.cat([_initial_row(network, weight_variances, bias_variance, stream, seed) for seed in seeds])


def _initial_row(
    network: MLP, weight_variances: Sequence[float], bias_variance: float, stream: str, seed: int
) -> Float[Tensor, "1 parameters"]:
    random = generator(stream, seed)
    blocks = {}
    for layer, variance in enumerate(weight_variances, start=1):
        shape = network.shapes[f"W{layer}"]
        weights = torch.randn(1, *shape, generator=random, dtype=torch.float64)
        blocks[f"W{layer}"] = weights * (variance / shape[1]) ** 0.5
        blocks[f"b{layer}"] = torch.randn(1, shape[0], generator=random, dtype=torch.float64) * bias_variance**0.5
    return network.row(blocks)
