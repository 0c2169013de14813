"""Errors in one sentence: the key, the value given, what is allowed, the nearest valid name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from rectified.errors import InvalidInputError, nearest
from reproduction.config.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Put the key that an error of config or of the library is about in front of its message."""
    try:
        yield
    except (ConfigError, InvalidInputError) as error:
        raise ConfigError(f"{where}: {error}") from None


def validated(model: type[Model], data: Any, where: str) -> Model:
    """Return the model of the data.

    Raises:
        ConfigError: in one sentence, for the first error; ``where`` goes in front of the key.
    """
    try:
        return model.model_validate(data)
    except ValidationError as errors:
        raise ConfigError(_sentence(errors.errors()[0], where, _known_keys(model))) from None


def _sentence(error: dict, where: str, known: set[str]) -> str:
    """One pydantic error in one sentence."""
    path = _keys(error["loc"])
    key = ".".join(filter(None, [where, *path]))
    given = error["input"]
    match error["type"]:
        case "extra_forbidden":
            return f"{key}: unknown key {path[-1]!r}; {nearest(path[-1], known)}"
        case "missing":
            return f"{key}: this key is missing"
        case "value_error":
            return f"{key}: {error['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{key}: {given!r} is not a name that can be used here (pattern {error['ctx']['pattern']})"
        case "union_tag_not_found":
            return f"{key}: the key {error['ctx']['discriminator']} is missing"
        case "union_tag_invalid":
            tag = error["ctx"]["tag"]
            allowed = error["ctx"]["expected_tags"].replace("'", "").split(", ")
            return f"{key}: unknown {error['ctx']['discriminator']} {tag!r}; {nearest(tag, allowed)}"
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            return f"{key}: {given!r} is not known; {nearest(str(given), allowed)}"
    return f"{key}: {given!r} given; {error['msg'][0].lower()}{error['msg'][1:]}"


def _keys(location: tuple) -> list[str]:
    """The keys that lead to an error: pydantic's location without the tag that tells kinds of entries apart."""
    path = [str(part) for part in location]
    depth = {"experiments": 2, "figures": 3, "tables": 3, "problems": 2}.get(path[0]) if path else None
    return path if depth is None else path[:depth] + path[depth + 1 :]


def _known_keys(model: type[BaseModel]) -> set[str]:
    """The keys of a model and of all models inside it."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}
