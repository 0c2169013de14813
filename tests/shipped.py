"""The config that the project ships, read and validated once per process."""

import functools
from pathlib import Path

from project import ROOT
from reproduction.config import loading
from reproduction.config.config import Config
from reproduction.runtime import schedule


@functools.cache
def config(tier: str = "draft") -> Config:
    """Return the validated config of a tier; a test that changes it changes a copy."""
    return loading.read(ROOT / Path(path) for path in schedule.TIERS[tier])
