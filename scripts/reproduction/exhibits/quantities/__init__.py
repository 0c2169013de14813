"""Quantities computed from the files of a case, one module per task.

A quantity is a public function of its module. It maps the result of a case to a DataArray with named dimensions, or
to a table with a column of its name. Figures draw quantities and claims test them. A quantity estimated from a whole
ensemble, such as a vertex, has one number per network: the mean is the estimate, the spread gives its error.
"""

import pkgutil
from collections.abc import Callable
from importlib import import_module
from types import FunctionType

import pandas as pd
import xarray as xr

from reproduction.config import tasks
from reproduction.storage.results import Result

Quantity = Callable[[Result], xr.DataArray | pd.DataFrame]

TRAINED = "trained"  # module of the quantities of all trained tasks


def find(task: str, name: str) -> Quantity | None:
    """Return the quantity of a task with the given name; None if there is none."""
    modules = [task, *([TRAINED] if tasks.model(task).is_trained else [])]
    found = (_public(module).get(name) for module in modules if module in _modules())
    return next(filter(None, found), None)


def tasks_with(name: str) -> list[str]:
    """Return the modules that define a quantity with the given name."""
    return [module for module in _modules() if name in _public(module)]


def _modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def _public(module: str) -> dict[str, Quantity]:
    """Return the public functions that a module defines, by name."""
    path = f"{__name__}.{module}"
    members = vars(import_module(path)).items()
    return {
        name: value
        for name, value in members
        if isinstance(value, FunctionType) and value.__module__ == path and not name.startswith("_")
    }
