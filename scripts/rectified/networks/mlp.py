"""Fully connected networks with any number of inputs and a leading ensemble axis."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.formulas.torch_activation import TorchActivation
from rectified.networks.parameter_layout import Rows
from rectified.networks.seeding import generator


class MLP(Rows):
    """Fully connected network z¹ = b¹ + W¹x, z^{l+1} = b^{l+1} + W^{l+1} σ(z^l), with the last z as output.

    Axes are networks, neurons, points. Source: Kim and Kang, arXiv:2408.02697, eq. 1.

    Args:
        inputs: components of x.
        width: neurons per hidden layer.
        hidden_layers: number of hidden layers, at least 1.
        activation: σ.
    """

    skips = False  # whether a hidden layer after the first adds its input to its output

    def __init__(self, inputs: int, width: int, hidden_layers: int, activation: TorchActivation):
        self.inputs, self.width, self.hidden_layers, self.activation = inputs, width, hidden_layers, activation
        self.layers = hidden_layers + 1
        sizes = [inputs, *[width] * hidden_layers, 1]
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
            shapes |= {f"W{layer}": (fan_out, fan_in), f"b{layer}": (fan_out,)}
        super().__init__(shapes)

    def affine(self, blocks: dict[str, Tensor], layer: int, h: Tensor) -> Float[Tensor, "networks neurons points"]:
        """Return the preactivations of a layer (counted from 1) for activations h of the layer below."""
        weight, bias = blocks[f"W{layer}"], blocks[f"b{layer}"]
        return torch.baddbmm(bias[:, :, None], weight, h.expand(len(weight), -1, -1))

    def preactivations(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> list[Float[Tensor, "networks _ points"]]:
        """Return z¹, z², …; the last one is the output."""
        p, h, layers = self.blocks(theta), x, []
        for layer in range(1, self.layers + 1):
            layers.append(self.affine(p, layer, h))
            h = self.activation.values(layers[-1]) if layer < self.layers else layers[-1]
        return layers

    def output(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> Float[Tensor, "networks points"]:
        """Return the output of the networks at x."""
        return self.preactivations(theta, x)[-1][:, 0]


def initial_parameters(
    network: MLP, seeds: Sequence[int], weight_variances: Sequence[float], bias_variance: float, stream: str
) -> Float[Tensor, "seeds parameters"]:
    """Draw W^l ~ N(0, C_W/n_{l−1}) and b^l ~ N(0, C_b) in float64, one row per seed.

    Source: Kim and Kang, arXiv:2408.02697, eq. 2.

    Args:
        seeds: seed of each network; a row depends on its own seed alone.
        weight_variances: C_W of each layer, including the output layer.
        bias_variance: C_b of every layer.
        stream: name of the random number stream.
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
