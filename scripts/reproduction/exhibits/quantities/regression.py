"""Quantities of regressions."""

import numpy as np
import pandas as pd
import xarray as xr

from reproduction.storage.results import Result

TAIL = 0.1  # share of the history at its end


def settled_mse(result: Result) -> xr.DataArray:
    """Median training error over the last tenth of the recorded history, by seed.

    At a constant rate of Adam the error fluctuates from step to step; that of the last step alone is noise.
    """
    history = _history(result)
    tail = history[history.index > (1 - TAIL) * history.index.max()]
    return _by_seed(tail.median(skipna=False))


def path_mse(result: Result) -> xr.DataArray:
    """Geometric mean of the training error over the recorded history, by seed: small where training converges fast."""
    return _by_seed(np.exp(np.log(_history(result)).mean(skipna=False)))


def _history(result: Result) -> pd.DataFrame:
    """Return the mean square error on the training grid, [epochs, seeds]."""
    return result.table("history").pivot(index="epoch", columns="seed", values="train_mse")


def _by_seed(values: pd.Series) -> xr.DataArray:
    return xr.DataArray(values.to_numpy(), {"seed": values.index.to_numpy()}, ("seed",))
