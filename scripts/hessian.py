"""Eigenpairs of the Hessian of the energy at trained parameters."""

from rectified import ritz_jobs, session, store

job, attributes = session.begin(snakemake)
start, _ = store.read_tensors(snakemake.input[0])
curvature = ritz_jobs.hessian_at_start(ritz_jobs.RitzJob(job, start))
store.write_arrays(snakemake.output[0], curvature, attributes)
