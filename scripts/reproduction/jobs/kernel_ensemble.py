"""Kernels at initialization for every width, C_W and input scale.

Source: Kim and Kang, arXiv:2408.02697, eqs. 1–4.
"""

from itertools import product

import numpy as np
import torch
import xarray as xr
from torch.types import Device

from rectified.effective_theory import kernel_sampling
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_sampling import SAMPLERS, Setting
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.seeding import numpy_generator
from reproduction.config.job import Job
from reproduction.config.tasks.kernel_ensemble import KernelEnsembleSettings
from reproduction.jobs.setup import devices


def kernel_ensemble(job: Job, inputs: dict[str, list[str]], device: str = "cpu") -> xr.Dataset:
    """Return the sampled kernels, computed on the device with the given name."""
    selected = devices.select(device)
    return sampled_kernels(job, selected).assign_attrs(device=devices.label(selected))


def sampled_kernels(job: Job, device: Device = "cpu") -> xr.Dataset:
    """Return log Ĝ by width, C_W, input scale, network, layer and input; the first layer is 1.

    All C_W and scales use the same random numbers, so that their curves differ in nothing else.
    """
    torch.set_num_threads(job.threads)
    s = job.settings
    variances = weight_variances(job)
    kernels = np.empty((len(s.widths), *variances.shape, s.networks, s.hidden_layers + 1, s.data or 1))
    for i, j, k in product(*map(range, kernels.shape[:3])):
        kernels[i, j, k] = _sample(job, s.widths[i], variances[j, k], s.input_scales[k], device)
    dims = ("width", "weight_variance", "input_scale", "network", "layer", "datum")
    return xr.Dataset(
        {
            "log_kernel": (dims, kernels, {"long_name": "log of the variance of preactivations"}),
            "C_W": (("weight_variance", "input_scale"), variances, {"long_name": "C_W"}),
        },
        coords={
            "width": s.widths,
            "weight_variance": ("weight_variance", s.weight_variances, {"long_name": "C_W, or its multiple"}),
            "input_scale": ("input_scale", s.input_scales, {"long_name": "|x|²/n₀"}),
            "layer": np.arange(1, s.hidden_layers + 2),
        },
    )


def weight_variances(job: Job) -> np.ndarray:
    """Return C_W [weight_variances, input_scales]; multiples of the critical value become absolute values."""
    s = job.settings
    values = np.tile(np.array(s.weight_variances)[:, None], (1, len(s.input_scales)))
    if s.in_critical_units:
        power = homogeneous(job.activation)
        values = values * [power.critical_weight_variance(r) for r in s.input_scales]
    return values


def _sample(job: Job, width: int, weight_variance: float, scale: float, device: Device) -> np.ndarray:
    s = job.settings
    activation = torch_activation(job.activation)
    setting = Setting(width, s.hidden_layers, float(weight_variance), s.bias_variance)
    parts = []
    for shard, first in enumerate(range(0, s.networks, s.shard)):
        count = min(s.shard, s.networks - first)
        random = numpy_generator("kernels", width, s.sampling, shard)
        x = (_inputs(s, count, shard) * scale**0.5).to(device)
        parts.append(kernel_sampling.sample_log_kernels(activation, setting, x, random, SAMPLERS[s.sampling]))
    return torch.cat(parts).numpy(force=True)


def _inputs(settings: KernelEnsembleSettings, networks: int, shard: int) -> torch.Tensor:
    """Return inputs [networks, inputs, data]: (1, …, 1), or independent standard normal components."""
    if settings.data is None:
        return torch.ones(networks, settings.inputs, 1, dtype=torch.float64)
    random = numpy_generator("kernel inputs", shard)
    return torch.from_numpy(random.standard_normal((networks, settings.inputs, settings.data)))
