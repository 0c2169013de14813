"""Networks u of two inputs in the variants that physics-informed training was tried with, seeds along the first axis.

All variants take every seed at once: their layers are batched matrix products. Source: Bischof, secs. 1, 2 and 4.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.normalization import BatchNormalization, Normalization, Pass, ReferenceBatchNormalization
from rectified.networks.parameter_layout import Rows
from rectified.networks.residual_mlp import Blocks, TensorFunction, Trunk, dense, dense_shapes, glorot
from rectified.networks.seeding import generator

PointBatch = Float[Tensor, "networks_or_1 2 points"]
FieldValues = Float[Tensor, "networks _"]
COMMITMENT = 0.25


class Scaling:
    """Maps a box to [−1, 1]², or leaves the inputs as they are.

    Args:
        box: the ends of the two axes, or None.
    """

    def __init__(self, box: Float[Tensor, "2 2"] | None = None):
        self.box = box

    def __call__(self, x: PointBatch) -> PointBatch:
        if self.box is None:
            return x
        low, high = self.box.to(x)[:, :1], self.box.to(x)[:, 1:]
        return (x - low) / (high - low) * 2 - 1


class FieldNetwork(Rows):
    """Base: what the training and the audit of a network need of it.

    A network consists of parts, each with ``shapes``, ``draw`` and a ``prefix``; the parameters of a part lie together
    in a row and are drawn from a stream of their own, named by the prefix: variants that share a part share its start.

    Args:
        scaling: applied to the inputs first.
        parts: in the order of their parameters.

    Attributes:
        has_statistics: whether the parameters hold running statistics.
    """

    has_statistics = False

    def __init__(self, scaling: Scaling, parts: Sequence):
        self.scaling, self.parts = scaling, parts
        super().__init__({name: shape for part in parts for name, shape in part.shapes.items()})

    def initial(self, seeds: Sequence[int], stream: str) -> Float[Tensor, "seeds parameters"]:
        """Initial parameters in float64 on the CPU; the same seed gives the same row, whatever others are drawn."""
        return torch.cat([self.row(self._drawn((stream, seed))) for seed in seeds])

    def _drawn(self, stream: tuple) -> Blocks:
        streams = [generator(*stream, *filter(None, [part.prefix])) for part in self.parts]
        return {name: block for part, random in zip(self.parts, streams) for name, block in part.draw(random).items()}

    def evaluate(self, theta: Float[Tensor, "networks parameters"], x: PointBatch, of: Pass) -> FieldValues:
        """u at points, in one pass of them; differentiable in the parameters and in x."""
        return self._field(self.blocks(theta), self.scaling(x), of)

    def _field(self, p: Blocks, x: PointBatch, of: Pass) -> FieldValues:
        raise NotImplementedError

    def batch(self, points: PointBatch) -> Float[Tensor, "networks_or_1 2 inputs"]:
        """The inputs that a pass for these points takes."""
        return points

    def own(self, values: Tensor) -> Tensor:
        """Of values at the inputs of a pass, along the last axis, those at its points."""
        return values

    @torch.no_grad()
    def with_statistics(self, theta: Tensor, x: PointBatch) -> Tensor:
        """Parameters whose running statistics have followed one more pass."""
        of = Pass()
        self.evaluate(theta, x, of)
        return self.row({**self.blocks(theta), **of.running})


class Dense(FieldNetwork):
    """The trunk with a normalization of its preactivations.

    Args:
        reference: points whose statistics a reference batch normalization uses.
    """

    def __init__(
        self, scaling: Scaling, trunk: Trunk, normalization: Normalization, reference: PointBatch | None = None
    ):
        self.trunk, self.normalization = trunk, normalization
        self.reference = reference if isinstance(normalization, ReferenceBatchNormalization) else None
        self.has_statistics = isinstance(normalization, BatchNormalization)
        super().__init__(scaling, (trunk, normalization))

    def _field(self, p: Blocks, x: PointBatch, of: Pass) -> FieldValues:
        if self.reference is not None:
            before = Pass()
            self._trunk(p, self.scaling(self.reference.to(x)), before)
            of = replace(of, reference=before.reference)
        return self._trunk(p, x, of)

    def _trunk(self, p: Blocks, x: PointBatch, of: Pass) -> FieldValues:
        return self.trunk(p, x, lambda layer, z: self.normalization(layer, z, p, of))[:, 0]


class Towers(FieldNetwork):
    """A sum of trunks, one for each activation."""

    def __init__(self, scaling: Scaling, trunks: Sequence[Trunk]):
        super().__init__(scaling, trunks)

    def _field(self, p: Blocks, x: PointBatch, of: Pass) -> FieldValues:
        return sum(trunk(p, x)[:, 0] for trunk in self.parts)


def mixed(activations: Sequence[TensorFunction]) -> TensorFunction:
    """An activation that splits the neurons of a layer into equal parts, one for each of the given."""

    def apply(z: Tensor) -> Tensor:
        return torch.cat([f(part) for f, part in zip(activations, z.tensor_split(len(activations), 1))], 1)

    return apply


class Encoder:
    """z = normalize(Wx + b) and unit codes e₁, …, e_K: the discrete part of a quantized network."""

    prefix = "encoder"

    def __init__(self, codes: int, dimension: int):
        self.codes, self.dimension = codes, dimension
        self.shapes = dense_shapes("encoder", 2, dimension) | {"codes": (codes, dimension)}

    def draw(self, random: torch.Generator) -> Blocks:
        codes = torch.randn(1, *self.shapes["codes"], generator=random, dtype=torch.float64)
        return {
            "Wencoder": glorot(self.shapes["Wencoder"], random),
            "bencoder": torch.zeros(1, self.dimension, dtype=torch.float64),
            "codes": torch.nn.functional.normalize(codes, dim=-1),
        }

    def __call__(self, p: Blocks, x: PointBatch) -> Float[Tensor, "networks dimension points"]:
        return torch.nn.functional.normalize(dense(p, "encoder", x), dim=1)


class Quantized(FieldNetwork):
    """Vector quantization (van den Oord et al., arXiv:1711.00937): the trunk sees x and the code nearest to z(x).

    The code is the one of largest cosine similarity. Straight through: z + sg(e − z), so that derivatives pass to z as
    if nothing were quantized; otherwise e, and derivatives reach the codes but not z. Adds ‖e − sg z‖² and
    0.25‖z − sg e‖² to the loss, means over the collocation points.

    Args:
        trunk: of 2 + dimension inputs.
        straight_through: how the code enters.
        encoded: points whose encodings are the first codes, or None to draw them.
    """

    def __init__(
        self,
        scaling: Scaling,
        trunk: Trunk,
        encoder: Encoder,
        straight_through: bool,
        encoded: PointBatch | None = None,
    ):
        self.trunk, self.encoder, self.straight_through, self.encoded = trunk, encoder, straight_through, encoded
        super().__init__(scaling, (trunk, encoder))

    def _drawn(self, stream: tuple) -> Blocks:
        blocks = super()._drawn(stream)
        if self.encoded is not None:
            z = self.encoder(blocks, self.scaling(self.encoded.cpu()))[0]
            chosen = torch.randperm(z.shape[-1], generator=generator(*stream, "encoded"))[: self.encoder.codes]
            blocks["codes"] = z[:, chosen].T[None].contiguous()
        return blocks

    def cells(self, theta: Tensor, x: PointBatch) -> Tensor:
        """The number of the code chosen at each point, [networks, points]."""
        p = self.blocks(theta)
        return self._cells(p, self.encoder(p, self.scaling(x)))

    def _cells(self, p: Blocks, z: Tensor) -> Tensor:
        return torch.bmm(torch.nn.functional.normalize(p["codes"], dim=-1), z).argmax(1)

    def _field(self, p: Blocks, x: PointBatch, of: Pass) -> FieldValues:
        z = self.encoder(p, x)
        codes = torch.nn.functional.normalize(p["codes"], dim=-1)
        chosen = self._cells(p, z)[:, None].expand(-1, z.shape[1], -1)
        e = codes.mT.gather(2, chosen)
        of.penalty = of.penalty + self._distance(e, z.detach()) + COMMITMENT * self._distance(z, e.detach())
        q = z + (e - z).detach() if self.straight_through else e
        return self.trunk(p, torch.cat([x.expand(len(q), -1, -1), q], 1))[:, 0]

    @staticmethod
    def _distance(a: Tensor, b: Tensor) -> Float[Tensor, " networks"]:
        return (a - b).square().sum(1).mean(-1)


class Experts(FieldNetwork):
    """A mixture of trunks, Σ gᵢ uᵢ with g = softmax(β · logits); an infinite β chooses the largest logit alone.

    Args:
        gate: a trunk with one output for each expert.
        sharpness: β.
    """

    def __init__(self, scaling: Scaling, trunks: Sequence[Trunk], gate: Trunk, sharpness: float):
        self.trunks, self.gate, self.sharpness = trunks, gate, sharpness
        super().__init__(scaling, (*trunks, gate))

    def _field(self, p: Blocks, x: PointBatch, of: Pass) -> FieldValues:
        logits = self.gate(p, x)
        if self.sharpness == float("inf"):
            weights = torch.nn.functional.one_hot(logits.argmax(1), logits.shape[1]).mT.to(logits)
        else:
            weights = torch.softmax(self.sharpness * logits, 1)
        return (weights * torch.cat([trunk(p, x) for trunk in self.trunks], 1)).sum(1)
