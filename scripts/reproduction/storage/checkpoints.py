"""Checkpoints of long jobs: their paths, and the identity of the work they belong to."""

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
    """Location and identity of the checkpoint of a job.

    Attributes:
        path: a safetensors file, outside the declared outputs of the job.
        seconds: time between two checkpoints.
        identity: digest of the work; a checkpoint with another identity, or a damaged one, is ignored.
    """

    path: Path
    seconds: float
    identity: str


def checkpoint(snakemake: Any) -> Checkpoint:
    """Return the checkpoint of a job; its identity covers settings, inputs, code and package versions."""
    output = snakemake.output[0]
    inputs = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in snakemake.input]
    code = snakemake.params.code
    work = [snakemake.params.job, *code, *inputs, str(store.versions(code)), output]
    identity = hashlib.sha256("\n".join(work).encode()).hexdigest()
    path = checkpoint_path(output)
    remove_leftovers(path)
    return Checkpoint(path, snakemake.resources.checkpoint_seconds, identity)


def checkpoint_path(output: str) -> Path:
    """Return the path of the checkpoint of the job with this first output: beside the results, not an output."""
    path = Path(output)
    root, case = Path(*path.parts[:-4]), Path(*path.parts[-4:])
    return root / ".checkpoints" / case.with_suffix(".safetensors")


def digest(structure: str, tensors: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of the contents of a checkpoint, which detects changes."""
    found = hashlib.sha256(structure.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        found.update(np.ascontiguousarray(tensor).data)
    return found.hexdigest()
