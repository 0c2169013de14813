"""Learned similarity variable, a ratio of two functions of the coordinates."""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.residual_mlp import Blocks, dense, dense_shapes, glorot

SMALLEST_DENOMINATOR = 0.1


class Similarity:
    """Learned similarity variable s = (w·x + a)/(softplus(v·x + b) + δ) of scaled coordinates x.

    Where v·x + b is large, the lines of constant s meet in one point, as those of x/t do.
    """

    prefix = "similarity"

    def __init__(self):
        self.shapes = dense_shapes("numerator", 2, 1) | dense_shapes("denominator", 2, 1)

    def draw(self, random: torch.Generator) -> Blocks:
        """Draw the initial parameters of one network, in float64."""
        return {
            name: glorot(shape, random) if len(shape) == 2 else torch.zeros(1, *shape, dtype=torch.float64)
            for name, shape in self.shapes.items()
        }

    def __call__(self, p: Blocks, x: Float[Tensor, "networks_or_1 2 points"]) -> Float[Tensor, "networks 1 points"]:
        return dense(p, "numerator", x) / (
            torch.nn.functional.softplus(dense(p, "denominator", x)) + SMALLEST_DENOMINATOR
        )
