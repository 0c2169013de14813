"""The reference solution of a problem, by two independent methods."""

from rectified import problem_entries, session, store
from rectified.reference import reference_arrays

session.start_log(snakemake.log[0])
text = snakemake.params.problem
arrays = reference_arrays(problem_entries.from_json(text))
store.write_arrays(snakemake.output[0], arrays, store.provenance(snakemake.params.code, spec=text))
