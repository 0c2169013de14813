"""Scorecard of a custom activation: one line of config, one command, and no unnecessary jobs."""

import pandas as pd
import pytest

from conftest import SMOKE
from rectified.formulas import activations
from reproduction.storage import store

STEM = "results/smoke/scorecards"
REFERENCES = {"relu", "tanh"}


@pytest.fixture(scope="module")
def scored(fresh):
    """Project with mish added in one line of config, and the scorecards of mish and perceptron."""
    project = fresh()
    project.edit("config.yaml", '  # mish: "x*tanh(log(1 + exp(x)))"', '  mish: "x*tanh(log(1 + exp(x)))"')
    project.run(f"{STEM}/mish.pdf", f"{STEM}/perceptron.pdf", *SMOKE)
    return project


def card(project, name):
    found = pd.read_csv(project.folder / f"{STEM}/{name}.csv", keep_default_na=False, na_values=[""])
    return found.set_index(["section", "experiment", "variant", "quantity"]).sort_index()


def test_only_the_references_are_computed_in_addition(scored):
    folders = {path.parent.name for path in (scored.folder / STEM).glob("*/*/*.log")}
    computed = {part for folder in folders for part in folder.split("-")} & {*activations.REGISTRY, "mish"}
    assert computed == {"mish", "perceptron", *REFERENCES}
    beside = {
        path.parent.parent.name for name in REFERENCES for path in (scored.folder / STEM).glob(f"*/*{name}/*.log")
    }
    assert beside == {"scorecard_ritz", "scorecard_square", "scorecard_regression", "scorecard_poisson"}


def test_numbers_of_a_scorecard_match_its_cases(scored):
    found = card(scored, "mish")
    assert (scored.folder / f"{STEM}/mish.pdf").read_bytes().startswith(b"%PDF")
    for variant in ("autodiff", "finite_difference"):
        fields = store.read_arrays(scored.folder / f"{STEM}/scorecard_ritz/{variant}-mish/fields.nc")
        row = found.loc["ritz", "scorecard_ritz", variant, "relative_l2"]
        assert row["median"].item() == pytest.approx(float(fields.relative_l2.median()), rel=1e-5)
        assert row["of"].item() == 3
    assert "kink_aware" not in found.loc["ritz"].index.get_level_values("variant")
    assert found.xs("refused", level="section").text.str.contains("no kinks to follow").all()
    theory = store.read_arrays(scored.folder / f"{STEM}/scorecard_theory/mish/theory.nc")
    classes = found.xs(("criticality", "universality_class"), level=("section", "quantity"))
    assert classes.text.item() == theory.attrs["universality_class"]
    fields = store.read_arrays(scored.folder / f"{STEM}/scorecard_regression/f1-mish/fields.nc")
    assert float(fields.weight_variance) == pytest.approx(float(theory.critical_weight_variance))


def test_a_scorecard_lists_the_refused_cases(scored):
    found = card(scored, "perceptron")
    reasons = found.xs("refused", level="section").text
    assert len(reasons) == 10
    assert reasons.str.contains("jumps: û would have no finite energy").all()
    assert "ritz" not in found.index.get_level_values("section")
    assert "collocation" in found.index.get_level_values("section")


def test_a_second_run_does_nothing(scored):
    assert "Nothing to be done" in scored.run(f"{STEM}/mish.pdf", f"{STEM}/perceptron.pdf", *SMOKE)


def test_an_unknown_scorecard_is_rejected_with_the_nearest_name(scored):
    printed = scored.run(f"{STEM}/mihs.pdf", *SMOKE, ok=False)
    assert (
        "unknown scorecard 'results/smoke/scorecards/mihs.pdf'; did you mean 'results/smoke/scorecards/mish.pdf'"
        in printed
    )


def test_the_scorecards_target_plans_those_of_the_config_and_the_all_target_none(scored):
    plan = scored.planned("scorecards", *SMOKE)  # the pages of perceptron and of the custom activation exist
    assert {rule for rule, _ in plan} == {"scorecard_table", "scorecards"}
    assert not any(rule.startswith("scorecard") for rule, _ in scored.planned("all", *SMOKE))
