"""The inputs of a job: looked at before it starts, and set aside where they are damaged or of another job.

What is set aside keeps its content, under the name ``NAME.damaged`` beside its place, so nothing is lost; its place is
empty then, so the same command computes it again.
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
    """Look at the attributes of all inputs of a job.

    Raises:
        SetAside: with one line for each input that cannot be read or is of another job; all of them are set aside.
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
    wrong = _wrong(Path(path), json.loads(spec), params) if spec else "is no result of a job of this project"
    return DamagedFile(path, wrong, seen) if wrong else None


def _wrong(path: Path, spec: dict, params: Any) -> str:
    """What is wrong with a file that says it was made from this spec; nothing if it belongs in its place."""
    if path.parent.name == "references":
        asked = json.loads(params.job)["problem"]
        return "" if spec == asked else "is the reference of another problem"
    place = [*path.parts[-4:-1], getattr(params, "tier", None) or json.loads(params.job)["tier"]]
    owner = [spec["settings"]["document"], spec["experiment"], spec["case"], spec["tier"]]
    return "" if owner == place else f"is a result of another job, {'/'.join(owner[:3])} of tier {owner[3]}"


def set_aside(damage: DamagedFile) -> str:
    """Move a damaged file beside its place, unless another job was faster; say in a sentence what was done."""
    path, kept = damage.path, _free_name(damage.path)
    try:
        if stamp(path) == damage.stamp:
            os.rename(path, kept)
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{damage}; it cannot be moved ({error.strerror}). Remove it, then type the same command again."
    return f"{damage}; it is kept as {kept.name}. Type the same command again: it will be computed anew."


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.damaged{number}") for number in itertools.chain([""], itertools.count(2)))
    return next(name for name in names if not os.path.lexists(name))
