"""Layout of the parameters of many networks: one row of a tensor per network, divided into named blocks."""

from collections.abc import Mapping

import torch
from torch import Tensor

from rectified.array_types import Float


class Rows:
    """Order and shapes of the parameter blocks in a row.

    Attributes:
        shapes: name → shape of each parameter block, in the order of the row.
        parameters: length of a row.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]):
        self.shapes = dict(shapes)
        self._sizes = [torch.Size(shape).numel() for shape in self.shapes.values()]
        self.parameters = sum(self._sizes)

    def blocks(self, theta: Float[Tensor, "networks parameters"]) -> dict[str, Tensor]:
        """Return views of the parameter blocks by name, each [networks, *shape]."""
        parts = theta.split(self._sizes, -1)
        return {
            name: part if len(shape) == 1 else part.unflatten(-1, shape)
            for (name, shape), part in zip(self.shapes.items(), parts)
        }

    def row(self, blocks: Mapping[str, Tensor]) -> Float[Tensor, "networks parameters"]:
        """Return the rows that consist of the given blocks; the inverse of ``blocks``."""
        return torch.cat([blocks[name].flatten(1) for name in self.shapes], -1)
