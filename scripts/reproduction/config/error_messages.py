"""Error messages of one sentence: the key, what is allowed, the value given, the nearest valid name."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from rectified.errors import InvalidInputError, nearest
from reproduction.config.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


@contextmanager
def prefixed(where: str) -> Iterator[None]:
    """Prefix errors of config and of the library with the key that they concern."""
    try:
        yield
    except (ConfigError, InvalidInputError) as error:
        raise ConfigError(f"{where}: {error}") from None


def validated(model: type[Model], data: Any, where: str) -> Model:
    """Return data as an instance of a model.

    Args:
        where: prefix of the key in error messages.

    Raises:
        ConfigError: for the first error, in one sentence.
    """
    try:
        return model.model_validate(data)
    except ValidationError as errors:
        raise ConfigError(_sentence(errors.errors()[0], where, model)) from None


def _sentence(error: dict, where: str, model: type[BaseModel]) -> str:
    """Return a pydantic error of a model as one sentence."""
    path = _keys(error["loc"])
    key = ".".join(filter(None, [where, *path]))
    given = error["input"]
    match error["type"]:
        case "extra_forbidden":
            return f"{key}: unknown key {path[-1]!r}; {nearest(path[-1], allowed_keys(model, error['loc'][:-1]))}"
        case "missing":
            return f"{key}: this key is required"
        case "string_type" if error["loc"][-1] == "[key]":
            above = ".".join(filter(None, [where, *_keys(error["loc"][:-2])]))
            return f"{above}: a key must be text; YAML reads it as {type(given).__name__} {given!r}; write it in quotes"
        case "value_error":
            return _joined(key, str(error["ctx"]["error"]))
        case "string_pattern_mismatch":
            return f"{key} must match the pattern {error['ctx']['pattern']}; got {given!r}"
        case "union_tag_not_found":
            return f"{key}: the key {error['ctx']['discriminator']} is required"
        case "union_tag_invalid":
            tag = error["ctx"]["tag"]
            allowed = error["ctx"]["expected_tags"].replace("'", "").split(", ")
            return f"{key}: unknown {error['ctx']['discriminator']} {tag!r}; {nearest(tag, allowed)}"
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            return f"{key}: unknown value {given!r}; {nearest(str(given), allowed)}"
    return _joined(key, f"{_requirement(error['msg'])}; got {given!r}")


def _joined(key: str, message: str) -> str:
    """Return a message after its key, which is the subject of a message that begins with "must"."""
    return f"{key} {message}" if message.startswith("must ") else f"{key}: {message}"


def _requirement(message: str) -> str:
    """Return the requirement in a pydantic message: ``must be …`` for ``Input should be …``."""
    return re.sub(r"^(Input|String|List|Tuple|Dictionary) should", "must", message[0].lower() + message[1:], flags=re.I)


def _keys(location: tuple) -> list[str]:
    """Return the keys of the location of a pydantic error, without the tag of a discriminated union."""
    path = [str(part) for part in location]
    depth = {"experiments": 2, "figures": 3, "tables": 3, "problems": 2}.get(path[0]) if path else None
    return path if depth is None else path[:depth] + path[depth + 1 :]


def allowed_keys(model: type[BaseModel], location: Sequence[str | int]) -> set[str]:
    """Return the keys that a model allows at a location of a pydantic error, below the model."""
    schema = model.model_json_schema()
    nodes = [schema]
    for part in location:
        nodes = [child for node in nodes for child in _children(node, part, schema)]
    return {name for node in nodes for option in _options(node, schema) for name in option.get("properties", {})}


def _options(node: dict, schema: dict) -> list[dict]:
    """Return the schemas without references and unions that a schema stands for."""
    if "$ref" in node:
        return _options(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    union = node.get("anyOf", node.get("oneOf"))
    return [node] if union is None else [option for member in union for option in _options(member, schema)]


def _children(node: dict, part: str | int, schema: dict) -> list[dict]:
    """Return the schemas of a key, of an element of a list, or of the member of a union with a tag."""
    options = _options(node, schema)
    tagged = [o for o in options if any(value.get("const") == part for value in o.get("properties", {}).values())]
    if tagged:
        return tagged
    elements = ("items", "additionalProperties") if isinstance(part, int) else ("additionalProperties",)
    found = [o["properties"][part] for o in options if part in o.get("properties", {})]
    found += [o[key] for o in options for key in elements if isinstance(o.get(key), dict)]
    return found + [value for o in options for value in o.get("patternProperties", {}).values()]
