"""Reference solutions by two independent methods, each a check of the other."""

import numpy as np
import xarray as xr

from rectified.problems.burgers_fourier import fourier_solution
from reproduction.config.problem import ProblemEntry

POINTS, TIMES = 401, 101


def reference(entry: ProblemEntry) -> xr.Dataset:
    """Return solutions [t, x] of the Burgers equation by the Cole–Hopf integral and a Fourier–Galerkin method."""
    problem = entry.build()
    x, t = np.linspace(*problem.domain, POINTS), np.linspace(0, problem.final_time, TIMES)
    exact = problem.reference(x, t)
    check = fourier_solution(problem, x, t)
    return xr.Dataset(
        {
            "exact": (("t", "x"), exact, {"long_name": "Cole–Hopf solution"}),
            "fourier": (("t", "x"), check, {"long_name": "Fourier–Galerkin solution"}),
            "disagreement": ((), abs(exact - check).max(), {"long_name": "largest difference of the two"}),
        },
        coords={"x": x, "t": t},
    )
