"""Reading and validation of a config, and its JSON schema."""

import json
from collections.abc import Iterable
from pathlib import Path

from rectified.errors import InvalidInputError
from reproduction.config import yaml_files
from reproduction.config.checks import machine
from reproduction.config.config import Config
from reproduction.config.error_messages import validated
from reproduction.config.errors import ConfigError, one_line

BASE = ("config.yaml", "workflow/claims.yaml")


def load(raw: dict, checked: bool = False) -> Config:
    """Return a validated config.

    Args:
        raw: the config as read from YAML.
        checked: the config is known to pass the checks that depend on nothing else, of formulas, references and
            combinations; skip them.

    Raises:
        ConfigError: in one sentence: the key, what is allowed, and the value given.
    """
    try:
        config = validated(Config, raw, "")
        if not checked:
            from reproduction.config.checks import consistency  # deferred: this import takes half a second

            consistency.check(config)
        machine.check(config)
    except (ConfigError, InvalidInputError) as error:
        raise ConfigError(one_line(str(error))) from None
    return config


def read(overlays: Iterable[str | Path] = ()) -> Config:
    """Return the validated config.yaml with the claims, and overlays merged as Snakemake merges ``--configfile``.

    Raises:
        ConfigError: if a file or the result is invalid.
    """
    from snakemake.utils import update_config  # deferred: this import takes a second

    merged: dict = {}
    for path in (*BASE, *overlays):
        update_config(merged, yaml_files.read(path))
    return load(merged)


def schema() -> str:
    """Return the JSON schema of config.yaml, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
