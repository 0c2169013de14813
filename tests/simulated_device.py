"""A simulated second device: its tensors hold their numbers on the CPU, accessible only by moving the tensor.

It is named "meta", which torch accepts without starting a driver. As on a GPU, an operation on tensors of both devices
is an error unless those of the CPU have no dimensions, and so are ``numpy()`` and operations that CUDA does not have.
Unlike on a GPU, results are bit-identical to those of the CPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")
aten = torch.ops.aten


class SimulatedTensor(Tensor):
    """A tensor on the simulated device.

    Attributes:
        held: its numbers, on the CPU.
    """

    @staticmethod
    def __new__(cls, held: Tensor) -> "SimulatedTensor":
        return Tensor._make_wrapper_subclass(
            cls, held.size(), held.stride(), held.storage_offset(), dtype=held.dtype, device=DEVICE
        )

    def __init__(self, held: Tensor):
        self.held = held

    def __repr__(self) -> str:
        return f"SimulatedTensor({self.held})"

    def numpy(self, *, force: bool = False) -> np.ndarray:
        if not force:
            raise TypeError("can't convert a tensor of the simulated device to numpy; copy it to the CPU first")
        return self.detach().cpu().numpy()

    def tolist(self) -> list | float:
        return self.detach().cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _computed(operation, args, kwargs or {})


class _Dispatch(TorchDispatchMode):
    """Handle operations without a tensor of the device: factories and moves to the device."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _computed(operation, args, kwargs or {})


class _Literals(TorchFunctionMode):
    """Move tensors made of Python numbers; for "meta", torch would drop the numbers before dispatch."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in (torch.tensor, torch.as_tensor) and _is_here(kwargs.get("device")):
            return function(*args, **kwargs | {"device": "cpu"}).to(DEVICE)
        return function(*args, **kwargs)


@contextmanager
def simulated_device() -> Iterator[torch.device]:
    """Make ``DEVICE`` a device that computes, within the context."""
    with _Literals(), _Dispatch():
        yield DEVICE


def _is_here(device: Any) -> bool:
    return device is not None and torch.device(device) == DEVICE


def _computed(operation: Any, args: tuple, kwargs: dict) -> Any:
    """Apply the operation to the held numbers and place the results on their device."""
    ours = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, SimulatedTensor)]
    moves = operation in (aten._to_copy.default, aten.copy_.default)
    if ours and not moves:
        _refuse(operation, args, kwargs)
    if "device" in kwargs and kwargs["device"] is not None:
        here = _is_here(kwargs["device"])
        kwargs = kwargs | {"device": torch.device("cpu")} if here else kwargs
    else:
        here = isinstance(args[0], SimulatedTensor) if moves else bool(ours)
    if operation is aten._efficientzerotensor.default:  # zeros without memory, which torch cannot hold
        operation = aten.zeros.default
    result = operation(*tree_map(_held, args), **tree_map(_held, kwargs))
    changed_in_place = {id(tensor.held): tensor for tensor in ours}

    def placed(value: Any) -> Any:
        if not (here and isinstance(value, Tensor)):
            return value
        return changed_in_place[id(value)] if id(value) in changed_in_place else SimulatedTensor(value)

    return tree_map(placed, result)


def _refuse(operation: Any, args: tuple, kwargs: dict) -> None:
    """Raise where CUDA raises; CPU tensors of zero dimensions are accepted, but not in a list of tensors."""
    theirs = [leaf for leaf in tree_leaves((args, kwargs)) if type(leaf) is Tensor]
    listed = [leaf for value in args if isinstance(value, list) for leaf in value if type(leaf) is Tensor]
    if listed or any(tensor.dim() for tensor in theirs):
        raise RuntimeError(f"{operation}: tensors on the CPU and on the simulated device")
    if operation is aten.linalg_lstsq.default and kwargs.get("driver") not in (None, "gels"):
        raise RuntimeError(f"{operation}: CUDA has no driver {kwargs['driver']!r}")


def _held(value: Any) -> Any:
    return value.held if isinstance(value, SimulatedTensor) else value
