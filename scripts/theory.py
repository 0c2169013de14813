"""Susceptibilities, fixed points and the universality class of an activation."""

from reproduction.jobs.theory import theory_arrays
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
store.write_arrays(snakemake.output[0], theory_arrays(job), attributes)
