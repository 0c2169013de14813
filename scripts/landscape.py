"""The energy on planes of Hessian eigenvectors through trained parameters."""

from rectified import curvature, session, store
from rectified.ritz_job import RitzJob

job, attributes = session.begin(snakemake)
eigenpairs = store.read_arrays(snakemake.input.hessian)
surfaces = curvature.landscape_planes(RitzJob(job), eigenpairs)
store.write_arrays(snakemake.output[0], surfaces, attributes)
