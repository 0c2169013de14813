"""Train the networks of a case, or one shard of them, and write weights, history and fields; or merge the shards."""

import sys
from importlib import import_module

import reproduction.runtime.start_up  # noqa: F401
from reproduction.jobs.setup import devices, training
from reproduction.runtime import session
from reproduction.storage import checkpoints, shards

job, inputs, attributes = session.begin(snakemake)
if "shards" in inputs:
    shards.merge(inputs["shards"], snakemake.output, attributes)
    sys.exit()
device = devices.select(snakemake.resources.device)
shard = {"shard": int(snakemake.wildcards.shard)} if hasattr(snakemake.wildcards, "shard") else {}
task = import_module(f"reproduction.jobs.{job.settings.task}")
trained = task.training(job, inputs, device, **shard)
checkpoint = checkpoints.checkpoint(snakemake)
history = trained.run(checkpoint, progress=sys.stderr.isatty())
training.write(snakemake.output, trained, history, attributes | {"device": devices.label(device)})
checkpoint.remove()
