"""Train the networks of a regression; write their weights, their history and their fields."""

import sys

from rectified import checkpoints, devices, network_job, regression
from rectified.regression import Regression

job, attributes, device = devices.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
ready = Regression(job, device)
history = ready.run(checkpoint, progress=sys.stderr.isatty())
fields = regression.trained_fields(ready, history)
network_job.write(snakemake.output, ready.ready.network, history, fields, attributes)
checkpoint.path.unlink(missing_ok=True)
