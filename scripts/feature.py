"""Differentiate one feature by hand and automatically."""

from rectified.formulas.torch_functions import torch_activation
from rectified.ritz.single_neuron import derivatives
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
s = job.settings
arrays = derivatives(torch_activation(job.activation), s.slope, s.bias, s.points, s.domain)
store.write_arrays(snakemake.output[0], arrays, attributes)
