"""Parameters of many networks as rows of one tensor, and the named blocks that a row consists of."""

from collections.abc import Mapping

import torch
from torch import Tensor

from rectified.array_types import Float


class Rows:
    """The order and the shapes of the parameter blocks of one network.

    Attributes:
        shapes: name → shape of each parameter block, in the order in which they lie in a row.
        parameters: length of a row.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]):
        self.shapes = dict(shapes)
        self._sizes = [torch.Size(shape).numel() for shape in self.shapes.values()]
        self.parameters = sum(self._sizes)

    def blocks(self, theta: Float[Tensor, "networks parameters"]) -> dict[str, Tensor]:
        """The parameter blocks of each row by name, as views."""
        parts = theta.split(self._sizes, -1)
        return {
            name: part if len(shape) == 1 else part.unflatten(-1, shape)
            for (name, shape), part in zip(self.shapes.items(), parts)
        }

    def row(self, blocks: Mapping[str, Tensor]) -> Float[Tensor, "networks parameters"]:
        """The inverse of ``blocks``."""
        return torch.cat([blocks[name].flatten(1) for name in self.shapes], -1)
