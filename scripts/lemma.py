"""Represent random polynomials by one layer of MRePU_p."""

from reproduction.jobs import polynomial_representation
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
store.write_arrays(snakemake.output[0], polynomial_representation.compute(job, {}), attributes)
