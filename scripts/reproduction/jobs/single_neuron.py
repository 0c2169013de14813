"""Derivatives of a single neuron, by the chain rule and by automatic differentiation."""

import xarray as xr

from rectified.formulas.torch_activation import torch_activation
from rectified.ritz.single_neuron import DERIVATIVES, METHODS, derivatives
from reproduction.config.job import Job


def single_neuron(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the neuron ``feature`` and its ``derivative`` by method and name, on a uniform grid x.

    Args:
        job: ``settings`` holds slope, bias, number of points and domain.
        inputs: unused.
    """
    s = job.settings
    neuron = derivatives(torch_activation(job.activation), s.slope, s.bias, s.points, s.domain)
    return xr.Dataset(
        {"feature": ("x", neuron.value), "derivative": (("method", "name", "x"), neuron.derivatives)},
        coords={"x": neuron.x, "method": list(METHODS), "name": list(DERIVATIVES)},
    )
