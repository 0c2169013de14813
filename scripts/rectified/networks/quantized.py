"""Vector-quantized networks of two inputs, with seeds along the first axis.

Source: van den Oord et al., arXiv:1711.00937; Bischof, sec. 4.
"""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import FieldNetwork, FieldValues, Inputs, PointBatch, Scaling
from rectified.networks.residual_mlp import Blocks, Trunk, dense, dense_shapes, glorot
from rectified.networks.seeding import generator
from rectified.networks.similarity import Similarity

COMMITMENT = 0.25
ANNEALING = (1.0, 100.0)  # β of averaged codes at the start and at the end of training


class Encoder:
    """Encoder z = (Wx + b)/‖Wx + b‖ and unit codes e₁, …, e_K of a vector-quantized network.

    Args:
        codes: number K of codes.
        dimension: components of z and of a code.
        inputs: components of x.
    """

    prefix = "encoder"

    def __init__(self, codes: int, dimension: int, inputs: int = 2):
        self.codes, self.dimension = codes, dimension
        self.shapes = dense_shapes("encoder", inputs, dimension) | {"codes": (codes, dimension)}

    def draw(self, random: torch.Generator) -> Blocks:
        """Draw the initial parameters of one network, in float64."""
        codes = torch.randn(1, *self.shapes["codes"], generator=random, dtype=torch.float64)
        return {
            "Wencoder": glorot(self.shapes["Wencoder"], random),
            "bencoder": torch.zeros(1, self.dimension, dtype=torch.float64),
            "codes": torch.nn.functional.normalize(codes, dim=-1),
        }

    def __call__(self, p: Blocks, x: Inputs) -> Float[Tensor, "networks dimension points"]:
        return torch.nn.functional.normalize(dense(p, "encoder", x), dim=1)


class Quantized(FieldNetwork):
    """Vector-quantized network: a residual network of x and the code e with the largest cosine similarity to z(x).

    The penalty is ‖e − sg z‖² + 0.25‖z − sg e‖², averaged over the collocation points, with sg the stop-gradient.

    Args:
        trunk: residual network with dimension inputs and those of the encoder.
        straight_through: True to pass on z + sg(e − z), whose derivatives are those of z; False to pass on e, whose
            derivatives reach the codes but not z.
        encoded: points whose encodings are the initial codes, of each network in the order of their seeds or of all;
            None to draw the codes at random.
        similarity: variable that replaces the coordinates as input.
        annealed: None to choose a code. Otherwise codes are averaged with weights softmax(β·similarities), with β
            growing from the first to the last value of ``ANNEALING`` over this number of epochs; after that it is the
            last value.
    """

    def __init__(
        self,
        scaling: Scaling,
        trunk: Trunk,
        encoder: Encoder,
        straight_through: bool,
        encoded: PointBatch | None = None,
        similarity: Similarity | None = None,
        annealed: int | None = None,
    ):
        self.trunk, self.encoder, self.straight_through, self.encoded = trunk, encoder, straight_through, encoded
        self.similarity, self.annealed, self.sharpness = similarity, annealed, ANNEALING[1]
        super().__init__(scaling, (trunk, encoder, *filter(None, [similarity])))

    def at_epoch(self, epoch: int) -> None:
        """Set β of averaged codes."""
        if self.annealed is not None:
            self.sharpness = ANNEALING[0] * (ANNEALING[1] / ANNEALING[0]) ** min(1.0, epoch / self.annealed)

    def _drawn(self, network: int, stream: tuple) -> Blocks:
        blocks = super()._drawn(network, stream)
        if self.encoded is not None:
            own = network if len(self.encoded) > 1 else 0
            z = self.encoder(blocks, self._inputs(blocks, self.encoded[own : own + 1].cpu()))[0]
            chosen = torch.randperm(z.shape[-1], generator=generator(*stream, "encoded"))[: self.encoder.codes]
            blocks["codes"] = z[:, chosen].T[None].contiguous()
        return blocks

    def cells(self, theta: Tensor, x: PointBatch) -> Tensor:
        """Return the index of the code chosen at each point, [networks, points]."""
        p = self.blocks(theta)
        return self._similarities(p, self.encoder(p, self._inputs(p, x))).argmax(1)

    def _similarities(self, p: Blocks, z: Tensor) -> Float[Tensor, "networks codes points"]:
        return torch.bmm(torch.nn.functional.normalize(p["codes"], dim=-1), z)

    def _codes(self, p: Blocks, z: Tensor) -> Float[Tensor, "networks dimension points"]:
        """Return the code of each point: the most similar one, or an average."""
        codes = torch.nn.functional.normalize(p["codes"], dim=-1)
        if self.annealed is not None:
            return torch.bmm(codes.mT, torch.softmax(self.sharpness * self._similarities(p, z), 1))
        chosen = self._similarities(p, z).argmax(1)[:, None].expand(-1, z.shape[1], -1)
        return codes.mT.gather(2, chosen)

    def _field(self, p: Blocks, x: Inputs, state: Pass) -> FieldValues:
        z = self.encoder(p, x)
        e = self._codes(p, z)
        state.penalty = state.penalty + self._distance(e, z.detach()) + COMMITMENT * self._distance(z, e.detach())
        q = z + (e - z).detach() if self.straight_through and self.annealed is None else e
        return self.trunk(p, torch.cat([x.expand(len(q), -1, -1), q], 1))[:, 0]

    @staticmethod
    def _distance(a: Tensor, b: Tensor) -> Float[Tensor, " networks"]:
        return (a - b).square().sum(1).mean(-1)
