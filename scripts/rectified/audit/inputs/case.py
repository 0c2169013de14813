"""Subject of an audit: networks, points and settings, validated and in double precision."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivatives.differences import Axes, Points
from rectified.audit.inputs.arguments import Inputs
from rectified.audit.inputs.network_calls import Outputs
from rectified.audit.singularity.lines import Field


@dataclass(frozen=True)
class Case:
    """Subject of an audit, in double precision.

    Attributes:
        network, field: the network in training and the function evaluated, with outputs [points, outputs].
        function: the network as the user's function.
        given: derivatives as given by the user: name of a mode or a function.
        loss: of network and points [points, inputs]; None if there is none.
        points, box, extent: of the audit.
        inputs: arrangement of the inputs.
        order, mixed, threshold: as given.
    """

    network: Outputs
    field: Outputs
    function: object
    given: str | Callable
    loss: Callable | None
    points: Points
    box: Float[Tensor, "inputs 2"]
    extent: Float[Tensor, " inputs"]
    inputs: Inputs
    order: int
    mixed: list[Axes]
    threshold: float

    @property
    def mode(self) -> str:
        """``reverse``, ``forward`` or ``given``."""
        return self.given if isinstance(self.given, str) else "given"

    def output(self, outputs: Outputs, index: int, scale: float) -> Field:
        """Return one output of the network or the field, divided by a scale."""
        return lambda x: outputs(x)[:, index] / scale
