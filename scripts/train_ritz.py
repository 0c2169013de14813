"""Train the networks of one case; write their weights, their history and their fields."""

import sys

from reproduction.jobs import ritz
from reproduction.jobs.setup import devices
from reproduction.jobs.setup.ritz import RitzJob
from reproduction.storage import checkpoints, store

job, attributes, device = devices.begin(snakemake)
start = store.read_tensors(snakemake.input.start[0])[0] if snakemake.input.start else None
ritz = RitzJob(job, start, device)
checkpoint = checkpoints.checkpoint(snakemake)
history, work = ritz.run_training(ritz, checkpoint, progress=sys.stderr.isatty())
weights = {name: block.numpy(force=True) for name, block in ritz.network.blocks(history.theta).items()}
store.write_tensors(snakemake.output.weights, weights, attributes)
store.write_table(snakemake.output.history, ritz.history_table(history, work), attributes)
store.write_arrays(snakemake.output.fields, ritz.trained_fields(ritz, history, work), attributes)
checkpoint.path.unlink(missing_ok=True)
