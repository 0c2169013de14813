"""Derivative audit of trained cases: every network is audited with the derivatives used in its training.

The module ``reproduction.jobs.auditors.<task>`` sets up the audit of the cases of a task.
"""

from collections.abc import Mapping
from importlib import import_module

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.derivatives.derivative_measures import NAMES
from rectified.audit.result import OTHER_POINTS, PARAMETER, Audit
from rectified.errors import InvalidInputError
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import AuditNetwork
from reproduction.storage import store

JUDGED = {"first": NAMES[1], "second": NAMES[2], "off_diagonal": OTHER_POINTS, "parameter": PARAMETER}  # by column
PLAIN = ("points", "order", "derivatives", "threshold", "value", "off_diagonal", "missed", "dropped")
PLAIN += ("jumps", "jump_size", "kinks", "kink_size", "verdict", "hides")


def audit(job: Job, inputs: dict[str, list[str]]) -> pd.DataFrame:
    """Return the audits of the first networks of every case, one row per case and seed."""
    s, tables = job.settings, []
    for weights, fields in zip(inputs["weights"], inputs["fields"]):
        blocks, trained = store.read_tensors(weights)
        diverged_at = store.read_arrays(fields).diverged_at.to_numpy()
        case = Job.model_validate_json(trained["spec"])
        tables.append(audit_case(case, blocks, diverged_at, s.seeds, s.points, s.threshold))
    return pd.concat(tables, ignore_index=True)


def audit_case(
    job: Job, blocks: Mapping[str, np.ndarray], diverged_at: np.ndarray, seeds: int, points: int, threshold: float
) -> pd.DataFrame:
    """Return the audits of the first seeds of a trained case: one row each, with measures, verdict and reasons.

    Args:
        job: that trained the case.
        blocks: trained parameters by name, of all seeds.
        diverged_at: epoch of divergence of each seed, or −1; diverged networks are not measured.
        seeds: number of audited networks.
        points: number of points for cases without training points of their own.
        threshold: largest mismatch that counts as consistent.
    """
    auditors = import_module(f"reproduction.jobs.auditors.{job.settings.task}")
    case, rows = f"{job.experiment}/{job.case}", []
    for seed in range(min(seeds, len(diverged_at))):
        auditor = auditors.auditor(job, seed, points, threshold)
        row = {name: torch.from_numpy(block[[seed]]) for name, block in blocks.items()}
        (theta,) = auditor.layout.row(row).double()
        audits = {case: auditor.audit} | {f"{case}, {name}": one for name, one in auditor.variants.items()}
        for name, one in audits.items():
            measures = _measures(one, theta, int(diverged_at[seed]))
            rows.append({"case": name, "document": job.settings.document, "seed": seed, **measures})
    return pd.DataFrame(rows).sort_values("case", kind="stable", ignore_index=True)


def _measures(audit_network: AuditNetwork, theta: Float[Tensor, " parameters"], diverged_at: int) -> dict:
    """Return the columns of one network: its measures, or the reason why there are none."""
    if diverged_at >= 0:
        return {"verdict": "diverged"}
    try:
        result = audit_network(theta)
    except InvalidInputError as error:
        return {"verdict": "undetermined", "notes": str(error)}
    return columns(result)


def columns(result: Audit) -> dict:
    """Return an audit as columns of a table: each judged measure with its uncertainty and verdict, and the rest."""
    row: dict[str, object] = {}
    for name, key in JUDGED.items():
        measure = result.measure(key)
        row |= {name: measure.mismatch, f"{name}_uncertainty": measure.uncertainty}
        row |= {f"{name}_verdict": measure.verdict(result.threshold) if key in result.measures else ""}
    row |= {name: getattr(result, name) for name in PLAIN}
    return row | {"reasons": "; ".join(result.reasons), "notes": "; ".join(result.notes)}
