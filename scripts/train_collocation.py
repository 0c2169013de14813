"""Train the networks of one physics-informed variant; write their weights, their history and their fields."""

import sys

from reproduction.jobs.collocation import trained_fields
from reproduction.jobs.setup import devices, mlp
from reproduction.jobs.setup.collocation import CollocationJob
from reproduction.storage import checkpoints

job, attributes, device = devices.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
ready = CollocationJob(job, device)
history = ready.run(checkpoint, progress=sys.stderr.isatty())
mlp.write(snakemake.output, ready.network, history, trained_fields(ready, history), attributes)
checkpoint.path.unlink(missing_ok=True)
