"""Eigenpairs of the Hessian of the energy at trained parameters."""

from rectified import curvature, session, store
from rectified.ritz_job import RitzJob

job, attributes = session.begin(snakemake)
start, _ = store.read_tensors(snakemake.input[0])
eigenpairs = curvature.hessian_at_start(RitzJob(job, start))
store.write_arrays(snakemake.output[0], eigenpairs, attributes)
