"""The derivative audit of trained cases: every network is audited with the derivatives that its training uses.

The module ``reproduction.jobs.auditors.<task>`` sets up the audit of the cases of a task.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivative_audit import Audit
from rectified.errors import InvalidInputError
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import AuditOne
from reproduction.storage import store


def audit(job: Job, inputs: dict[str, list[str]]) -> pd.DataFrame:
    """Return the audits of the first networks of every case, one row per case and seed."""
    s, tables = job.settings, []
    for weights, fields in zip(inputs["weights"], inputs["fields"]):
        blocks, trained = store.read_tensors(weights)
        diverged_at = store.read_arrays(fields).diverged_at.to_numpy()
        case = Job.model_validate_json(trained["spec"])
        tables.append(audited(case, blocks, diverged_at, s.seeds, s.points, s.threshold))
    return pd.concat(tables, ignore_index=True)


def audited(
    job: Job, blocks: Mapping[str, np.ndarray], diverged_at: np.ndarray, seeds: int, points: int, threshold: float
) -> pd.DataFrame:
    """Audit the first seeds of a trained case: one row each, with the measures, the verdict and its reasons.

    Args:
        blocks: trained parameters by name, of all seeds.
        diverged_at: epoch of divergence of each seed, or −1; of a diverged network nothing is measured.
        seeds: how many are audited.
        points: at which derivatives are compared, where the case has none of its own.
        threshold: largest mismatch that counts as consistent.
    """
    auditors = import_module(f"reproduction.jobs.auditors.{job.settings.task}")
    auditor = auditors.auditor(job, points, threshold)
    theta = auditor.layout.row({name: torch.from_numpy(block[:seeds]) for name, block in blocks.items()}).double()
    case = f"{job.experiment}/{job.case}"
    ways = {case: auditor.audit} | {f"{case}, {name}": way for name, way in auditor.besides.items()}
    found = [
        {"case": name, "document": job.settings.document, "seed": seed, **_measured(way, row, int(diverged_at[seed]))}
        for name, way in ways.items()
        for seed, row in enumerate(theta)
    ]
    return pd.DataFrame(found)


def _measured(way: AuditOne, theta: Float[Tensor, " parameters"], diverged_at: int) -> dict:
    """The columns of one network: what was measured, or why nothing could be."""
    if diverged_at >= 0:
        return {"verdict": "diverged"}
    try:
        result = way(theta)
    except InvalidInputError as error:
        return {"verdict": "undetermined", "notes": str(error)}
    return columns(result)


def columns(result: Audit) -> dict:
    """An audit as columns of a table."""
    words = {"reasons": "; ".join(result.reasons), "hides": result.hides, "notes": "; ".join(result.notes)}
    return asdict(result) | {"verdict": result.verdict} | words
