"""Train one shard of an ensemble; write the statistics of its layers, its losses and its outputs."""

import sys

from rectified import checkpoints, session, store
from rectified.ensemble_training import train_shard

job, attributes = session.begin(snakemake)
checkpoint = checkpoints.checkpoint(snakemake)
arrays = train_shard(job, int(snakemake.wildcards.shard), checkpoint, progress=sys.stderr.isatty())
store.write_arrays(snakemake.output[0], arrays, attributes)
checkpoint.path.unlink(missing_ok=True)
