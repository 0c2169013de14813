"""Eigenpairs of the Hessian of the energy at trained parameters."""

from reproduction.jobs import landscape
from reproduction.jobs.setup.ritz import RitzJob
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
start, _ = store.read_tensors(snakemake.input[0])
eigenpairs = landscape.hessian_at_start(RitzJob(job, start))
store.write_arrays(snakemake.output[0], eigenpairs, attributes)
