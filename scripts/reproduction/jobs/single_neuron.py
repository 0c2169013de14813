"""Derivatives of a single neuron, in closed form with the discrete delta and by automatic differentiation."""

import xarray as xr

from rectified.formulas.torch_functions import torch_activation
from rectified.ritz.single_neuron import derivatives
from reproduction.config.job import Job


def single_neuron(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the derivatives by method, name and x."""
    s = job.settings
    return derivatives(torch_activation(job.activation), s.slope, s.bias, s.points, s.domain)
