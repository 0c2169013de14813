"""Normalizations of preactivations: by a batch, by a reference set, by the layer, learned.

Each has ``shapes`` and ``draw`` for the parameters it adds and acts on the preactivations of one layer,
[networks, width, points]. What it adds to the loss and what it learns of the batch goes into a ``Pass``.
Source: Ioffe and Szegedy, arXiv:1502.03167; Ba, Kiros, Hinton, arXiv:1607.06450; Bischof, sec. 1.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.residual_mlp import Blocks, dense, dense_shapes, glorot

VARIANCE_OFFSET = 1e-5  # added to variances
MOMENTUM = 0.1  # share of the batch in running statistics
LARGEST_LOG_SCALE = 3.0
PENALTY = 0.1

Preactivations = Float[Tensor, "networks width points"]


@dataclass
class Pass:
    """One pass of points through a network.

    Attributes:
        training: whether statistics come from these points; otherwise they are the running ones.
        penalty: what the pass adds to the loss, [networks]; of the collocation points only.
        running: name → new running statistics, as the pass found them.
        reference: layer → statistics of the reference points; those of the pass itself where there are none yet.
    """

    training: bool = True
    penalty: Tensor | float = 0.0
    running: Blocks = field(default_factory=dict)
    reference: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)


def moments(z: Preactivations) -> tuple[Float[Tensor, "networks width 1"], Float[Tensor, "networks width 1"]]:
    """Mean and biased variance over the points."""
    variance, mean = torch.var_mean(z, -1, correction=0, keepdim=True)
    return mean, variance


class Normalization:
    """Leaves preactivations as they are; base of those that do not.

    Args:
        width: neurons per layer.
        layers: which layers are normalized, counted from 1.
    """

    prefix = "normalization"

    def __init__(self, width: int, layers: range):
        self.width, self.normalized = width, layers
        self.shapes = {name: shape for layer in layers for name, shape in self._shapes(layer).items()}

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return {}

    def draw(self, random: torch.Generator) -> Blocks:
        """Initial parameters of one network, in float64: factors γ and running variances 1, the rest 0."""
        starts = {name: float(name.startswith(("scale", "variance"))) for name in self.shapes}
        return {name: torch.full((1, *self.shapes[name]), start, dtype=torch.float64) for name, start in starts.items()}

    def __call__(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> Preactivations:
        return self._normalized(layer, z, p, of) if layer in self.normalized else z

    def _normalized(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> Preactivations:
        return z


class Standardized(Normalization):
    """Base of the normalizations γ(z − mean)/√(variance + ε) + β."""

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return {f"scale{layer}": (self.width,), f"shift{layer}": (self.width,)}

    def _normalized(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> Preactivations:
        mean, variance = self._statistics(layer, z, p, of)
        scale, shift = p[f"scale{layer}"][:, :, None], p[f"shift{layer}"][:, :, None]
        return (z - mean) * torch.rsqrt(variance + VARIANCE_OFFSET) * scale + shift

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


class BatchNormalization(Standardized):
    """Mean and variance over the points of the batch; in evaluation their running averages.

    The statistics depend on the inputs of all points, so that the output at one point does.
    """

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return super()._shapes(layer) | {f"mean{layer}": (self.width,), f"variance{layer}": (self.width,)}

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> tuple[Tensor, Tensor]:
        names = f"mean{layer}", f"variance{layer}"
        if not of.training:
            return tuple(p[name][:, :, None] for name in names)
        found = moments(z)
        for name, value in zip(names, found):
            of.running[name] = torch.lerp(p[name], value[:, :, 0], MOMENTUM)
        return found


class ReferenceBatchNormalization(Standardized):
    """Mean and variance over reference points, which pass before the others: functions of the weights, not of x."""

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> tuple[Tensor, Tensor]:
        if layer not in of.reference:
            of.reference[layer] = moments(z)
        return of.reference[layer]


class LayerNormalization(Standardized):
    """Mean and variance over the neurons of the layer, at each point alone."""

    def _statistics(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> tuple[Tensor, Tensor]:
        variance, mean = torch.var_mean(z, 1, correction=0, keepdim=True)
        return mean, variance


class LearnableNormalization(Normalization):
    """(z − a)·exp(b) with a, b dense in z and b within ±3; a penalty draws mean and variance over points to 0 and 1."""

    def _shapes(self, layer: int) -> dict[str, tuple[int, ...]]:
        return dense_shapes(f"norm{layer}", self.width, 2 * self.width)

    def draw(self, random: torch.Generator) -> Blocks:
        return {
            name: glorot(shape, random) if len(shape) == 2 else torch.zeros(1, *shape, dtype=torch.float64)
            for name, shape in self.shapes.items()
        }

    def _normalized(self, layer: int, z: Preactivations, p: Blocks, of: Pass) -> Preactivations:
        a, b = dense(p, f"norm{layer}", z).chunk(2, 1)
        normalized = (z - a) * b.clamp(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE).exp()
        mean, variance = moments(normalized)
        of.penalty = of.penalty + PENALTY * (mean.square() + (variance - 1).square()).mean((1, 2))
        return normalized


NORMALIZATIONS = {
    "none": Normalization,
    "batch": BatchNormalization,
    "reference_batch": ReferenceBatchNormalization,
    "layer": LayerNormalization,
    "learnable": LearnableNormalization,
}
