"""Sample the kernels of networks at initialization."""

from reproduction.jobs.kernel_ensemble import kernel_ensemble
from reproduction.jobs.setup import devices
from reproduction.storage import store

job, attributes, device = devices.begin(snakemake)
store.write_arrays(snakemake.output[0], kernel_ensemble(job, device), attributes)
