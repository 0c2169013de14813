"""Parts shared by the auditors of all tasks."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit import Audit
from rectified.networks.parameter_layout import Rows

Points = Float[Tensor, "points inputs"]


class OneNetwork(torch.nn.Module):
    """One network of an ensemble as a module with one parameter per block, [points, inputs] → [points].

    Args:
        layout: of the blocks in a row of parameters.
        theta: the row of the network.
        field: maps parameters [1, parameters] and points [1, inputs, points] to [1, points].
    """

    def __init__(self, layout: Rows, theta: Float[Tensor, " parameters"], field: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.layout, self.field = layout, field
        blocks = layout.blocks(theta.double()[None])
        self.blocks = torch.nn.ParameterDict({name: block[0].clone() for name, block in blocks.items()})

    @property
    def theta(self) -> Float[Tensor, "1 parameters"]:
        """The parameters as a row."""
        return self.layout.row({name: block[None] for name, block in self.blocks.items()})

    def forward(self, points: Points) -> Float[Tensor, " points"]:
        return self.field(self.theta, points.T[None])[0]


AuditNetwork = Callable[[Float[Tensor, " parameters"]], Audit]


class Auditor(NamedTuple):
    """The audits of the networks of a case.

    Attributes:
        layout: the order of their parameters.
        audit: of one network, as in training.
        variants: further audits of one network, by name.
    """

    layout: Rows
    audit: AuditNetwork
    variants: Mapping[str, AuditNetwork] = {}
