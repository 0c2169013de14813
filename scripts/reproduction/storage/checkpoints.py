"""Where the state of a long job is kept while it lasts, and which work it belongs to."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reproduction.storage import store
from reproduction.storage.atomic_write import remove_leftovers


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of a run is kept while it lasts.

    Attributes:
        path: a safetensors file, outside the declared outputs of the job.
        seconds: time between two checkpoints.
        identity: names the work; a checkpoint of other work, or a damaged one, is not resumed from.
    """

    path: Path
    seconds: float
    identity: str


def checkpoint(snakemake: Any) -> Checkpoint:
    """The checkpoint of a job: named by its first output, bound to its settings, inputs, code and packages."""
    output = snakemake.output[0]
    inputs = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in snakemake.input]
    code = snakemake.params.code
    work = [snakemake.params.job, *code, *inputs, str(store.versions(code)), output]
    identity = hashlib.sha256("\n".join(work).encode()).hexdigest()
    path = checkpoint_path(output)
    remove_leftovers(path)
    return Checkpoint(path, snakemake.resources.checkpoint_seconds, identity)


def checkpoint_path(output: str) -> Path:
    """A file beside the results, outside all outputs, for the job with this first output."""
    path = Path(output)
    root, case = Path(*path.parts[:-4]), Path(*path.parts[-4:])
    return root / ".checkpoints" / case.with_suffix(".safetensors")


def digest(structure: str, tensors: Mapping[str, np.ndarray]) -> str:
    """Of all that a checkpoint holds, so that one that was changed since is known."""
    found = hashlib.sha256(structure.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        found.update(np.ascontiguousarray(tensor).data)
    return found.hexdigest()
