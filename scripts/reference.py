"""The reference solution of a problem, by two independent methods."""

from reproduction.config import problems
from reproduction.jobs.reference import reference_arrays
from reproduction.runtime import session
from reproduction.storage import store

session.start_log(snakemake.log[0])
text = snakemake.params.problem
arrays = reference_arrays(problems.from_json(text))
store.write_arrays(snakemake.output[0], arrays, store.provenance(snakemake.params.code, spec=text))
