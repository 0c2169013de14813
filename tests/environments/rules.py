"""Kinds of jobs of the workflow: rule, env file, entry script, and the modules that the script imports by name."""

import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from reproduction.config import problems, tasks

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = {path.name for path in (ROOT / "scripts").glob("*.py")}
RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)
VARIANT = re.compile(r"reproduction/(?:jobs|exhibits/figures|exhibits/tables)/(?!__init__|\w+_page)(\w+)\.py")


class Kind(NamedTuple):
    """Env file of a kind of job, its entry script, and the modules that the script imports by name."""

    env: str | None
    script: str
    modules: tuple[str, ...] = ()


def kinds() -> dict[tuple[str, str], Kind]:
    """Map rule and variant (the task of a training, the family of a figure or table, or empty) to the kind."""
    found = {}
    for rule, env, script in _written_rules():
        for variant, modules in _variants(rule).items():
            found[rule, variant] = Kind(env, script, modules)
    for name, model in tasks.models().items():
        for rule in model.rules:
            found[rule.name, name] = Kind(f"{rule.environment}.yaml", "compute.py", (f"reproduction.jobs.{name}",))
    return {key: kind._replace(modules=(*kind.modules, *_models(*key))) for key, kind in found.items()}


def _written_rules() -> list[tuple[str, str | None, str]]:
    """Return name, env file and script of the rules in workflow/rules that run a script."""
    found = []
    for file in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for rule, body in RULE.findall(file.read_text()):
            script = re.search(r'script:\s+"../../scripts/(.+)"', body)
            env = re.search(r'conda:\s+f"{ENVIRONMENTS}/(.+)"', body)
            if script:
                found.append((rule, env and env[1], script[1]))
    return found


def _variants(rule: str) -> dict[str, tuple[str, ...]]:
    match rule:
        case "train":
            trained = [name for name, model in tasks.models().items() if model.is_trained]
            return {name: (f"reproduction.jobs.{name}",) for name in trained if name != "ensemble_training"}
        case "train_seeds":
            return {"pinn": ("reproduction.jobs.pinn",)}
        case "train_shard":
            return {"ensemble_training": ("reproduction.jobs.ensemble_training",)}
        case "figure" | "table":
            package = f"reproduction.exhibits.{rule}s"
            names = [name for name in _modules(package) if not name.endswith("_page")]
            return {name: (f"{package}.{name}",) for name in names}
        case "claims_of_document":
            return {
                "": tuple(f"reproduction.exhibits.quantities.{n}" for n in _modules("reproduction.exhibits.quantities"))
            }
    return {"": ()}


def _modules(package: str) -> list[str]:
    return [module.name for module in pkgutil.iter_modules(import_module(package).__path__)]


def _models(rule: str, variant: str) -> list[str]:
    """Return the model modules of a kind of job: those of its own task, or all if it reads results of any task."""
    names = [variant] if variant in tasks.names() and rule not in ("figure", "table") else tasks.names()
    models = [f"reproduction.config.tasks.{name}" for name in names]
    return [*models, *(f"reproduction.config.problems.{name}" for name in problems.names())]


def variant_of(rule: str, code: str) -> str:
    """Return the variant of a finished job from the code recorded in its result."""
    if (rule, "") in kinds():
        return ""
    (variant,) = set(VARIANT.findall(code)) or {""}
    return variant
