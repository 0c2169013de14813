"""The energy on planes of Hessian eigenvectors through trained parameters."""

from rectified import ritz_jobs, session, store

job, attributes = session.begin(snakemake)
curvature = store.read_arrays(snakemake.input.hessian)
surfaces = ritz_jobs.landscape_planes(ritz_jobs.RitzJob(job), curvature)
store.write_arrays(snakemake.output[0], surfaces, attributes)
