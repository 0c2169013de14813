"""One module per equation; each defines a subclass of ``ProblemEntry``, registered under the name of the equation."""

import json
import pkgutil
from functools import cache
from importlib import import_module
from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from rectified.errors import nearest
from reproduction.config.problem import ProblemEntry

DEFAULT = "elliptic"  # the equation of an entry without the key `equation`


@cache
def names() -> tuple[str, ...]:
    """Return the equations in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def model(equation: str) -> type[ProblemEntry]:
    """Return the model of the entries of an equation.

    Raises:
        ValueError: if the equation is unknown.
    """
    if equation not in names():
        raise ValueError(f"unknown equation {equation!r}; {nearest(equation, names())}")
    import_module(f"{__name__}.{equation}")
    return ProblemEntry.registered[equation]


def equation_of(value: Any) -> str:
    """Return the equation of an entry, before or after validation."""
    return str(value.get("equation", DEFAULT) if isinstance(value, dict) else getattr(value, "equation", ""))


def _loaded(value: Any) -> Any:
    return model(equation_of(value)).model_validate(value) if isinstance(value, dict) else value


# The entry of a job; validation imports only the module of its equation.
AnyProblem = Annotated[SerializeAsAny[ProblemEntry], BeforeValidator(_loaded)]


def from_json(text: str) -> ProblemEntry:
    """Return an entry from JSON."""
    return _loaded(json.loads(text))
