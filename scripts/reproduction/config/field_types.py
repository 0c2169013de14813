"""Types of config entries (names, numbers, formulas), and the base of all models."""

import math
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Annotated, Any, TypeVar

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
    """Return a whole number for text such as 1e4, which YAML reads as a string. Booleans are rejected."""
    if isinstance(value, bool):
        raise ValueError(f"must be an integer; got {value}")
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else number
    return value


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"must be a number; got {value}")
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def ascending(value: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of an interval.

    Raises:
        ValueError: if they are not finite and in ascending order.
    """
    if not all(map(math.isfinite, value)):
        raise ValueError(f"both ends must be finite; got {list(value)}")
    if not value[0] < value[1]:
        raise ValueError(f"the left end must be below the right end; got {list(value)}")
    return value


def _power_is_allowed(name: str) -> str:
    """Return the name of an activation; a power has one spelling, so that one activation has one name."""
    try:
        named = check_power(name)
    except InvalidInputError as error:
        raise ValueError(str(error)) from None
    if named and name != f"{named[0]}{named[1]}":
        raise ValueError(f"the power must be written without leading zeros, as {named[0]}{named[1]}; got {name!r}")
    return name


def _distinct(values: list) -> list:
    if any(value in values[:index] for index, value in enumerate(values)):
        raise ValueError(f"must be distinct; got {values}")
    return values


def _present(entries: dict | None) -> dict:
    """Return entries without those that are null, and without empty groups."""
    return {name: entry for name, entry in (entries or {}).items() if entry is not None and entry != {}}


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
ActivationName = Annotated[str, AfterValidator(_power_is_allowed)]
# The schema also accepts text such as 1e-3, which YAML reads as a string.
NUMERIC_TEXT = {"type": "string", "pattern": r"^[0-9.]+([eE][+-]?[0-9]+)?$"}
Count = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
Number = Annotated[float, BeforeValidator(_no_boolean)]
Positive = Annotated[
    float,
    BeforeValidator(_no_boolean),
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
NonNegative = Annotated[
    float,
    BeforeValidator(_no_boolean),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, NUMERIC_TEXT]}),
]
Formula = Annotated[str, BeforeValidator(_text)]
Folder = Annotated[str, StringConstraints(pattern=r"^results(/[a-z0-9_]{1,60})?$")]
ACTIVATION_PLACEHOLDER = "{activation}"  # in a reference to a case: the activation of the referring case
CaseRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/([a-z0-9_.-]|\{activation\})+$")]
CasePattern = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_*?]*/([a-z0-9_.*?\[\]-]|\{activation\})+$")]
Domain = Annotated[tuple[Number, Number], AfterValidator(ascending)]
Distinct = AfterValidator(_distinct)  # of a list: no value occurs twice, in whatever spelling
Value = TypeVar("Value")
DistinctList = Annotated[list[Value], Distinct]
Present = AfterValidator(_present)  # of a mapping: null removes an entry that a config file before it defines


class Strict(BaseModel):
    """Base of all models: immutable, without unknown keys; docstrings of attributes become descriptions."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def section(entry: Any) -> Any:
    """Return the type of a section of config: entries by name, from which null removes an entry or all of them."""
    return Annotated[dict[Name, entry | None] | None, Present]


def any_of(types: Iterable[Any]) -> Any:
    """Return the union of types."""
    return reduce(or_, types)


def one_of(models: Iterable[type[BaseModel]], tag: str) -> Any:
    """Return the discriminated union of models; the setting named by ``tag`` selects the model."""
    return Annotated[any_of(models), Field(discriminator=tag)]
