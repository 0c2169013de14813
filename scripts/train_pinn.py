"""Train the networks of one physics-informed case; write their weights, their history and their fields."""

import sys

from reproduction.jobs.pinn import PinnJob
from reproduction.jobs.setup import devices, mlp
from reproduction.storage import checkpoints, store

job, attributes, device = devices.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
pinn = PinnJob(job, store.read_arrays(snakemake.input.reference[0]), device)
history = pinn.run(checkpoint, progress=sys.stderr.isatty())
mlp.write(snakemake.output, pinn.ready.network, history, pinn.fields(history), attributes)
checkpoint.path.unlink(missing_ok=True)
