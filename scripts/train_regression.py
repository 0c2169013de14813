"""Train the networks of a regression; write their weights, their history and their fields."""

import sys

from reproduction.jobs import regression
from reproduction.jobs.regression import Regression
from reproduction.jobs.setup import devices, mlp
from reproduction.storage import checkpoints

job, attributes, device = devices.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
ready = Regression(job, device)
history = ready.run(checkpoint, progress=sys.stderr.isatty())
fields = regression.trained_fields(ready, history)
mlp.write(snakemake.output, ready.ready.network, history, fields, attributes)
checkpoint.path.unlink(missing_ok=True)
