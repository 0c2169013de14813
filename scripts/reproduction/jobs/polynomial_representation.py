"""Errors of polynomials represented by one layer of MRePU."""

import xarray as xr

from rectified.effective_theory import polynomial_representation as representation
from reproduction.config.job import Job


def polynomial_representation(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the largest errors of random polynomials, by power."""
    return representation.errors(job.settings)
