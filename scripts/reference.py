"""Compute the reference solution of a problem by two independent methods."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.config import problems
from reproduction.jobs.reference import reference
from reproduction.runtime import session
from reproduction.storage import store

session.start_log(snakemake.log[0])
text = snakemake.params.problem
attributes = store.provenance(snakemake.params.code, spec=text)
store.write_arrays(snakemake.output[0], reference(problems.from_json(text)), attributes)
