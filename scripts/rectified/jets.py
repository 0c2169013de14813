"""Forward jets of networks: values and derivatives in the inputs, carried through the layers together.

A jet of u at a point is u with the first and second derivatives asked for. An affine layer acts on each component
alone, an activation by the chain rule, (σ(z))_i = σ'(z)z_i and (σ(z))_ii = σ''(z)z_i² + σ'(z)z_ii. Components are
stacked along the points, [networks, neurons, components, points], so that a layer is one matrix product.
Derivatives of σ are pointwise, those of automatic differentiation: a ReLU network has u_ii = 0.

The backward pass is written out by hand, with one derivative of σ more. Summed over points it is two more
matrix products per layer; without the sum it gives the gradient at every point for the price of outer products.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from rectified.errors import ConfigError
from rectified.mlp import MLP

Derivatives = Callable[[Tensor], Sequence[Tensor]]


class Jets:
    """Jets of the outputs of an ensemble; components are u, then u_i for ``first``, then u_ii for ``second``.

    Args:
        network: the architecture.
        first: inputs to take first derivatives in.
        second: those of them to take second derivatives in too.

    Raises:
        ConfigError: if a derivative is asked for in an input that there is not, or a second without the first.
    """

    def __init__(self, network: MLP, first: Sequence[int] = (), second: Sequence[int] = ()):
        if not set(first) <= set(range(network.inputs)):
            raise ConfigError(
                f"first derivatives in inputs {list(first)}: inputs are counted from 0 to {network.inputs - 1}"
            )
        if not set(second) <= set(first):
            raise ConfigError(f"second derivatives in inputs {list(second)} need the first ones, not {list(first)}")
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
        """The jets at x, with what their gradients in theta need."""
        return self._propagate(theta, x, self._sigma_to_record)

    def _propagate(self, theta: Tensor, x: Tensor, derivatives: Derivatives) -> "Tape":
        p, h, hidden = self.network.blocks(theta), self._inputs(theta, x), []
        for layer in range(1, self.network.layers):
            z = torch.bmm(p[f"W{layer}"], h.flatten(2)).unflatten(2, h.shape[2:])
            sigma = derivatives(z[:, :, 0] + p[f"b{layer}"][:, :, None])
            hidden.append(Hidden(h, z, sigma))
            h = self._activate(z, sigma)
        last = self.network.layers
        u = torch.bmm(p[f"W{last}"], h.flatten(2)).view(len(theta), *h.shape[2:])
        return Tape(self, p, torch.cat([u[:, :1] + p[f"b{last}"][:, :, None], u[:, 1:]], 1), hidden, h)

    def _inputs(self, theta: Tensor, x: Tensor) -> Tensor:
        """Jets of the inputs themselves: x, unit vectors, zeros."""
        units = torch.eye(self.network.inputs, dtype=x.dtype, device=x.device)
        slopes = [units[i][:, None].expand_as(x) for i in self.first]
        curvatures = [torch.zeros_like(x)] * len(self.seconds)
        return torch.stack([x, *slopes, *curvatures], 2).expand(len(theta), -1, -1, -1)

    def _activate(self, z: Tensor, sigma: Sequence[Tensor]) -> Tensor:
        _, *slopes = z.unbind(2)
        h = [sigma[0], *(sigma[1] * slope for slope in slopes)]
        for i, ii in self.seconds:
            h[ii] = h[ii] + sigma[2] * z[:, :, i] * z[:, :, i]
        return torch.stack(h, 2)

    def activate_backward(self, g: Tensor, z: Tensor, sigma: Sequence[Tensor]) -> Tensor:
        """The derivative in the jets of z from the derivative g in the jets of σ(z)."""
        d = [component * sigma[1] for component in g.unbind(2)]
        for k in range(1, self.components):
            d[0].addcmul_(g[:, :, k] * sigma[2], z[:, :, k])
        for i, ii in self.seconds:
            bent = g[:, :, ii] * z[:, :, i]
            d[i].addcmul_(bent, sigma[2], value=2)
            d[0].addcmul_(bent * z[:, :, i], sigma[3])
        return torch.stack(d, 2)


class Hidden(NamedTuple):
    """A hidden layer on the tape: the jets below it, the jets of its preactivations less bias, σ with derivatives."""

    below: Tensor
    z: Tensor
    sigma: Sequence[Tensor]


class Tape:
    """Jets and their gradients in the parameters.

    Attributes:
        values: the jets, [networks, components, points].
    """

    def __init__(self, jets: Jets, blocks: dict[str, Tensor], values: Tensor, hidden: list[Hidden], top: Tensor):
        self.jets, self.values = jets, values
        self._blocks, self._hidden, self._top = blocks, hidden, top

    def gradient(self, weights: Float[Tensor, "networks components points"]) -> Float[Tensor, "networks parameters"]:
        """The gradient of Σ weights·jets over components and points."""
        blocks = {}
        for layer, below, d in self._backward(weights):
            blocks[f"W{layer}"] = torch.bmm(d.flatten(2), below.flatten(2).mT)
            blocks[f"b{layer}"] = d[:, :, 0].sum(-1)
        return self.jets.network.row(blocks)

    def gradients(
        self, weights: Float[Tensor, "networks components points"]
    ) -> Float[Tensor, "networks parameters points"]:
        """The gradient of Σ weights·jets over components, at every point alone."""
        blocks = {}
        for layer, below, d in self._backward(weights):
            outer = d[:, :, None, 0] * below[:, None, :, 0]
            for k in range(1, self.jets.components):
                outer.addcmul_(d[:, :, None, k], below[:, None, :, k])
            blocks[f"W{layer}"], blocks[f"b{layer}"] = outer.flatten(1, 2), d[:, :, 0]
        return torch.cat([blocks[name] for name in self.jets.network.shapes], 1)

    def _backward(self, weights: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """From the last layer to the first: its number, the jets below it, the derivative in what it puts out."""
        d = weights[:, None]
        yield self.jets.network.layers, self._top, d
        for layer in range(self.jets.network.layers - 1, 0, -1):
            below, z, sigma = self._hidden[layer - 1]
            g = torch.bmm(self._blocks[f"W{layer + 1}"].mT, d.flatten(2)).unflatten(2, d.shape[2:])
            d = self.jets.activate_backward(g, z, sigma)
            yield layer, below, d


def _derivatives(network: MLP, order: int) -> Derivatives:
    """σ and its derivatives up to an order, as one function."""
    sigma = network.activation
    match order:
        case 0:
            return lambda z: (sigma.values(z),)
        case 1:
            return sigma.values_and_slopes
        case 2:
            return sigma.values_to_second_order
    return sigma.values_to_third_order
