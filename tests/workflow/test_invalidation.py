"""What a change reruns, by dry run: the jobs that it concerns, their descendants, and no others."""

import pytest

from conftest import SMOKE


def concerned(plan: dict) -> set[tuple[str, str]]:
    """The jobs rerun for a reason of their own, not because an input of theirs will change."""
    return {job for job, reason in plan.items() if "changed since last execution" in reason}


def rules(jobs) -> set[str]:
    return {rule for rule, _ in jobs}


MEANING = "\nNEW_CONSTANT = 1\n"


TRAINING = {"train", "gradients", "hessian", "landscape"}
ALONE = {"feature", "kernel_ensemble", "ensemble"}
SHOWING = {"figure", "table"}
DECIDING = "claims_of_document"
CLAIMS = {DECIDING, "claims_page"}
LATER = {"latents", "audit", *CLAIMS}


@pytest.mark.parametrize(
    ("module", "first", "after"),
    [
        ("rectified/quadrature.py", {"train", "gradients"}, TRAINING | SHOWING | {"audit", *CLAIMS}),
        ("rectified/lowering.py", {"train", "gradients", *ALONE}, TRAINING | SHOWING | ALONE | LATER),
        ("rectified/ensembles.py", {"kernel_ensemble"}, {"kernel_ensemble", "figure", *CLAIMS}),
        (
            "rectified/theory.py",
            {"theory", "train", "figure"},
            {"theory", "train", "audit", *SHOWING, *CLAIMS},
        ),
        ("rectified/lemma.py", {"lemma"}, {"lemma", "figure", *CLAIMS}),
        ("rectified/regression.py", {"train"}, {"train", "audit", *CLAIMS, *SHOWING}),
        ("rectified/problems/burgers.py", {"reference", "train"}, {"train", "reference", *SHOWING, *LATER}),
        ("rectified/landscape.py", {"hessian"}, {"hessian", "landscape", "figure", *CLAIMS}),
        ("rectified/gradient_errors.py", {"gradients"}, {"gradients", "table", *CLAIMS}),
        ("rectified/exhibits.py", set(), set()),
        ("rectified/convolution.py", {"train"}, {"train", *SHOWING, *LATER}),
        ("rectified/singularities.py", {"audit"}, {"audit", *SHOWING, *CLAIMS}),
        ("rectified/latents_job.py", {"latents"}, {"latents", *SHOWING, *CLAIMS}),
        ("rectified/claims.py", {DECIDING}, CLAIMS),
        ("rectified/feature.py", {"feature"}, {"feature", "figure", *CLAIMS}),
        ("rectified/style.py", {"figure"}, {"figure"}),
        ("rectified/tables/page.py", {"table"}, {"table"}),
        ("rectified/results.py", {*SHOWING, DECIDING}, {*SHOWING, *CLAIMS}),
        ("landscape.py", {"landscape"}, {"landscape", "figure", *CLAIMS}),
    ],
)
def test_a_changed_module_reruns_the_rules_that_import_it_and_what_follows(edited, module, first, after):
    edited.append(f"scripts/{module}", MEANING)
    plan = edited.planned("all", *SMOKE)
    assert rules(concerned(plan)) == first
    assert rules(plan) - {"all"} == after


def test_a_changed_figure_family_concerns_its_figures(edited):
    edited.append("scripts/rectified/figures/landscape.py", MEANING)
    plan = edited.planned("all", *SMOKE)
    assert set(plan) - {("all", "")} == {("figure", "fig7"), ("figure", "fig8"), ("figure", "ext2")}


def test_comments_docstrings_and_new_dates_of_modules_rerun_nothing(edited):
    for module in ("rectified/quadrature.py", "rectified/style.py", "rectified/tables/page.py"):
        edited.append(f"scripts/{module}", "\n\n# A comment.\n")
    edited.edit("scripts/rectified/ritz.py", '"""The Deep Ritz objective', '"""Changed words: the Deep Ritz objective')
    assert "Nothing to be done" in edited.run("all", *SMOKE, "-n")


def test_a_changed_experiment_reruns_its_cases_alone(edited):
    edited.edit("workflow/tiers/smoke.yaml", "drift: {epochs: 100,", "drift: {epochs: 101,")
    plan = edited.planned("all", *SMOKE)
    assert concerned(plan) == {("train", "drift/autodiff"), ("train", "drift/kink_aware")}
    after = set(plan) - concerned(plan)
    assert {job for job in after if job[0] not in CLAIMS} == {("figure", "fig5"), ("all", "")}
    assert rules(after) >= CLAIMS


def test_a_changed_problem_reruns_the_cases_that_solve_it(edited):
    edited.edit("config.yaml", 'k4: {solution: "sin(4*pi*x)"}', 'k4: {solution: "sin(3*pi*x)"}')
    own = concerned(edited.planned("all", *SMOKE))
    assert own
    assert {case.split("-")[-1].split("/")[-1] for _, case in own} == {"k4"}


def test_a_changed_figure_entry_redraws_that_figure(edited):
    edited.edit("config.yaml", "data: [ritz/relu2-k2, ritz/tanh-k2]}", "data: [ritz/tanh-k2, ritz/relu2-k2]}")
    plan = edited.planned("all", *SMOKE)
    assert rules(plan) == {"figure", "all"}
    assert ("figure", "fig4") in plan
    assert len(plan) == 2


def test_time_between_checkpoints_is_no_part_of_the_work(edited):
    edited.edit("config.yaml", "checkpoint_seconds: 60", "checkpoint_seconds: 30")
    assert "Nothing to be done" in edited.run("all", *SMOKE, "-n")
