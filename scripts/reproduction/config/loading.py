"""Reading and validating a config, and its JSON schema."""

import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from rectified.errors import InvalidInputError
from reproduction.config import consistency_checks
from reproduction.config.config import Config
from reproduction.config.error_messages import validated
from reproduction.config.errors import ConfigError, one_line

BASE = ("config.yaml", "workflow/claims.yaml")


def load(raw: dict, checked: bool = False) -> Config:
    """Validate a whole config.

    Args:
        raw: the config as YAML has it.
        checked: skip the checks of formulas, references and combinations, as the jobs of a run do.

    Raises:
        ConfigError: in one sentence: the key, the value given, and what is allowed.
    """
    try:
        config = validated(Config, raw, "")
        if not checked:
            consistency_checks.check(config)
    except (ConfigError, InvalidInputError) as error:
        raise ConfigError(one_line(str(error))) from None
    return config


def read(overlays: Iterable[str | Path] = ()) -> Config:
    """Read config.yaml and the claims, with overlays merged in as Snakemake merges ``--configfile``.

    Raises:
        ConfigError: if the result is not valid.
    """
    from snakemake.utils import update_config  # importing Snakemake takes a second, which its own processes spend once

    merged: dict = {}
    for path in (*BASE, *overlays):
        update_config(merged, yaml.safe_load(Path(path).read_text()) or {})
    return load(merged)


def schema() -> str:
    """The JSON schema of config.yaml, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
