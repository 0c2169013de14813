"""Normalizations of preactivations: over a batch, over a reference set, over the layer, and learned.

A normalization has ``shapes`` and ``draw`` for the parameters it adds, and acts on the preactivations
[networks, width, points] of one layer. It records its penalty and its running statistics in a ``Pass``.
Sources: Ioffe and Szegedy, arXiv:1502.03167; Ba, Kiros and Hinton, arXiv:1607.06450; Bischof, sec. 1.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.residual_mlp import Blocks, dense, dense_shapes, glorot

VARIANCE_OFFSET = 1e-5  # added to variances
MOMENTUM = 0.1  # weight of the batch in running statistics
LARGEST_LOG_SCALE = 3.0
PENALTY = 0.1

Preactivations = Float[Tensor, "networks width points"]


@dataclass
class Pass:
    """State of one forward pass of points through a network.

    Attributes:
        training: True to use the statistics of these points, False to use the running statistics.
        penalty: term added to the loss, [networks]; of the collocation points only.
        running: name → running statistics updated by the pass.
        reference: layer → mean and variance of the reference points; layers without an entry use those of the pass.
    """

    training: bool = True
    penalty: Tensor | float = 0.0
    running: Blocks = field(default_factory=dict)
    reference: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)


def moments(z: Preactivations) -> tuple[Float[Tensor, "networks width 1"], Float[Tensor, "networks width 1"]]:
    """Return mean and biased variance over the points."""
    variance, mean = torch.var_mean(z, -1, correction=0, keepdim=True)
    return mean, variance


class Normalization:
    """Identity normalization, and base class of all normalizations.

    Args:
        width: neurons per layer.
        layers: the layers that are normalized, counted from 1.
    """

    prefix = "normalization"

    def __init__(self, width: int, layers: range):
        self.width, self.normalized = width, layers
        self.shapes = {name: shape for layer in layers for name, shape in self._shapes(layer).items()}

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return {}

    def draw(self, random: torch.Generator) -> Blocks:
        """Return the initial parameters of one network in float64: 1 for γ and running variances, 0 for the others."""
        starts = {name: float(name.startswith(("scale", "variance"))) for name in self.shapes}
        return {name: torch.full((1, *self.shapes[name]), start, dtype=torch.float64) for name, start in starts.items()}

    def __call__(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> Preactivations:
        return self._normalized(layer, z, p, state) if layer in self.normalized else z

    def _normalized(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> Preactivations:
        return z


class Standardized(Normalization):
    """Base class of the normalizations γ(z − mean)/√(variance + ε) + β."""

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return {f"scale{layer}": (self.width,), f"shift{layer}": (self.width,)}

    def _normalized(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> Preactivations:
        mean, variance = self._statistics(layer, z, p, state)
        scale, shift = p[f"scale{layer}"][:, :, None], p[f"shift{layer}"][:, :, None]
        return (z - mean) * torch.rsqrt(variance + VARIANCE_OFFSET) * scale + shift

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


class BatchNormalization(Standardized):
    """Batch normalization: mean and variance over the points of the batch, or running averages in evaluation.

    In training the output at one point depends on all points of the batch, through the statistics.
    """

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return super()._shapes(layer) | {f"mean{layer}": (self.width,), f"variance{layer}": (self.width,)}

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> tuple[Tensor, Tensor]:
        names = f"mean{layer}", f"variance{layer}"
        if not state.training:
            return tuple(p[name][:, :, None] for name in names)
        statistics = moments(z)
        for name, value in zip(names, statistics):
            state.running[name] = torch.lerp(p[name], value[:, :, 0], MOMENTUM)
        return statistics


class ReferenceBatchNormalization(Standardized):
    """Batch normalization with mean and variance over reference points, which depend on the weights but not on x."""

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> tuple[Tensor, Tensor]:
        if layer not in state.reference:
            state.reference[layer] = moments(z)
        return state.reference[layer]


class LayerNormalization(Standardized):
    """Layer normalization: mean and variance over the neurons of the layer, separately at each point."""

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> tuple[Tensor, Tensor]:
        variance, mean = torch.var_mean(z, 1, correction=0, keepdim=True)
        return mean, variance


class LearnableNormalization(Normalization):
    """Learned normalization (z − a)·exp(b) with a and b affine in z and b clipped to ±3.

    A penalty drives mean and variance over the points towards 0 and 1.
    """

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return dense_shapes(f"norm{layer}", self.width, 2 * self.width)

    def draw(self, random: torch.Generator) -> Blocks:
        """Draw the initial parameters of one network, in float64."""
        return {
            name: glorot(shape, random) if len(shape) == 2 else torch.zeros(1, *shape, dtype=torch.float64)
            for name, shape in self.shapes.items()
        }

    def _normalized(self, layer: int, z: Preactivations, p: Blocks, state: Pass) -> Preactivations:
        a, b = dense(p, f"norm{layer}", z).chunk(2, 1)
        normalized = (z - a) * b.clamp(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE).exp()
        mean, variance = moments(normalized)
        state.penalty = state.penalty + PENALTY * (mean.square() + (variance - 1).square()).mean((1, 2))
        return normalized


NORMALIZATIONS = {
    "none": Normalization,
    "batch": BatchNormalization,
    "reference_batch": ReferenceBatchNormalization,
    "layer": LayerNormalization,
    "learnable": LearnableNormalization,
}
