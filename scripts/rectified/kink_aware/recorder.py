"""Recording of the pre-activations of a network: the tensors whose zeros are the kinks of its output."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.kink_aware import operations as known


class Switch(NamedTuple):
    """Pre-activations less the argument at which the activation has a kink.

    Attributes:
        values: [points, switches].
        linear: True if they are linear in the points between the kinks recorded before.
        operation: name of the operation with the kink.
    """

    values: Float[Tensor, "points switches"]
    linear: bool
    operation: str


class Enough(Exception):
    """The last switch wanted has been recorded."""


class Recorder(TorchFunctionMode):
    """Records the switches of a network that is called inside of the context, in the order of evaluation.

    Args:
        points: [points, inputs], the argument of the network.
        last: index of the last switch that is needed; the evaluation is then ended by ``Enough``. None for all.
        keep: function applied to the values of a switch before they are stored.
    """

    def __init__(self, points: Tensor, last: int | None = None, keep: Callable[[Tensor], Tensor] = torch.clone):
        super().__init__()
        self.last, self.keep, self.count = last, keep, len(points)
        self.switches: list[Switch] = []
        self._linear: dict[int, bool] = {}
        self._attached: dict[int, Tensor] = {}  # by the id of their detached copy
        self._alive: list[Tensor] = []  # an id is reused once its tensor is gone
        self._follow(points, True)

    def follows(self, value: object) -> bool:
        """Return True if a value is a tensor that depends on the points by operations that were seen."""
        return id(value) in self._linear

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        operands = [part for part in _flat((args, kwargs)) if self.follows(part)]
        name = known.name_of(func)
        if not operands or (name in known.QUERIES and func is not torch.autograd.grad):
            return func(*args, **kwargs)
        linear = self._result_is_linear(name, args, kwargs, operands)
        result = func(*args, **kwargs)
        if name in ("detach", "data"):
            self._attached[id(result)] = operands[0]
        if name not in known.COMPARISONS:
            for part in _flat((result, args[:1] if name == "setitem" else ())):
                self._follow(part, linear)
        return result

    def _follow(self, part: object, linear: bool) -> None:
        if isinstance(part, Tensor) and part.is_floating_point():
            self._linear[id(part)] = linear
            self._alive.append(part)

    def _result_is_linear(self, name: str, args: tuple, kwargs: Mapping, operands: list[Tensor]) -> bool:
        linear = all(self._linear[id(part)] for part in operands)
        if name in known.KINKS:
            self._record(name, args, kwargs, linear)
            return linear and name not in known.PIECEWISE_SMOOTH
        if name in known.LINEAR:
            return linear
        if name in known.PRODUCTS:
            return linear and len(operands) == 1
        if name in known.QUOTIENTS:
            return linear and len(operands) == 1 and operands[0] is args[0]
        if name in known.SMOOTH:
            return False
        return linear and self._is_fixed_affine_map(name, args, kwargs)

    def _is_fixed_affine_map(self, name: str, args: tuple, kwargs: Mapping) -> bool:
        """True for dropout and batch norm in evaluation mode; an error for all other operations."""
        position, default = {"batch_norm": (5, False)}.get(name, (2, True))
        training = kwargs.get("training", args[position] if len(args) > position else default)
        if name in known.RANDOM or name in known.DROPOUT or name == "batch_norm":
            if training or name in known.RANDOM:
                raise InvalidInputError(
                    f"network must be deterministic at each point; {name!r} is random or in training mode"
                )
            return True
        raise InvalidInputError(
            f"network must consist of linear layers and piecewise smooth activations; the kinks of {name!r} cannot be "
            "followed"
        )

    def _record(self, name: str, args: tuple, kwargs: Mapping, linear: bool) -> None:
        named = {key: value for key, value in kwargs.items() if key != "input"}
        given = ([kwargs["input"]] if "input" in kwargs else []) + list(args)
        given = [self._attached.get(id(part), part) for part in given]
        switches = known.KINKS[name](*given, **named)
        if switches is None:
            raise InvalidInputError(
                f"network must consist of linear layers and piecewise smooth activations; {name!r} along a dimension "
                "cannot be followed"
            )
        for values in switches:
            if not values.ndim or len(values) != self.count:
                raise InvalidInputError(
                    f"network must keep the points in the first dimension; {name!r} acts on a tensor of shape "
                    f"{list(values.shape)} for {self.count} points"
                )
            self.switches.append(Switch(self.keep(values.reshape(self.count, -1)), linear, name))
            if self.last is not None and len(self.switches) > self.last:
                raise Enough


def _flat(value: object) -> Iterator[object]:
    """Tensors of nested sequences and dictionaries."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else (value,)
    for part in parts:
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, (tuple, list, Mapping)):
            yield from _flat(part)


def switch_values(
    network: Callable[[Tensor], Tensor], points: Float[Tensor, "points inputs"], index: int
) -> Float[Tensor, "points switches"]:
    """Return the values of one switch at points, without evaluating the operations that follow it."""
    recorder = Recorder(points, index)
    try:
        with recorder:
            network(points)
    except Enough:
        return recorder.switches[index].values
    raise InvalidInputError("network must apply the same operations to all points; their number varies")


def recorded_switches(network: Callable[[Tensor], Tensor], points: Float[Tensor, "points inputs"]) -> list[Switch]:
    """Return the operations with kinks that a network applies to points.

    Raises:
        InvalidInputError: if an operation cannot be followed.
    """
    recorder = Recorder(points)
    with torch.no_grad(), recorder:
        value = network(points)
    if not recorder.follows(value):
        raise InvalidInputError(
            "network must compute its values from the points by operations of torch that can be followed, not by "
            "compiled code, NumPy or torch.func, and not as a constant"
        )
    return recorder.switches
