"""Architectures of physics-informed networks u of two inputs, with seeds along the first axis.

All seeds are evaluated together by batched matrix products. Source: Bischof, secs. 1, 2 and 4.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.normalization import BatchNormalization, Normalization, Pass, ReferenceBatchNormalization
from rectified.networks.parameter_layout import Rows
from rectified.networks.residual_mlp import Blocks, TensorFunction, Trunk
from rectified.networks.seeding import generator
from rectified.networks.similarity import Similarity

PointBatch = Float[Tensor, "networks_or_1 2 points"]
Inputs = Float[Tensor, "networks_or_one inputs points"]
FieldValues = Float[Tensor, "networks _"]


class Scaling:
    """Affine map from a box to [−1, 1]², or the identity.

    Args:
        box: lower and upper end of each axis; None for the identity.
    """

    def __init__(self, box: Float[Tensor, "2 2"] | None = None):
        self.box = box

    @property
    def slopes(self) -> list[float]:
        """Derivative of each scaled coordinate in the coordinate."""
        return [1.0, 1.0] if self.box is None else (2 / (self.box[:, 1] - self.box[:, 0])).tolist()

    def __call__(self, x: PointBatch) -> PointBatch:
        if self.box is None:
            return x
        low, high = self.box.to(x)[:, :1], self.box.to(x)[:, 1:]
        return (x - low) / (high - low) * 2 - 1


class FieldNetwork(Rows):
    """Base class of the architectures: the interface that training and audit use.

    A network consists of parts, each with ``shapes``, ``draw`` and a ``prefix``. The parameters of a part are
    contiguous in a row and are drawn from a random stream named by the prefix, so that architectures with a common
    part start from the same parameters there.

    Args:
        scaling: map applied to the inputs.
        parts: parts in the order of their parameters.

    Attributes:
        has_statistics: True if the parameters contain running statistics.
        summands: trunks whose sum is u at the scaled coordinates; empty if u has another form.
        similarity: variable that replaces the coordinates as input; None for the coordinates.
    """

    has_statistics = False
    summands: Sequence[Trunk] = ()
    similarity: Similarity | None = None

    def __init__(self, scaling: Scaling, parts: Sequence):
        self.scaling, self.parts = scaling, parts
        super().__init__({name: shape for part in parts for name, shape in part.shapes.items()})

    def initial(self, seeds: Sequence[int], stream: str) -> Float[Tensor, "seeds parameters"]:
        """Draw initial parameters in float64 on the CPU; a row depends on its own seed alone."""
        return torch.cat([self.row(self._drawn(network, (stream, seed))) for network, seed in enumerate(seeds)])

    def _drawn(self, network: int, stream: tuple) -> Blocks:
        streams = [generator(*stream, *filter(None, [part.prefix])) for part in self.parts]
        return {name: block for part, random in zip(self.parts, streams) for name, block in part.draw(random).items()}

    def evaluate(self, theta: Float[Tensor, "networks parameters"], x: PointBatch, state: Pass) -> FieldValues:
        """Return u at points x in one forward pass; differentiable in the parameters and in x.

        The pass records penalty and running statistics in ``state``.
        """
        p = self.blocks(theta)
        return self._field(p, self._inputs(p, x), state)

    def _inputs(self, p: Blocks, x: PointBatch) -> Inputs:
        """Return what the first layer receives: scaled coordinates, or the similarity variable."""
        scaled = self.scaling(x)
        return scaled if self.similarity is None else self.similarity(p, scaled)

    def at_epoch(self, epoch: int) -> None:
        """Set what depends on the epoch of training; nothing unless a network says otherwise."""

    def _field(self, p: Blocks, x: Inputs, state: Pass) -> FieldValues:
        raise NotImplementedError

    def batch(self, points: PointBatch) -> Float[Tensor, "networks_or_1 2 inputs"]:
        """Return the inputs of a forward pass for these points."""
        return points

    def own(self, values: Tensor) -> Tensor:
        """Return those of the values [..., inputs] that belong to the points of a pass, [..., points]."""
        return values

    @torch.no_grad()
    def with_statistics(self, theta: Tensor, x: PointBatch) -> Tensor:
        """Return the parameters with running statistics updated by one more pass of points x."""
        state = Pass()
        self.evaluate(theta, x, state)
        return self.row({**self.blocks(theta), **state.running})


class Dense(FieldNetwork):
    """Residual network with a normalization of its preactivations.

    Args:
        reference: points whose statistics reference batch normalization uses, of each network or of all.
        similarity: variable that replaces the coordinates as input.
    """

    def __init__(
        self,
        scaling: Scaling,
        trunk: Trunk,
        normalization: Normalization,
        reference: PointBatch | None = None,
        similarity: Similarity | None = None,
    ):
        self.trunk, self.normalization, self.similarity = trunk, normalization, similarity
        self.reference = reference if isinstance(normalization, ReferenceBatchNormalization) else None
        self.has_statistics = isinstance(normalization, BatchNormalization)
        if type(normalization) is Normalization and similarity is None:
            self.summands = [trunk]
        super().__init__(scaling, (trunk, normalization, *filter(None, [similarity])))

    def _field(self, p: Blocks, x: Inputs, state: Pass) -> FieldValues:
        if self.reference is not None:
            reference = Pass()
            self._trunk(p, self._inputs(p, self.reference.to(x)), reference)
            state = replace(state, reference=reference.reference)
        return self._trunk(p, x, state)

    def _trunk(self, p: Blocks, x: Inputs, state: Pass) -> FieldValues:
        return self.trunk(p, x, lambda layer, z: self.normalization(layer, z, p, state))[:, 0]


class Towers(FieldNetwork):
    """Sum of residual networks, one per activation."""

    def __init__(self, scaling: Scaling, trunks: Sequence[Trunk]):
        super().__init__(scaling, trunks)
        self.summands = trunks

    def _field(self, p: Blocks, x: Inputs, state: Pass) -> FieldValues:
        return sum(trunk(p, x)[:, 0] for trunk in self.parts)


def mixed(activations: Sequence[TensorFunction]) -> TensorFunction:
    """Return an activation that splits the neurons of a layer evenly among the given activations."""

    def apply(z: Tensor) -> Tensor:
        return torch.cat([f(part) for f, part in zip(activations, z.tensor_split(len(activations), 1))], 1)

    return apply


class Experts(FieldNetwork):
    """Mixture of experts Σ gᵢ uᵢ with g = softmax(β · logits); β = ∞ selects the expert with the largest logit.

    Args:
        trunks: the experts uᵢ.
        gate: residual network with one output, the logit, per expert.
        sharpness: β.
    """

    def __init__(self, scaling: Scaling, trunks: Sequence[Trunk], gate: Trunk, sharpness: float):
        self.trunks, self.gate, self.sharpness = trunks, gate, sharpness
        super().__init__(scaling, (*trunks, gate))

    def _field(self, p: Blocks, x: Inputs, state: Pass) -> FieldValues:
        logits = self.gate(p, x)
        if self.sharpness == float("inf"):
            weights = torch.nn.functional.one_hot(logits.argmax(1), logits.shape[1]).mT.to(logits)
        else:
            weights = torch.softmax(self.sharpness * logits, 1)
        return (weights * torch.cat([trunk(p, x) for trunk in self.trunks], 1)).sum(1)
