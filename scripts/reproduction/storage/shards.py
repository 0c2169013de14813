"""The files of the shards of one case, merged along the axis of the seeds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from reproduction.storage import store


def merge(files: Sequence[str], output: Any, attributes: Mapping[str, str]) -> None:
    """Write weights, history and fields of all seeds, from those of the shards in the order of the seeds.

    Args:
        files: of all shards; their suffixes tell weights, history and fields.
        output: files of the rule: ``weights``, ``history`` and ``fields``.
        attributes: of every file.
    """
    weights, history, fields = (
        [file for file in files if Path(file).suffix == suffix] for suffix in (".safetensors", ".parquet", ".nc")
    )
    blocks = [store.read_tensors(file)[0] for file in weights]
    together = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    store.write_tensors(output.weights, together, attributes)
    table = pd.concat([store.read_table(file) for file in history], ignore_index=True)
    store.write_table(output.history, table.sort_values(["epoch", "seed"], ignore_index=True), attributes)
    store.write_arrays(output.fields, joined([store.read_arrays(file) for file in fields], "seed"), attributes)


def joined(shards: Sequence[xr.Dataset], axis: str) -> xr.Dataset:
    """Return the datasets of shards concatenated along an axis; arrays without it are those of the first shard."""
    names = [name for name, array in shards[0].items() if axis in array.dims]
    together = xr.concat([shard[names] for shard in shards], axis)
    return together.merge(shards[0].drop_vars([*names, axis]))
