"""What jobs need of the machine: memory, and a C++ compiler where code is compiled."""

import os
import shutil
from typing import Any

from reproduction.config import error_messages
from reproduction.config.errors import ConfigError
from reproduction.config.task import GIB, Task

COMPILERS = ("g++", "clang++")  # as torch.compile looks for them


def check(config: Any) -> None:
    """Check what the cases of a ``Config`` need.

    Raises:
        ConfigError: for the first case that needs more than there is; the message begins with its key.
    """
    for experiment, cases in config.cases.items():
        for case, settings in cases.items():
            with error_messages.prefixed(f"experiments.{experiment} (case {case})"):
                check_memory(settings, config.grid_of(settings), config.memory)
                check_compiler(settings)


def check_memory(settings: Task, grid: int, limit: float) -> None:
    """Reject a job that needs too much memory.

    Args:
        settings: of the job.
        grid: grid points of its target.
        limit: in GiB.

    Raises:
        ConfigError: if the estimate exceeds the limit.
    """
    needed = settings.memory(grid) / GIB
    if needed > limit:
        raise ConfigError(
            f"a job needs about {needed:,.0f} GiB, more than `memory: {limit:g}`; lower {settings.memory_keys}"
        )


def check_compiler(settings: Task) -> None:
    """Reject a job that compiles its training step on a machine without a C++ compiler.

    Raises:
        ConfigError: if the environment variable CXX, or else PATH, leads to no compiler.
    """
    if getattr(settings, "compile", False) and not any(map(shutil.which, _compilers())):
        raise ConfigError(
            f"compile: true needs a C++ compiler; found none of {', '.join(_compilers())}; install one, name it in the "
            "environment variable CXX, or set compile: false, which rounds differently"
        )


def _compilers() -> tuple[str, ...]:
    return (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
