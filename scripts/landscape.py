"""The energy on planes of Hessian eigenvectors through trained parameters."""

from reproduction.jobs import landscape
from reproduction.jobs.setup.ritz import RitzJob
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
eigenpairs = store.read_arrays(snakemake.input.hessian)
surfaces = landscape.landscape_planes(RitzJob(job), eigenpairs)
store.write_arrays(snakemake.output[0], surfaces, attributes)
