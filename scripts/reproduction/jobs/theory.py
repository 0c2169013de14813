"""Effective theory of one activation: susceptibilities and universality class.

Source: Kim and Kang, arXiv:2408.02697, eqs. 4–7.
"""

import numpy as np
import xarray as xr

from rectified.effective_theory.fixed_points import largest_first_kernel, largest_safe_weight_variance
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.universality_class import universality_class
from reproduction.config.job import Job

CLASS_VARIABLES = ("weight_variance", "bias_variance", "kernel")
INPUT_SCALE = 1.0


def theory(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return χ∥ and χ⊥ by kernel, the critical C_W, C_b and K*, and the universality class as attributes."""
    s, effective = job.settings, EffectiveTheory(job.activation)
    kernel = np.geomspace(*s.kernels, s.points)
    kind = universality_class(job.activation)
    critical = {f"critical_{name}": _number(getattr(kind, name)) for name in CLASS_VARIABLES}
    return xr.Dataset(
        {
            "parallel": ("kernel", effective.susceptibility_parallel(kernel, s.weight_variance), {"long_name": "χ∥"}),
            "perpendicular": ("kernel", effective.susceptibility_perpendicular(kernel, s.weight_variance)),
            **critical,
            "largest_safe_weight_variance": _number(largest_safe_weight_variance(effective, INPUT_SCALE)),
            "largest_first_kernel": _number(_largest_first_kernel(effective, kind.weight_variance, kind.bias_variance)),
        },
        coords={"kernel": kernel},
        attrs={"universality_class": kind.name, "stability": kind.stability, "reason": kind.reason},
    )


def _largest_first_kernel(theory: EffectiveTheory, weight_variance: float | None, bias_variance: float | None):
    """Return the largest K¹ that ten layers at the critical C_W do not double; None unless the fixed point is 0."""
    if weight_variance is None or bias_variance:
        return None
    return largest_first_kernel(theory, weight_variance, bias_variance)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
