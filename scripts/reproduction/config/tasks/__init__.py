"""One module per task; each defines a subclass of ``Task``, which registers itself by the name of the module."""

import pkgutil
from functools import cache
from importlib import import_module

from rectified.errors import nearest
from reproduction.config.task import Task


@cache
def names() -> tuple[str, ...]:
    """The tasks, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def model(task: str) -> type[Task]:
    """The model of the settings of a task; only its module is imported.

    Raises:
        ValueError: if there is no such task.
    """
    if task not in names():
        raise ValueError(f"unknown task {task!r}; {nearest(task, names())}")
    import_module(f"{__name__}.{task}")
    return Task.registered[task]


def models() -> dict[str, type[Task]]:
    """The models of all tasks by name."""
    return {name: model(name) for name in names()}
