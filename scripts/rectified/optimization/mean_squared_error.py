"""Mean squared error of fully connected networks and its gradient, for all networks together."""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.mlp import MLP


class LeastSquares:
    """Mean squared error with an explicit backward pass.

    Forward and backward pass use batched matrix products; the result equals that of automatic differentiation, with
    less overhead per operation.

    Args:
        network: layout and activation of the networks.
        x: points of each network, or of all.
        y: target values there.
    """

    def __init__(
        self,
        network: MLP,
        x: Float[Tensor, "networks_or_1 inputs points"],
        y: Float[Tensor, "networks_or_1 points"],
    ):
        self.network, self.x, self.y = network, x, y

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """Return the mean squared error of each network."""
        return (self.network.output(theta, self.x) - self.y).square().mean(-1)

    @torch.no_grad()
    def __call__(
        self, theta: Float[Tensor, "networks parameters"]
    ) -> tuple[Float[Tensor, " networks"], Float[Tensor, "networks parameters"]]:
        """Return the mean squared error of each network and its gradient."""
        network, p = self.network, self.network.blocks(theta)
        h, activations, slopes = self.x.expand(len(theta), -1, -1), [], []
        for layer in range(1, network.layers):
            activations.append(h)
            h, slope = network.activation.values_and_slopes(network.affine(p, layer, h))
            slopes.append(slope)
        activations.append(h)
        error = network.affine(p, network.layers, h) - self.y[:, None]
        value = error[:, 0].square().mean(-1)
        return value, self._backward(p, activations, slopes, error.mul_(2 / self.y.shape[-1]))

    def _backward(
        self, p: dict[str, Tensor], activations: list[Tensor], slopes: list[Tensor], delta: Tensor
    ) -> Float[Tensor, "networks parameters"]:
        network = self.network
        gradient = torch.empty(len(delta), network.parameters, dtype=delta.dtype, device=delta.device)
        blocks = network.blocks(gradient)
        for layer in range(network.layers, 0, -1):
            blocks[f"W{layer}"].copy_(torch.bmm(delta, activations[layer - 1].mT))
            torch.sum(delta, -1, out=blocks[f"b{layer}"])
            if layer > 1:
                delta = torch.bmm(p[f"W{layer}"].mT, delta).mul_(slopes[layer - 2])
        return gradient
