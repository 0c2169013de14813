"""Train the networks of a regression; write their weights, their history and their fields."""

import sys

from rectified import checkpoints, network_job, regression, session
from rectified.regression import Regression

job, attributes = session.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
ready = Regression(job)
history = ready.run(checkpoint, progress=sys.stderr.isatty())
fields = regression.trained_fields(ready, history)
network_job.write(snakemake.output, ready.ready.network, history, fields, attributes)
checkpoint.path.unlink(missing_ok=True)
