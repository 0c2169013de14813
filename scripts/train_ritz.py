"""Train the networks of one case; write their weights, their history and their fields."""

import sys

from rectified import checkpoints, devices, ritz_training, store
from rectified.ritz_job import RitzJob

job, attributes, device = devices.begin(snakemake)
start = store.read_tensors(snakemake.input.start[0])[0] if snakemake.input.start else None
ritz = RitzJob(job, start, device)
checkpoint = checkpoints.checkpoint(snakemake)
history, work = ritz_training.run_training(ritz, checkpoint, progress=sys.stderr.isatty())
weights = {name: block.numpy(force=True) for name, block in ritz.network.blocks(history.theta).items()}
store.write_tensors(snakemake.output.weights, weights, attributes)
store.write_table(snakemake.output.history, ritz_training.history_table(history, work), attributes)
store.write_arrays(snakemake.output.fields, ritz_training.trained_fields(ritz, history, work), attributes)
checkpoint.path.unlink(missing_ok=True)
