"""Checkpoints of long jobs: files that hold the state of a training run while it lasts."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reproduction.storage import store
from reproduction.storage.atomic_write import remove_leftovers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckpointFile:
    """The file that holds the state of a run while it lasts.

    A state is nested dicts, lists and tuples of NumPy arrays, numbers, booleans, strings and None.

    Attributes:
        path: a safetensors file, outside the declared outputs of the job.
        seconds: time between two checkpoints.
        identity: names the work; a checkpoint of other work, or a damaged one, is not resumed from.
    """

    path: Path
    seconds: float
    identity: str

    def save(self, state: Any) -> None:
        """Write a state in place of the last one."""
        arrays: dict[str, np.ndarray] = {}
        structure = json.dumps(_pack(state, arrays))
        attributes = {"identity": self.identity, "structure": structure, "digest": digest(structure, arrays)}
        store.write_tensors(self.path, arrays, attributes)

    def load(self) -> Any:
        """Return the last state of the same work, or None if there is none that is intact."""
        if not self.path.exists():
            return None
        try:
            arrays, attributes = store.read_tensors(self.path)
            if attributes.get("identity") != self.identity:
                log.info("checkpoint %s belongs to other work: starting anew", self.path)
                return None
            if attributes["digest"] != digest(attributes["structure"], arrays):
                raise ValueError("its content is not what was saved")
            return _unpack(json.loads(attributes["structure"]), arrays)
        except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
            log.warning("checkpoint %s cannot be used (%s): starting anew", self.path, error)
            return None

    def remove(self) -> None:
        """Remove the file, once the outputs of the job are written."""
        self.path.unlink(missing_ok=True)


def checkpoint(snakemake: Any) -> CheckpointFile:
    """Return the checkpoint of a job, named by its first output, bound to its settings, inputs, code and packages."""
    output = snakemake.output[0]
    inputs = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in snakemake.input]
    code = snakemake.params.code
    work = [snakemake.params.job, *code, *inputs, str(store.versions(code)), output]
    identity = hashlib.sha256("\n".join(work).encode()).hexdigest()
    path = checkpoint_path(output)
    remove_leftovers(path)
    return CheckpointFile(path, snakemake.resources.checkpoint_seconds, identity)


def checkpoint_path(output: str) -> Path:
    """The checkpoint file of the job with this first output, beside the results and outside all outputs."""
    path = Path(output)
    root, case = Path(*path.parts[:-4]), Path(*path.parts[-4:])
    return root / ".checkpoints" / case.with_suffix(".safetensors")


def digest(structure: str, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of everything that a checkpoint holds."""
    found = hashlib.sha256(structure.encode())
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Replace the arrays in a nested state by references; the rest becomes JSON that keeps the types."""
    if isinstance(value, np.ndarray):
        name = str(len(arrays))
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {"dict": [[key, _pack(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_pack(item, arrays) for item in value]}
    return {"value": value}


def _unpack(packed: dict, arrays: Mapping[str, np.ndarray]) -> Any:
    ((kind, content),) = packed.items()
    match kind:
        case "array":
            return arrays[content]
        case "dict":
            return {key: _unpack(item, arrays) for key, item in content}
        case "list":
            return [_unpack(item, arrays) for item in content]
        case "tuple":
            return tuple(_unpack(item, arrays) for item in content)
    return content
