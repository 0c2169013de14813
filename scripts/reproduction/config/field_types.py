"""Types of config entries: names, numbers, formulas, and the base of all models."""

import math
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from rectified.errors import InvalidInputError
from rectified.formulas.activation import check_power


def _whole_number(value: Any) -> Any:
    """Convert text such as 1e4, as YAML reads it, to a whole number. Booleans are rejected."""
    if isinstance(value, bool):
        raise ValueError(f"must be a whole number; got {value}")
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else number
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def ascending(value: tuple[float, float]) -> tuple[float, float]:
    if not all(map(math.isfinite, value)):
        raise ValueError(f"{list(value)} given; both ends must be finite numbers")
    if not value[0] < value[1]:
        raise ValueError(f"{list(value)} given; the left end must be below the right end")
    return value


def _power_is_allowed(name: str) -> str:
    try:
        check_power(name)
    except InvalidInputError as error:
        raise ValueError(str(error)) from None
    return name


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
ActivationName = Annotated[str, AfterValidator(_power_is_allowed)]
# In the schema a number may also be text such as 1e-3, which is what YAML makes of it.
NUMERIC_TEXT = {"type": "string", "pattern": r"^[0-9.]+(e[+-]?[0-9]+)?$"}
Count = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
Positive = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
NonNegative = Annotated[
    float,
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, NUMERIC_TEXT]}),
]
Formula = Annotated[str, BeforeValidator(_text)]
Folder = Annotated[str, StringConstraints(pattern=r"^results(/[a-z0-9_]{1,60})?$")]
ITS_ACTIVATION = "{activation}"  # in the name of a case: the activation of the case that refers to it
CaseRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/([a-z0-9_.-]|\{activation\})+$")]
CasePattern = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_*?]*/([a-z0-9_.*?\[\]-]|\{activation\})+$")]
Domain = Annotated[tuple[float, float], AfterValidator(ascending)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def any_of(types: Iterable[Any]) -> Any:
    """Return the union of types."""
    return reduce(or_, types)


def one_of(models: Iterable[type[BaseModel]], tag: str) -> Any:
    """Return the union of models that the setting named by the tag distinguishes."""
    return Annotated[any_of(models), Field(discriminator=tag)]
