"""Counted instead of timed work: operator calls, allocated bytes, evaluations of an objective."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor
from torch.profiler import ProfilerActivity, profile


class Work(NamedTuple):
    """Work done by torch.

    Attributes:
        calls: calls of operators that compute or copy; views are excluded.
        allocated: bytes allocated, freed or not.
    """

    calls: int
    allocated: int


LOOKING = """
    _has_same_storage_numel _local_scalar_dense _reshape_alias _unsafe_view alias as_strided detach detach_ diagonal
    empty empty_like empty_strided expand expand_as flatten index is_same_size item lift_fresh mT narrow numpy_T permute
    reshape resize_ resolve_conj resolve_neg result_type select set_ slice split split_with_sizes squeeze t tensor_split
    to transpose unbind unflatten unsqueeze view view_as
"""
VIEWS = {f"aten::{name}" for name in LOOKING.split()}


def work(action: Callable[[], Any]) -> Work:
    """Return the work of a call, counted by torch's profiler after one call to fill caches."""
    action()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        action()
    events = profiled.events()
    leaves = [event for event in events if event.name.startswith("aten::") and event.name not in VIEWS]
    allocated = sum(max(0, event.self_cpu_memory_usage) for event in events)
    return Work(sum(not _inside_another(event) for event in leaves), allocated)


def _inside_another(event: Any) -> bool:
    """Return True if the operator was called by an operator that is counted."""
    parent = event.cpu_parent
    while parent is not None:
        if parent.name.startswith("aten::") and parent.name not in VIEWS:
            return True
        parent = parent.cpu_parent
    return False


class Counted:
    """A function of rows that counts its calls and its rows."""

    def __init__(self, function: Callable[[Tensor], Any]):
        self.function, self.calls, self.rows = function, 0, 0

    def __call__(self, rows: Tensor) -> Any:
        self.calls += 1
        self.rows += len(rows)
        return self.function(rows)
