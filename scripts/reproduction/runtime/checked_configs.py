"""Memory of the configs that passed all checks: to check formulas, references and combinations takes seconds.

A config is known by its content, the code of the project, and the versions of the packages that evaluate formulas.
"""

import hashlib
import json
from importlib.metadata import version

from reproduction.storage import code_digest, source_files, user_cache

EVALUATING = ("mpmath", "numpy", "pydantic", "scipy", "sympy")


def is_known(raw: dict) -> bool:
    """Return whether a config, as read from YAML, passed all checks in an earlier run."""
    return user_cache.read(_name(raw)) is True


def remember(raw: dict) -> None:
    """Keep in mind that a config passed all checks."""
    user_cache.write(_name(raw), True)


def _name(raw: dict) -> str:
    parts = [json.dumps(raw, default=str), source_files.content(code_digest.ROOT), *map(version, EVALUATING)]
    return f"checked-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"
