"""Compare the gradients of all rules at the same parameters."""

from rectified import ritz_jobs, session, store

job, attributes = session.begin(snakemake)
start = store.read_tensors(snakemake.input[0])[0] if snakemake.input else None
table = ritz_jobs.gradient_errors(ritz_jobs.RitzJob(job, start))
store.write_table(snakemake.output[0], table, attributes)
