"""Susceptibilities, fixed points and the universality class of an activation."""

from rectified import session, store
from rectified.criticality import theory_arrays

job, attributes = session.begin(snakemake)
store.write_arrays(snakemake.output[0], theory_arrays(job), attributes)
