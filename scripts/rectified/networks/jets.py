"""Jets of fully connected networks: values and input derivatives, propagated through the layers together.

A jet of u at a point consists of u and selected first and second derivatives. An affine layer acts on each component
separately, an activation by the chain rule, (σ(z))_i = σ'(z)z_i and (σ(z))_ii = σ''(z)z_i² + σ'(z)z_ii. Internally, a
jet is a list of components, each a contiguous tensor [networks, neurons, points]; with slices of one stacked tensor
instead, a step of a Burgers network takes a quarter longer. Derivatives of σ are pointwise, as in automatic
differentiation: a ReLU network has u_ii = 0.

The hand-written backward pass uses one more derivative of σ. Summed over points, it costs two more matrix products
per layer; without the sum, it gives the gradient at every point at the cost of outer products.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.formulas.torch_activation import TorchActivation

ActivationDerivatives = Callable[[Tensor], Sequence[Tensor]]


@runtime_checkable
class LayeredNetwork(Protocol):
    """Fully connected network with one output, of layers counted from 1.

    Attributes:
        inputs: number of inputs.
        layers: number of affine layers.
        skips: True if every hidden layer after the first adds its input to its output.
        activation: of the hidden layers.
        shapes: of the parameter blocks, which are named W and b with the number of the layer.
    """

    inputs: int
    layers: int
    skips: bool
    activation: TorchActivation
    shapes: dict[str, tuple[int, ...]]

    def blocks(self, theta: Tensor) -> dict[str, Tensor]:
        """Views of the parameter blocks by name."""

    def row(self, blocks: dict[str, Tensor]) -> Tensor:
        """Parameters that consist of the given blocks."""

    def affine(self, blocks: dict[str, Tensor], layer: int, h: Tensor) -> Tensor:
        """Preactivations of a layer for the output of the layer below."""


class Jets:
    """Jets of the outputs of an ensemble; components are u, then u_i for ``first``, then u_ii for ``second``.

    Args:
        network: the architecture.
        first: inputs of the first derivatives, counted from 0.
        second: inputs of the second derivatives, a subset of ``first``.

    Raises:
        InvalidInputError: if an input does not exist, or ``second`` is not a subset of ``first``.
    """

    def __init__(self, network: LayeredNetwork, first: Sequence[int] = (), second: Sequence[int] = ()):
        if not set(first) <= set(range(network.inputs)):
            raise InvalidInputError(
                f"inputs of first derivatives must be between 0 and {network.inputs - 1}; got {list(first)}"
            )
        if not set(second) <= set(first):
            raise InvalidInputError(
                f"inputs of second derivatives must be among the first derivatives {list(first)}; got {list(second)}"
            )
        self.network, self.first = network, tuple(first)
        self.components = 1 + len(first) + len(second)
        self.seconds = [(1 + self.first.index(i), 1 + len(first) + k) for k, i in enumerate(second)]
        order = bool(first) + bool(second)
        self._sigma, self._sigma_to_record = (_derivatives(network, order + more) for more in (0, 1))

    def __call__(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> Float[Tensor, "networks components points"]:
        """The jets at x, differentiable in theta."""
        return self._propagate(theta, x, self._sigma).values

    def record(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> "Tape":
        """The jets at x with the intermediate values of their gradients in theta."""
        return self._propagate(theta, x, self._sigma_to_record)

    def _propagate(self, theta: Tensor, x: Tensor, derivatives: ActivationDerivatives) -> "Tape":
        p, h, hidden = self.network.blocks(theta), self._inputs(theta, x), []
        for layer in range(1, self.network.layers):
            z = self._affine(p, layer, h)
            sigma = derivatives(z[0])
            below, h = h, self._activate(z, sigma)
            hidden.append(Hidden(below, z, sigma))
            if self.network.skips and layer > 1:
                h = [h[0] + below[0], *(component.add_(skipped) for component, skipped in zip(h[1:], below[1:]))]
        return Tape(self, p, torch.cat(self._affine(p, self.network.layers, h), 1), hidden, h)

    def _inputs(self, theta: Tensor, x: Tensor) -> list[Tensor]:
        """The jet of the inputs themselves: x, and at all points the same unit vectors and zeros."""
        if self.components == 1:
            return [x.expand(len(theta), -1, -1)]
        inputs = self.network.inputs
        *units, zeros = torch.eye(inputs, inputs + 1, dtype=x.dtype, device=x.device)[:, :, None].unbind(1)
        derivatives = [*(units[i] for i in self.first), *[zeros] * len(self.seconds)]
        return [component.expand(len(theta), -1, -1) for component in (x, *derivatives)]

    def _affine(self, blocks: dict[str, Tensor], layer: int, h: list[Tensor]) -> list[Tensor]:
        weight = blocks[f"W{layer}"]
        return [self.network.affine(blocks, layer, h[0]), *(torch.bmm(weight, component) for component in h[1:])]

    def _activate(self, z: list[Tensor], sigma: Sequence[Tensor]) -> list[Tensor]:
        h = [sigma[0], *(sigma[1] * component for component in z[1:])]
        for i, ii in self.seconds:
            h[ii] = torch.addcmul(h[ii], sigma[2], z[i] * z[i])
        return h

    def activate_backward(
        self, g: list[Tensor], z: list[Tensor], sigma: Sequence[Tensor], keep: bool = False
    ) -> list[Tensor]:
        """Gradient with respect to the jet of z from that with respect to the jet of σ(z), g; without keep in place."""
        added = []
        if self.components > 1:
            added.append((sigma[2], g[1] * z[1]))
            for k in range(2, self.components):
                added[0][1].addcmul_(g[k], z[k])
        bent = [g[ii] * z[i] for i, ii in self.seconds]
        d = [component * sigma[1] if keep else component.mul_(sigma[1]) for component in g]
        for (i, _), product in zip(self.seconds, bent):
            d[i].addcmul_(product, sigma[2], value=2)
            added.append((sigma[3], product.mul_(z[i])))
        for factor, product in added:
            d[0].addcmul_(factor, product)
        return d


class Hidden(NamedTuple):
    """A hidden layer on the tape.

    Attributes:
        below: the jet of its input.
        z: the jet of its preactivations.
        sigma: σ and its derivatives at the preactivations.
    """

    below: list[Tensor]
    z: list[Tensor]
    sigma: Sequence[Tensor]


class Tape:
    """Jets and their gradients in the parameters.

    Attributes:
        values: the jets, [networks, components, points].
    """

    def __init__(self, jets: Jets, blocks: dict[str, Tensor], values: Tensor, hidden: list[Hidden], top: list[Tensor]):
        self.jets, self.values = jets, values
        self._blocks, self._hidden, self._top = blocks, hidden, top

    def gradient(self, weights: Float[Tensor, "networks components points"]) -> Float[Tensor, "networks parameters"]:
        """The gradient of Σ weights·jets over components and points."""
        blocks = {}
        for layer, below, d in self._backward(weights):
            total = torch.bmm(d[0], below[0].mT)
            if layer == 1:  # derivatives of the inputs are unit vectors and zeros
                for k, i in enumerate(self.jets.first, start=1):
                    total[:, :, i] += d[k].sum(-1)
            else:
                for k in range(1, self.jets.components):
                    total.baddbmm_(d[k], below[k].mT)
            blocks[f"W{layer}"], blocks[f"b{layer}"] = total, d[0].sum(-1)
        return self.jets.network.row(blocks)

    def gradients(
        self, weights: Float[Tensor, "networks components points"]
    ) -> Float[Tensor, "networks parameters points"]:
        """The gradient of Σ weights·jets over components, separately at every point."""
        blocks = {}
        for layer, below, d in self._backward(weights):
            outer = d[0][:, :, None] * below[0][:, None]
            for k in range(1, self.jets.components):
                outer.addcmul_(d[k][:, :, None], below[k][:, None])
            blocks[f"W{layer}"], blocks[f"b{layer}"] = outer.flatten(1, 2), d[0]
        return torch.cat([blocks[name] for name in self.jets.network.shapes], 1)

    def _backward(self, weights: Tensor) -> Iterator[tuple[int, list[Tensor], list[Tensor]]]:
        """Yield from the last layer to the first: its number, the jet of its input, the gradient in its output."""
        d = [component[:, None] for component in weights.unbind(1)]
        network, skipped = self.jets.network, None
        yield network.layers, self._top, d
        for layer in range(network.layers - 1, 0, -1):
            below, z, sigma = self._hidden[layer - 1]
            above = self._blocks[f"W{layer + 1}"].mT
            if skipped:
                g = [total.baddbmm_(above, component) for total, component in zip(skipped, d)]
            else:
                g = [torch.bmm(above, component) for component in d]
            skipped = g if network.skips and layer > 1 else None
            d = self.jets.activate_backward(g, z, sigma, keep=skipped is not None)
            yield layer, below, d


def _derivatives(network: LayeredNetwork, order: int) -> ActivationDerivatives:
    """One function for σ and its derivatives up to an order."""
    sigma = network.activation
    match order:
        case 0:
            return lambda z: (sigma.values(z),)
        case 1:
            return sigma.values_and_slopes
        case 2:
            return sigma.values_to_second_order
    return sigma.values_to_third_order
