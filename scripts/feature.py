"""Differentiate a single neuron by the chain rule and automatically."""

from reproduction.jobs import single_neuron
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
store.write_arrays(snakemake.output[0], single_neuron.compute(job, {}), attributes)
