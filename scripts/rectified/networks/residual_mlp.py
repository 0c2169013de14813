"""Fully connected network with skip connections and its initialization, the common part of all PINN architectures."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from rectified.array_types import Float

Blocks = dict[str, Tensor]
TensorFunction = Callable[[Tensor], Tensor]


def dense(
    p: Blocks, name: str, h: Float[Tensor, "networks_or_1 fan_in points"]
) -> Float[Tensor, "networks fan_out points"]:
    """Return Wh + b with the parameter blocks ``W{name}`` and ``b{name}``."""
    return torch.baddbmm(p[f"b{name}"][:, :, None], p[f"W{name}"], h.expand(len(p[f"W{name}"]), -1, -1))


def glorot(shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Draw weights [1, fan_out, fan_in, …kernel] of one network from N(0, 2/(fan_in + fan_out)), in float64.

    Source: Glorot and Bengio, AISTATS 2010.
    """
    fans = sum(shape[:2]) * math.prod(shape[2:])
    return torch.randn(1, *shape, generator=random, dtype=torch.float64) * (2 / fans) ** 0.5


def unchanged(layer: int, z: Tensor) -> Tensor:
    """Identity normalization of the preactivations of a layer."""
    return z


def dense_shapes(name: str, fan_in: int, fan_out: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the parameter blocks of a dense layer."""
    return {f"W{name}": (fan_out, fan_in), f"b{name}": (fan_out,)}


class Trunk:
    """Residual network h¹ = σ(W¹x + b¹), h^{l+1} = σ(W^{l+1}h^l + b^{l+1}) + h^l with output W h^L, without bias.

    Axes are networks, neurons, points.

    Args:
        inputs: components of x.
        width: neurons per layer.
        layers: number of hidden layers, at least 1.
        activation: σ.
        outputs: components of the output.
        prefix: prefix of the names of the parameter blocks.
        bias_range: biases of the first layer are drawn from U(−bias_range, bias_range); all others are 0.
        spread: True to start the first layer with unit vectors of random directions as weights, and with biases for
            which the sets Wx + b = 0 contain uniform points of [−1, 1]^inputs: kinks are spread over the domain.

    Attributes:
        shapes: name → shape of each parameter block.
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        layers: int,
        activation: TensorFunction,
        outputs: int = 1,
        prefix: str = "",
        bias_range: float = 0.0,
        spread: bool = False,
    ):
        self.width, self.layers, self.activation = width, layers, activation
        self.prefix, self.bias_range, self.spread = prefix, bias_range, spread
        self.shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(1, layers + 1):
            self.shapes |= dense_shapes(f"{prefix}{layer}", inputs if layer == 1 else width, width)
        self.shapes[f"W{prefix}out"] = (outputs, width)

    def draw(self, random: torch.Generator) -> Blocks:
        """Draw the initial parameters of one network, in float64."""
        first = f"b{self.prefix}1"
        blocks = {}
        for name, shape in self.shapes.items():
            zeros = torch.zeros(1, *shape, dtype=torch.float64)
            blocks[name] = zeros if len(shape) == 1 else glorot(shape, random)
            if name == first and self.bias_range:
                blocks[name] = self.bias_range * (2 * torch.rand(zeros.shape, generator=random, dtype=zeros.dtype) - 1)
        return blocks | self._spread(random) if self.spread else blocks

    def _spread(self, random: torch.Generator) -> Blocks:
        """Draw a first layer whose kinks are spread over [−1, 1]^inputs."""
        shape = (1, *self.shapes[f"W{self.prefix}1"])
        normals = torch.nn.functional.normalize(torch.randn(shape, generator=random, dtype=torch.float64), dim=-1)
        points = 2 * torch.rand(shape, generator=random, dtype=torch.float64) - 1
        return {f"W{self.prefix}1": normals, f"b{self.prefix}1": -(normals * points).sum(-1)}

    def latents(
        self, p: Blocks, x: Tensor, normalize: Callable[[int, Tensor], Tensor] = unchanged
    ) -> Iterator[Float[Tensor, "networks width points"]]:
        """Yield h¹, h², …; ``normalize(layer, z)`` is applied to the preactivations of each layer (counted from 1)."""
        h = self.activation(normalize(1, dense(p, f"{self.prefix}1", x)))
        yield h
        for layer in range(2, self.layers + 1):
            h = self.activation(normalize(layer, dense(p, f"{self.prefix}{layer}", h))) + h
            yield h

    def head(self, p: Blocks, h: Tensor) -> Float[Tensor, "networks outputs points"]:
        """Return the output W h for the last latents h."""
        return torch.bmm(p[f"W{self.prefix}out"], h)

    def __call__(self, p: Blocks, x: Tensor, normalize: Callable[[int, Tensor], Tensor] = unchanged) -> Tensor:
        *_, last = self.latents(p, x, normalize)
        return self.head(p, last)
