"""Train the networks of one physics-informed variant; write their weights, their history and their fields."""

import sys

from rectified import checkpoints, devices, network_job
from rectified.collocation_fields import trained_fields
from rectified.collocation_job import CollocationJob

job, attributes, device = devices.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
ready = CollocationJob(job, device)
history = ready.run(checkpoint, progress=sys.stderr.isatty())
network_job.write(snakemake.output, ready.network, history, trained_fields(ready, history), attributes)
checkpoint.path.unlink(missing_ok=True)
