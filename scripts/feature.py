"""Differentiate one feature by hand and automatically."""

from rectified import session, store
from rectified.feature import derivatives
from rectified.lowering import torch_activation

job, attributes = session.begin(snakemake)
s = job.settings
arrays = derivatives(torch_activation(job.activation), s.slope, s.bias, s.points, s.domain)
store.write_arrays(snakemake.output[0], arrays, attributes)
