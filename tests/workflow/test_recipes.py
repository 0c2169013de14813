"""Recipes of CONTRIBUTING.md that add code, applied to a copy of the project, which then runs the additions."""

import re
from pathlib import Path

import pytest

from conftest import ROOT
from reproduction.storage import store

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
RECIPES = dict(re.findall(r"^## (Add an? .+?)\n(.*?)(?=^## )", TEXT, re.S | re.M))
NAMED = re.compile(r"`(scripts/[a-z_/]+\.py)`")

OVERLAY = """
tier: recipes
results: results/recipes
problems: {pulse: {equation: advection, speed: 0.5}}
experiments:
  inactive: {document: added, task: inactive_units, networks: 8, width: 16, sweep: {activation: [relu, tanh]}}
  advected: {document: added, task: collocation, problem: pulse, width: 6, hidden_layers: 1, epochs: 5, seeds: 2}
figures: {added: {fig1: {family: inactive_units, data: ["inactive/*"]}}}
tables: {added: {table1: {family: inactive_units, data: ["inactive/*"]}}}
claims:
  added:
    c1:
      statement: Half of the units of ReLU are inactive.
      source: ours
      figure: added/fig1
      parts: [{what: share in the last layer, measure: last_share, of: inactive/relu, statistic: median, above: 0.2}]
"""
TARGETS = [
    "results/recipes/figures/added/fig1.pdf",
    "results/recipes/tables/added/table1.csv",
    "results/recipes/claims/added.parquet",
    "results/recipes/added/advected/default/fields.nc",
]


def blocks(recipe: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", RECIPES[recipe], re.S)


def new_modules(recipe: str) -> list[str]:
    """Return the modules that a recipe names and that do not exist yet, in order."""
    return [name for name in dict.fromkeys(NAMED.findall(RECIPES[recipe])) if not (ROOT / name).exists()]


def follow(recipe: str, folder: Path) -> set[str]:
    """Apply a recipe to a project; return the files that it changes.

    A block that begins with a docstring is the next new module; other blocks are appended to the models of their kind.
    """
    touched, modules = set(), iter(new_modules(recipe))
    for block in blocks(recipe):
        if block.startswith('"""'):
            name = next(modules)
            (folder / name).write_text(block)
        else:
            (name,) = {name for name in NAMED.findall(RECIPES[recipe]) if (ROOT / name).exists()} & {
                f"scripts/reproduction/config/exhibits/{kind}.py" for kind in ("figures", "tables")
            }
            text = (folder / name).read_text()
            head, tail = text.rsplit("\n\n\n", 1)
            (folder / name).write_text(f"{head}\n\n\n{block}\n\n{tail}")
        touched.add(name)
    return touched


CODED = ["Add an equation", "Add a task", "Add a figure family", "Add a table family", "Add a quantity"]


@pytest.fixture(scope="module")
def added(fresh):
    """Project with all additions, and the files that each recipe changed."""
    project = fresh()
    touched = {recipe: follow(recipe, project.folder) for recipe in CODED}
    task = "scripts/reproduction/config/tasks/collocation.py"
    project.edit(
        task, '("poisson", "burgers", "buckley_leverett")', '("poisson", "burgers", "buckley_leverett", "advection")'
    )
    touched["Add an equation"].add(task)
    (project.folder / "added.yaml").write_text(OVERLAY)
    project.run(*TARGETS, "--configfile", "added.yaml")
    return project, touched


def test_a_recipe_changes_at_most_three_files_besides_its_test(added):
    _, touched = added
    assert {recipe: len(files) for recipe, files in touched.items() if len(files) > 3} == {}
    assert all(touched.values())


def test_the_added_task_computes_correct_results(added):
    project, _ = added
    share = store.read_arrays(project.folder / "results/recipes/added/inactive/relu/inactive_units.nc").share
    assert share.dims == ("network", "layer")
    assert 0.3 < float(share.mean()) < 0.7
    other = store.read_arrays(project.folder / "results/recipes/added/inactive/tanh/inactive_units.nc").share
    assert float(other.max()) == 0


def test_the_added_families_show_the_task_and_the_added_quantity_decides_a_claim(added):
    project, _ = added
    plotted = store.read_table(project.folder / "results/recipes/figures/added/fig1.parquet")
    assert set(plotted.series) == {"inactive/relu", "inactive/tanh"}
    table = store.read_table(project.folder / "results/recipes/tables/added/table1.parquet")
    assert table.activation.tolist() == ["relu", "tanh"]
    decided = store.read_table(project.folder / "results/recipes/claims/added.parquet")
    assert (decided.measure.tolist(), decided.n.tolist()) == (["last_share"], [8])


def test_a_network_is_trained_on_the_added_equation(added):
    project, _ = added
    fields = store.read_arrays(project.folder / "results/recipes/added/advected/default/fields.nc")
    assert fields.field.dims == ("seed", "x", "t")
    assert (fields.relative_l2 > 0).all()
