"""Audit the derivatives of trained cases; write one row for each case and seed."""

import pandas as pd

from reproduction.config.job import Job
from reproduction.jobs.audit import audited
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
s, tables = job.settings, []
for weights, fields in zip(snakemake.input.weights, snakemake.input.fields):
    blocks, trained = store.read_tensors(weights)
    diverged_at = store.read_arrays(fields).diverged_at.to_numpy()
    case = Job.model_validate_json(trained["spec"])
    tables.append(audited(case, blocks, diverged_at, s.seeds, s.points, s.threshold))
store.write_table(snakemake.output[0], pd.concat(tables, ignore_index=True), attributes)
