"""Evaluation of a function of many rows in chunks that fit the cache."""

from collections.abc import Callable

import torch
from torch import Tensor

CACHE_BYTES = 1 << 21  # of the largest intermediate array of a chunk, in float64


@torch.no_grad()
def evaluate(function: Callable[[Tensor], Tensor], rows: Tensor, values_per_row: int) -> Tensor:
    """Return the values [rows] of a function, evaluated on chunks of rows without gradients.

    Args:
        function: maps [rows, …] to [rows], for example an objective of many networks.
        rows: its argument, [rows, …].
        values_per_row: size of the largest intermediate array of one row, such as points × width.
    """
    count = max(1, CACHE_BYTES // (8 * values_per_row))
    return torch.cat([function(part) for part in rows.split(count)])
