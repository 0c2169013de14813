"""Origin of settings in one sentence: given by the source, inferred from it, or chosen, from the tags of config files.

Settings without a tag, see ``reproduction.config.setting_tags``, are chosen.
"""

from collections.abc import Mapping, Sequence

from reproduction.config.config import Config
from reproduction.config.experiments import Case

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
