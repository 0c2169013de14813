"""Calls of a user's network: the shape, dtype and repeatability of its values."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivatives.differences import Points
from rectified.audit.derivatives.rounding import EPSILON
from rectified.audit.inputs.arguments import Inputs
from rectified.audit.inputs.user_errors import PRECISION, in_words
from rectified.errors import InvalidInputError


class Outputs:
    """The values of a network as a matrix [points, outputs], validated on every call.

    Args:
        function: the network; takes its arguments in the arrangement of ``inputs`` and returns a tensor [points],
            [points, 1] or [points, outputs], or a sequence or dictionary of tensors.
        name: of the function in error messages.
        inputs: arrangement of the arguments.
        dtype: of the values; None to accept every real dtype.
    """

    def __init__(self, function: Callable, name: str, inputs: Inputs, dtype: torch.dtype | None = torch.float64):
        self.function, self.name, self.inputs, self.dtype = function, name, inputs, dtype
        self.names: tuple[str, ...] = ()

    def __call__(self, x: Points) -> Float[Tensor, "points outputs"]:
        with in_words(self.name, f"on points {list(x.shape)} in {str(x.dtype).removeprefix('torch.')}"):
            returned = self.function(*self.inputs.arguments(x))
        if isinstance(returned, Mapping):
            parts = {str(name): value for name, value in returned.items()}
        elif isinstance(returned, tuple | list):
            parts = {str(index): value for index, value in enumerate(returned)}
        else:
            parts = {"": returned}
        columns = {name: self._columns(value, x) for name, value in parts.items()}
        names = tuple(
            (f"{name}[{i}]" if name else str(i)) if len(part) > 1 else name
            for name, part in columns.items()
            for i in range(len(part))
        )
        if not names:
            raise InvalidInputError(f"{self.name} must return a tensor; got an empty {type(returned).__name__}")
        if self.names and names != self.names:
            raise InvalidInputError(
                f"{self.name} must return as many outputs for {len(x)} points as for other numbers of points; got "
                f"{len(names)} and {len(self.names)} (a product of [points] and [points, 1] has [points, points])"
            )
        self.names = names
        return torch.stack([column for part in columns.values() for column in part], 1)

    def _columns(self, u: object, x: Points) -> tuple[Tensor, ...]:
        """Columns [points] of a returned tensor."""
        fits = isinstance(u, Tensor) and u.ndim in (1, 2) and len(u) == len(x) and u.numel() > 0
        if not fits:
            returned = list(u.shape) if isinstance(u, Tensor) else type(u).__name__
            raise InvalidInputError(
                f"{self.name} must return [points], [points, 1] or [points, outputs] for points {list(x.shape)}; "
                f"got {returned}"
            )
        if u.is_complex():
            raise InvalidInputError(f"{self.name} must return real values; it returns {u.dtype}: take u.real or u.imag")
        if self.dtype is not None and u.dtype != self.dtype:
            raise InvalidInputError(
                f"{self.name} must compute in double precision; it returns {u.dtype} for points in float64 "
                f"({PRECISION})"
            )
        return (u,) if u.ndim == 1 else u.unbind(1)


def checked(function: Callable, name: str, inputs: Inputs, points: Points) -> Outputs:
    """Return a network whose values are validated now and on every call.

    Raises:
        InvalidInputError: if the network fails, returns a wrong shape or dtype, values that are not finite, or
            different values for the same points.
    """
    values = Outputs(function, name, inputs)
    once, again = values(points.clone()).detach(), values(points.clone()).detach()
    if not torch.isfinite(once).all():
        raise InvalidInputError(f"{name} must return finite values; some are not finite on the points")
    if once.shape[1] == len(points):
        values(points[: len(points) // 2])
    spread = (once - once.mean(0)).abs().amax(0)
    if ((once - again).abs() > 1e-9 * spread + 64 * EPSILON * once.abs()).any():
        raise InvalidInputError(
            f"{name} must be deterministic; it returns different values for the same points "
            "(disable dropout and noise; freeze state that changes with every call by eval())"
        )
    return values


def relative(a: Tensor, b: Tensor) -> float:
    """Return ‖a − b‖/max(‖a‖, ‖b‖); 0 if both vanish."""
    a, b = a.detach(), b.detach()
    largest = float(torch.maximum(a.abs().max(), b.abs().max()))
    if not largest > 0:
        return 0.0
    a, b = a / largest, b / largest  # squares of tiny numbers would underflow
    return float((a - b).norm() / torch.maximum(a.norm(), b.norm()))
