"""Train the networks of a regression; write their weights, their history and their fields."""

import sys

from rectified import checkpoints, regression, session, store
from rectified.regression import Regression

job, attributes = session.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
ready = Regression(job)
history = ready.run(checkpoint, progress=sys.stderr.isatty())
weights = {name: block.numpy() for name, block in ready.ready.network.blocks(history.theta).items()}
store.write_tensors(snakemake.output.weights, weights, attributes)
store.write_table(snakemake.output.history, regression.history_table(history), attributes)
store.write_arrays(snakemake.output.fields, regression.trained_fields(ready, history), attributes)
checkpoint.path.unlink(missing_ok=True)
