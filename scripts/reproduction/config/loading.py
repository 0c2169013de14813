"""The config of a tier outside of Snakemake, for commands that a person types."""

from collections.abc import Iterable
from pathlib import Path

import yaml
from snakemake.utils import update_config

from reproduction.config import config
from reproduction.config.config import Config

BASE = ("config.yaml", "workflow/claims.yaml")


def read(overlays: Iterable[str | Path] = ()) -> Config:
    """The validated config with overlays merged in, in their order, as Snakemake merges ``--configfile``.

    Raises:
        ConfigError: if it is not usable.
    """
    merged: dict = {}
    for path in (*BASE, *overlays):
        update_config(merged, yaml.safe_load(Path(path).read_text()) or {})
    return config.load(merged)
