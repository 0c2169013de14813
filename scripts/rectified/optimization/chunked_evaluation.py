"""Functions of many rows, such as objectives of many networks, evaluated a cache-sized part at a time."""

from collections.abc import Callable

import torch
from torch import Tensor

CACHE_BYTES = 1 << 21


@torch.no_grad()
def evaluate(function: Callable[[Tensor], Tensor], rows: Tensor, values_per_row: int) -> Tensor:
    """The function of each row, the rows taken so many at a time that the work stays in cache.

    Args:
        function: maps [rows, …] to [rows].
        values_per_row: size of the largest intermediate array of one row, such as points × width.
    """
    count = max(1, CACHE_BYTES // (8 * values_per_row))
    return torch.cat([function(part) for part in rows.split(count)])
