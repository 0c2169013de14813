"""Validation of the arguments of the audit, and the arrangement of the inputs of a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivatives.differences import Axes, Points
from rectified.errors import InvalidInputError

HIGHEST = 4  # order of derivatives


@dataclass(frozen=True)
class Inputs:
    """Arrangement of the inputs of a network: one tensor, several arguments, or a dictionary of tensors.

    Attributes:
        kind: ``tensor``, ``arguments`` or ``dictionary``.
        names: of the arguments or keys; empty for a tensor.
        widths: number of columns of each part; 0 for a part of shape [points].
    """

    kind: str
    names: tuple[str, ...]
    widths: tuple[int, ...]

    def arguments(self, x: Points) -> tuple:
        """Return the positional arguments of the network for points [points, inputs]."""
        if self.kind == "tensor":
            return (x,)
        columns = x.split([max(width, 1) for width in self.widths], 1)
        parts = [part if width else part[:, 0] for part, width in zip(columns, self.widths)]
        return tuple(parts) if self.kind == "arguments" else (dict(zip(self.names, parts)),)

    def label(self, column: int) -> str:
        """Return the name of an input."""
        if self.kind == "tensor":
            return f"x{column}" if self.widths[0] > 1 else "x"
        labels = [
            f"{name}[{index}]" if width > 1 else name
            for name, width in zip(self.names, self.widths)
            for index in range(max(width, 1))
        ]
        return labels[column]


def usable_points(points: object) -> tuple[Points, Inputs]:
    """Return the points as one matrix in float64 on the CPU, [points, inputs], and their arrangement.

    Args:
        points: tensor [points, inputs]; or a sequence or a dictionary of tensors [points] or [points, columns].

    Raises:
        InvalidInputError: unless points are finite, real, at least 2, and vary along every input.
    """
    if isinstance(points, Mapping) and points and all(isinstance(name, str) for name in points):
        kind, names, parts = "dictionary", tuple(points), list(points.values())
    elif isinstance(points, Sequence) and not isinstance(points, str) and len(points):
        kind, names, parts = "arguments", tuple(f"argument {i}" for i in range(len(points))), list(points)
    else:
        kind, names, parts = "tensor", (), [points]
    _require_parts(kind, parts, points)
    widths = tuple(part.shape[1] if part.ndim == 2 else 0 for part in parts)
    matrix = torch.cat(
        [
            part.detach().clone().to("cpu", torch.float64).reshape(len(part), max(width, 1))
            for part, width in zip(parts, widths)
        ],
        1,
    )
    if not torch.isfinite(matrix).all():
        raise InvalidInputError("points must be finite; got NaN or infinite values")
    flat = (matrix.amax(0) == matrix.amin(0)).nonzero()[:, 0].tolist()
    if flat:
        raise InvalidInputError(
            f"points must vary along every input; they are all the same along input {flat[0]} (counted from 0)"
        )
    return matrix, Inputs(kind, names, widths)


def _require_parts(kind: str, parts: Sequence, points: object) -> None:
    fits = all(isinstance(part, Tensor) and not part.is_complex() for part in parts)
    fits = fits and all((part.ndim == 2 and part.shape[1]) or (part.ndim == 1 and kind != "tensor") for part in parts)
    if fits and len({len(part) for part in parts}) == 1 and len(parts[0]) >= 2:
        return
    shapes = [str(list(part.shape)) if isinstance(part, Tensor) else type(part).__name__ for part in parts]
    given = ", ".join(shapes) if parts else type(points).__name__
    raise InvalidInputError(
        "points must be a real tensor [points, inputs] of at least 2 points, or tensors [points] or [points, columns] "
        f"for several arguments; got {given}"
    )


def usable_box(box: object, points: Points) -> Float[Tensor, "inputs 2"]:
    """Return lower and upper end of the box along each input; the range of the points if box is None.

    Raises:
        InvalidInputError: unless there is one finite, increasing pair per input.
    """
    if box is None:
        return torch.stack([points.amin(0), points.amax(0)], 1)
    try:
        bounds = torch.as_tensor(np.asarray(box, dtype=float))
    except (TypeError, ValueError):
        bounds = torch.empty(0)
    if bounds.shape != (points.shape[1], 2) or not (bounds[:, 0] < bounds[:, 1]).all() or bounds.isinf().any():
        raise InvalidInputError(f"box must have one pair of a lower and a higher end per input; got {box!r}")
    return bounds


def require_choices(order: object, derivatives: object, threshold: object) -> None:
    """Raise InvalidInputError unless the remaining arguments are valid."""
    if isinstance(order, bool) or not isinstance(order, int) or order not in range(HIGHEST + 1):
        raise InvalidInputError(
            f"order must be 0 to {HIGHEST}, the highest input derivative in the loss; got {order!r}"
        )
    if not (callable(derivatives) or derivatives in ("reverse", "forward")):
        raise InvalidInputError(
            f"derivatives must be 'reverse', 'forward' or a function of the points; got {derivatives!r}"
        )
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not threshold > 0:
        raise InvalidInputError(f"threshold must be a positive number; got {threshold!r}")


def usable_mixed(mixed: object, inputs: int) -> list[Axes]:
    """Return the inputs of each mixed derivative, (0, 1) for u_xy, as tuples.

    Raises:
        InvalidInputError: unless each has two to four inputs of the network, not all the same.
    """
    try:
        wanted = [tuple(int(axis) for axis in axes) for axes in mixed]
    except (TypeError, ValueError):
        wanted = [()]
    for axes in wanted:
        if not 2 <= len(axes) <= HIGHEST or len(set(axes)) < 2 or not set(axes) <= set(range(inputs)):
            raise InvalidInputError(
                f"mixed must list tuples of 2 to {HIGHEST} inputs, such as (0, 1) for u_xy, not all the same and "
                f"from 0 to {inputs - 1}; got {mixed!r}"
            )
    return wanted
