"""Recipes of CONTRIBUTING.md: complete, short, and valid."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

import shipped
from reproduction.config import loading, yaml_files

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
CONFIGURED = ("Add an activation", "Add a problem", "Add a figure", "Add a claim")
RECIPES = dict(re.findall(r"^## (Add an? .+?)\n(.*?)(?=^## )", TEXT, re.S | re.M))


def test_there_is_a_recipe_for_each_kind_of_addition():
    coded = {"Add an equation", "Add a task", "Add a figure family", "Add a table family", "Add a quantity"}
    assert set(RECIPES) == {*CONFIGURED, *coded}  # recipes with code: tests/workflow/test_recipes.py


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_recipe_has_fewer_than_15_lines_and_is_a_valid_config(name):
    (block,) = re.findall(r"```yaml\n(.*?)```", RECIPES[name], re.S)
    assert len(block.splitlines()) < 15
    merged: dict = {}
    for path in loading.BASE:
        update_config(merged, yaml_files.read(ROOT / path))
    update_config(merged, yaml.safe_load(block))
    before, after = shipped.config(), loading.load(merged)
    assert after.model_dump() != before.model_dump()


def test_every_named_file_exists_or_is_added():
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|yaml|md))`", TEXT))
    missing = {name for name in named if not (ROOT / name).is_file() and not name.startswith("results/")}
    assert {Path(name).stem for name in missing} <= {"advection", "inactive_units"}
    assert len(named) > 8
