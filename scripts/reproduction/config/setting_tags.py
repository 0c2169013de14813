"""Tags of settings in config files: given by the source, inferred from it, or chosen.

A tag is in the comment at the end of a line: ``width: 32 # [given]``. It holds for all settings of the line; a tag
after the name of one of them, as in ``# [given], points [chosen]``, for this one.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

TAG = re.compile(r"(?:(\w+) )?\[(given|inferred|chosen)\]")
COMMENT = re.compile(r"\s#\s?(.*)$")


def tags(files: Iterable[str | Path]) -> dict[str, str]:
    """Return the tag of every tagged setting in config files, by its path in config: ``defaults/ritz/width``.

    Args:
        files: layered, the first one first. A value of a later file has the tag of that file, or none.
    """
    found: dict[str, str] = {}
    for file in files:
        text = Path(file).read_text(encoding="utf-8")
        comments = [COMMENT.search(line) for line in text.splitlines()]
        lines: dict[int, list[str]] = {}
        for path, line in _settings(yaml.compose(text, yaml.SafeLoader), ""):
            found.pop(path, None)
            lines.setdefault(line, []).append(path)
        for line, paths in lines.items():
            if comments[line]:
                found |= _tagged(comments[line][1], paths)
    return found


def _settings(node: yaml.Node | None, path: str) -> Iterator[tuple[str, int]]:
    """Yield the path and the line of every key in a syntax tree whose value is no mapping."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{path}/{key.value}" if path else str(key.value)
        if isinstance(value, yaml.MappingNode):
            yield from _settings(value, name)
        else:
            yield name, key.start_mark.line


def _tagged(comment: str, paths: list[str]) -> dict[str, str]:
    """Return the tags that a comment gives to the settings of its line."""
    matches = list(TAG.finditer(comment))
    if not matches:
        return {}
    own = {path: match[2] for path in paths for match in matches if path.rpartition("/")[2] == match[1]}
    general = matches[0][2] if comment.startswith("[") else None
    if not own and general is None:  # a sentence about one setting: the last tag is that of its value
        general = matches[-1][2]
    return (dict.fromkeys(paths, general) if general else {}) | own
