"""Objectives of many networks, evaluated a cache-sized part of them at a time."""

from collections.abc import Callable

import torch
from torch import Tensor

CHUNK_BYTES = 1 << 21


@torch.no_grad()
def evaluate(objective: Callable[[Tensor], Tensor], theta: Tensor, values_per_network: int) -> Tensor:
    """The objective of each row, the rows taken so many at a time that the work stays in cache.

    Args:
        objective: maps parameters [networks, parameters] to [networks].
        values_per_network: size of the largest intermediate array of one network, such as points × width.
    """
    rows = max(1, CHUNK_BYTES // (8 * values_per_network))
    return torch.cat([objective(part) for part in theta.split(rows)])
