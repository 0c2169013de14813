"""Origin of settings in one sentence: given by the source, inferred from it, or chosen, from the tags of config files.

A tag is in the comment at the end of a line: ``width: 32 # [given]``. It holds for all settings of the line; a tag
after the name of one of them, as in ``# [given], points [chosen]``, for this one. Settings without a tag are chosen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from reproduction.config.config import Config
from reproduction.config.experiments import Case

TAG = re.compile(r"(?:(\w+) )?\[(given|inferred|chosen)\]")
COMMENT = re.compile(r"\s#\s?(.*)$")
CHOSEN = "chosen"
PHRASES = {"given": "Given by the source", "inferred": "Inferred", CHOSEN: "Chosen"}
# Settings whose names say little; those that only describe or organize a job are left out.
WORDS = {
    "weight_variance": "C_W",
    "weight_variances": "C_W",
    "first_weight_variance": "C_W of the first layer",
    "bias_variance": "C_b",
    "data": "random inputs",
    "step": "ε",
    "grids": "numbers of grid points",
    "steps": "ε",
}
LEFT_OUT = {"document", "task", "record_every", "shard", "start", "of"}
COMPARED = {"activation"}  # what experiments compare; mentioned if it has a tag
DEFINITIONS = {"problem": "problems", "target": "targets"}


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


def origins(config: Config, case: Case, tagged: Mapping[str, str]) -> dict[str, str]:
    """Return the origin of each setting of a case that config gives; those of a problem and a target are of theirs."""
    entry, label = config.experiments[case.experiment], case.case.split("-")[0]
    settings = config.settings_of(case)
    layers = [f"defaults/{settings.task}", f"experiments/{case.experiment}"]
    layers += [f"experiments/{case.experiment}/cases/{label}", f"experiments/{case.experiment}/sweep"]
    models = [getattr(config.defaults, settings.task), entry, entry.cases.get(label)]
    names = [model.model_fields_set if model is not None else set() for model in models] + [set(entry.sweep)]
    found: dict[str, str] = {}
    for layer, given in zip(layers, names):
        for name in sorted(given - LEFT_OUT - {"cases", "sweep"}):
            if name not in COMPARED or f"{layer}/{name}" in tagged:
                found[name] = tagged.get(f"{layer}/{name}", CHOSEN)
    for name, group in DEFINITIONS.items():
        if one := getattr(settings, name, None):
            defined = [tag for path, tag in tagged.items() if path.startswith(f"{group}/{one}/")]
            found[name] = next((tag for tag in (CHOSEN, "inferred", "given") if tag in defined), CHOSEN)
    return found


def sentence(config: Config, cases: Sequence[Case], tagged: Mapping[str, str]) -> str:
    """Return the settings of cases by their origin; empty without tags."""
    if not tagged:
        return ""
    each = [origins(config, case, tagged) for case in cases]
    known: dict[str, set[str]] = {}
    for settings in each:
        for name, tag in settings.items():
            known.setdefault(WORDS.get(name, name.replace("_", " ")), set()).add(tag)
    parts = []
    for tag, phrase in PHRASES.items():
        words = [f"{name}{' in some cases' * (len(found) > 1)}" for name, found in known.items() if tag in found]
        if tag == CHOSEN:
            parts.append(f"{phrase}: {', '.join(words)}{' and ' if words else ''}all other settings.")
        elif words:
            parts.append(f"{phrase}: {', '.join(words)}.")
    return " ".join(parts)
