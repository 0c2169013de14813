"""Compare the gradients of all rules at the same parameters."""

from rectified import session, store
from rectified.gradient_errors import gradient_errors
from rectified.ritz_job import RitzJob

job, attributes = session.begin(snakemake)
start = store.read_tensors(snakemake.input[0])[0] if snakemake.input else None
table = gradient_errors(RitzJob(job, start))
store.write_table(snakemake.output[0], table, attributes)
