"""Jets of sums of residual networks, as one operation of automatic differentiation.

The gradient in the parameters is the hand-written one of ``networks.jets``: it takes a fraction of the time of nested
automatic differentiation, and agrees with it to rounding, because every output depends on its own point alone.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from rectified.array_types import Float
from rectified.formulas.torch_activation import TorchActivation
from rectified.networks.jets import Jets
from rectified.networks.parameter_layout import Rows
from rectified.networks.pinn_architectures import FieldNetwork
from rectified.networks.residual_mlp import Trunk, dense


class Layers(Rows):
    """The layers of a ``Trunk``, numbered with its output as the last one, as ``Jets`` needs them."""

    skips = True

    def __init__(self, trunk: Trunk):
        self.activation, self.layers = trunk.activation, trunk.layers + 1
        self.inputs = trunk.shapes[f"W{trunk.prefix}1"][1]
        names = [f"{kind}{layer}" for layer in range(1, self.layers) for kind in "Wb"]
        super().__init__(dict(zip([*names, f"W{self.layers}"], trunk.shapes.values(), strict=True)))

    def affine(self, blocks: dict[str, Tensor], layer: int, h: Tensor) -> Float[Tensor, "networks neurons points"]:
        """Return the preactivations of a layer for the output h of the layer below."""
        return dense(blocks, str(layer), h) if layer < self.layers else torch.bmm(blocks[f"W{layer}"], h)


class FieldJets:
    """u and its derivatives of a network that is a sum of trunks, once differentiable in the parameters.

    Args:
        network: with ``summands``.
        first, second: inputs of the derivatives, as for ``Jets``.
    """

    def __init__(self, network: FieldNetwork, first: Sequence[int] = (), second: Sequence[int] = ()):
        self.scaling = network.scaling
        self._jets = [Jets(Layers(trunk), first, second) for trunk in network.summands]
        self._sizes = [jets.network.parameters for jets in self._jets]
        slopes = network.scaling.slopes
        orders = [*((i, 1) for i in first), *((i, 2) for i in second)]
        self._factors = torch.tensor([1.0, *(slopes[i] ** order for i, order in orders)], dtype=torch.float64)[:, None]

    def __call__(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 2 points"]
    ) -> Float[Tensor, "networks components points"]:
        """Return u and its derivatives at points x."""
        scaled = self.scaling(x)
        parts = zip(self._jets, theta.split(self._sizes, 1))
        return sum(_Recorded.apply(jets, part, scaled) for jets, part in parts) * self._factors.to(scaled)


class _Recorded(torch.autograd.Function):
    """Jets, with the gradient of their tape."""

    @staticmethod
    def forward(context: Any, jets: Jets, theta: Tensor, x: Tensor) -> Tensor:
        context.tape = jets.record(theta, x)
        return context.tape.values

    @staticmethod
    @once_differentiable
    def backward(context: Any, weights: Tensor) -> tuple[None, Tensor, None]:
        return None, context.tape.gradient(weights), None


def suits(network: FieldNetwork) -> bool:
    """Return True if a network is a sum of trunks with activations for which jets are faster than nested autodiff.

    These have known derivatives and none is piecewise linear: where σ'' is zero, nested differentiation ends early.
    """
    activations = [trunk.activation for trunk in network.summands]
    suitable = [isinstance(one, TorchActivation) and not one.is_piecewise_linear for one in activations]
    return bool(suitable) and all(suitable)  # networks that are no sums of trunks have none
