"""Train the networks of one case; write their weights, their history and their fields."""

import sys

from rectified import ritz_training, session, store
from rectified.ritz_job import RitzJob
from rectified.training import Checkpoint

job, attributes = session.begin(snakemake)
start = store.read_tensors(snakemake.input[0])[0] if snakemake.input else None
ritz = RitzJob(job, start)
checkpoint = Checkpoint(
    session.checkpoint_path(snakemake.output.weights),
    snakemake.resources.checkpoint_seconds,
    ritz_training.identity(snakemake.params.job, snakemake.params.code),
)
history, work = ritz_training.run_training(ritz, checkpoint, progress=sys.stderr.isatty())
weights = {name: block.numpy() for name, block in ritz.network.blocks(history.theta).items()}
store.write_tensors(snakemake.output.weights, weights, attributes)
store.write_table(snakemake.output.history, ritz_training.history_table(history, work), attributes)
store.write_arrays(snakemake.output.fields, ritz_training.trained_fields(ritz, history, work), attributes)
checkpoint.path.unlink(missing_ok=True)
