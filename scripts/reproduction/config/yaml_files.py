"""Config files in YAML, without the spellings that YAML 1.1 reads in silence as something else.

YAML keeps the last of two equal keys of a mapping, reads 010 as 8 and 1:30 as 90. Snakemake reads config files before
this code runs; ``check`` reads them again.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from reproduction.config.errors import ConfigError

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both build the same trees
NULL, INT, FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("null", "int", "float"))
OCTAL = r"[-+]?0[0-9_]+"
SEXAGESIMAL = r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"


def read(path: str | Path) -> dict[Any, Any]:
    """Return the content of a config file; empty for an empty file.

    Raises:
        ConfigError: as ``check``.
    """
    node = _checked(path)
    return {} if node is None else Loader("").construct_document(node)


def check(paths: Iterable[str | Path]) -> None:
    """Check config files.

    Raises:
        ConfigError: if a file cannot be read, is no YAML mapping, has a key twice in one mapping, or has an octal or
            sexagesimal integer; the message names the file and the lines.
    """
    for path in paths:
        _checked(path)


def _checked(path: str | Path) -> yaml.MappingNode | None:
    """Return the syntax tree of a checked config file; None for an empty file."""
    node = _composed(path)
    if node is None or node.tag == NULL:
        return None
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"config file {path} must be a mapping of keys to values; got {node.tag.split(':')[-1]}")
    for problem in _problems(node, "", set()):
        raise ConfigError(f"{path}: {problem}")
    return node


def _composed(path: str | Path) -> yaml.Node | None:
    """Return the syntax tree of a config file; None for an empty file."""
    try:
        return yaml.compose(Path(path).read_text(encoding="utf-8"), Loader)
    except OSError as error:
        raise ConfigError(f"config file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"config file {path} must be encoded as UTF-8") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"config file {path} is not valid YAML: {' '.join(str(error).split())}") from None


def _problems(node: yaml.Node, key: str, seen: set[int]) -> Iterator[str]:
    """Yield the problems of a syntax tree, each as a sentence.

    Args:
        key: of the node, with the keys above it, separated by dots.
        seen: nodes that were visited; aliases make them occur again.
    """
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield from _misread(node, key)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _problems(entry, key, seen)
    else:
        lines: dict[tuple[str, str], int] = {}
        for name, value in node.value:
            where = f"{key}.{name.value}" if key else str(name.value)
            given, line = (name.tag, str(name.value)), name.start_mark.line + 1
            if given in lines:
                yield f"the key {where} is given twice, on lines {lines[given]} and {line}; keep one"
            lines[given] = line
            yield from _problems(value, where, seen)


def _misread(node: yaml.ScalarNode, key: str) -> Iterator[str]:
    """Yield a sentence for a plain number in base 8 or 60."""
    line = node.start_mark.line + 1
    number = node.tag in (INT, FLOAT)
    if number and re.fullmatch(OCTAL, node.value):
        yield f"{key}: {node.value} on line {line} is read as an octal number; write it without leading zeros"
    elif number and re.fullmatch(SEXAGESIMAL, node.value):
        yield f"{key}: {node.value} on line {line} is read as a number of base 60; write it in base 10 or in quotes"
