"""Train one shard of an ensemble; write the statistics of its layers, its losses and its outputs."""

import sys

from reproduction.jobs.ensemble_training import train_shard
from reproduction.jobs.setup import devices
from reproduction.storage import checkpoints, store

job, attributes, device = devices.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
arrays = train_shard(job, int(snakemake.wildcards.shard), checkpoint, sys.stderr.isatty(), device)
store.write_arrays(snakemake.output[0], arrays, attributes)
checkpoint.path.unlink(missing_ok=True)
