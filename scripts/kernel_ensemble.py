"""Sample the kernels of networks at initialization."""

from rectified import devices, store
from rectified.kernel_ensemble import kernel_ensemble

job, attributes, device = devices.begin(snakemake)
store.write_arrays(snakemake.output[0], kernel_ensemble(job, device), attributes)
