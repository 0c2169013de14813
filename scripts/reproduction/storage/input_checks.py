"""Checks of the inputs of a job before it starts; damaged inputs and results of another job are set aside.

A file that is set aside is renamed to ``NAME.damaged``; no data are lost, and the same command computes it again.
"""

import itertools
import json
import os
from pathlib import Path
from typing import Any

from reproduction.storage import store
from reproduction.storage.atomic_write import stamp
from reproduction.storage.errors import DamagedFile, SetAside


def check(snakemake: Any) -> None:
    """Check the attributes of all inputs of a job.

    Raises:
        SetAside: if inputs are unreadable or results of another job; they are set aside, with one line for each.
    """
    faults = [fault for path in snakemake.input if (fault := _fault(path, snakemake.params))]
    if faults:
        raise SetAside("\n".join(set_aside(fault) for fault in faults))


def _fault(path: str, params: Any) -> DamagedFile | None:
    seen = stamp(path)
    try:
        spec = store.read_attributes(path).get("spec")
    except DamagedFile as damage:
        return damage
    wrong = _wrong(Path(path), json.loads(spec), params) if spec else "is not a result of this project"
    return DamagedFile(path, wrong, seen) if wrong else None


def _wrong(path: Path, spec: dict, params: Any) -> str:
    """Return what is wrong with a file made from this spec, or an empty string if it belongs at this path."""
    if path.parent.name == "references":
        asked = json.loads(params.job)["problem"]
        return "" if spec == asked else "is the reference solution of another problem"
    place = [*path.parts[-4:-1], getattr(params, "tier", None) or json.loads(params.job)["tier"]]
    owner = [spec["settings"]["document"], spec["experiment"], spec["case"], spec["tier"]]
    return "" if owner == place else f"is a result of another job, {'/'.join(owner[:3])} of tier {owner[3]}"


def set_aside(damage: DamagedFile) -> str:
    """Rename a damaged file unless another job already has; return a message."""
    path, kept = damage.path, _free_name(damage.path)
    try:
        if stamp(path) == damage.stamp:
            os.rename(path, kept)
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{damage}; it could not be renamed ({error.strerror}). Remove it and run the same command again."
    return f"{damage}; it was renamed to {kept.name}. Run the same command again to recompute it."


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.damaged{number}") for number in itertools.chain([""], itertools.count(2)))
    return next(name for name in names if not os.path.lexists(name))
