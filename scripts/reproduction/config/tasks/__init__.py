"""One module per task; each defines a subclass of ``Task``, registered under the name of the module."""

import pkgutil
from functools import cache
from importlib import import_module

from rectified.errors import nearest
from reproduction.config.task import Task


@cache
def names() -> tuple[str, ...]:
    """Return the tasks in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def model(task: str) -> type[Task]:
    """Return the model of the settings of a task; only its module is imported.

    Raises:
        ValueError: if the task is unknown.
    """
    if task not in names():
        raise ValueError(f"unknown task {task!r}; {nearest(task, names())}")
    import_module(f"{__name__}.{task}")
    return Task.registered[task]


def models() -> dict[str, type[Task]]:
    """Return the models of all tasks, by name."""
    return {name: model(name) for name in names()}
