"""Compare the gradients of all rules at the same parameters."""

from reproduction.jobs.gradient_errors import gradient_errors
from reproduction.jobs.setup.ritz import RitzJob
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
start = store.read_tensors(snakemake.input[0])[0] if snakemake.input else None
table = gradient_errors(RitzJob(job, start))
store.write_table(snakemake.output[0], table, attributes)
