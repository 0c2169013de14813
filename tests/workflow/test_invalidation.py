"""Jobs that a change reruns, by dry run: the affected jobs, their descendants, and no others."""

import pytest

from conftest import SMOKE
from reproduction.config import loading


def concerned(plan: dict) -> set[tuple[str, str]]:
    """Return the jobs that rerun for a reason of their own, not because one of their inputs will change."""
    return {job for job, reason in plan.items() if "changed since last execution" in reason}


def rules(jobs) -> set[str]:
    return {rule for rule, _ in jobs}


MEANING = "\nNEW_CONSTANT = 1\n"


TRAINING = {"train", "gradient_errors", "hessian", "landscape", "box_landscape"}
ALONE = {"single_neuron", "kernel_ensemble", "train_shard", "train_seeds"}
SHOWING = {"figure", "table"}
DECIDING = "claims_of_document"
CLAIMS = {DECIDING, "claims_page"}
LATER = {"latents", "audit", *CLAIMS}


@pytest.mark.parametrize(
    ("module", "first", "after"),
    [
        ("rectified/ritz/quadrature.py", {"train", "gradient_errors"}, TRAINING | SHOWING | {"audit", *CLAIMS}),
        (
            "rectified/formulas/torch_functions.py",
            {"train", "gradient_errors", *ALONE},
            TRAINING | SHOWING | ALONE | LATER,
        ),
        (
            "rectified/effective_theory/kernel_recursion.py",
            {"theory", "train", "figure"},
            {"theory", "train", "audit", *SHOWING, *CLAIMS},
        ),
        ("rectified/problems/burgers.py", {"reference", "train"}, {"train", "train_seeds", "reference", *SHOWING}),
        ("rectified/networks/convolution.py", {"train"}, {"train", *SHOWING, *LATER}),
        ("rectified/effective_theory/kernel_sampling.py", {"kernel_ensemble"}, {"kernel_ensemble", "figure", *CLAIMS}),
        (
            "rectified/effective_theory/polynomial_representation.py",
            {"polynomial_representation"},
            {"polynomial_representation", "figure", *CLAIMS},
        ),
        (
            "rectified/ritz/loss_landscape.py",
            {"hessian", "box_landscape"},
            {"hessian", "landscape", "box_landscape", "figure", *CLAIMS},
        ),
        ("rectified/audit/singularity/singularities.py", {"audit"}, {"audit", *SHOWING, *CLAIMS}),
        ("reproduction/jobs/regression.py", {"train"}, {"train", "audit", *CLAIMS, *SHOWING}),
        ("reproduction/jobs/gradient_errors.py", {"gradient_errors"}, {"gradient_errors", "table", *CLAIMS}),
        ("reproduction/jobs/latents.py", {"latents"}, {"latents", *SHOWING, *CLAIMS}),
        ("reproduction/jobs/single_neuron.py", {"single_neuron"}, {"single_neuron", "figure", *CLAIMS}),
        ("reproduction/config/exhibits/figures.py", set(), set()),
        ("reproduction/claims/decide.py", {DECIDING}, CLAIMS),
        ("reproduction/exhibits/quantities/single_neuron.py", {DECIDING}, CLAIMS),
        ("reproduction/exhibits/style.py", {"figure"}, {"figure"}),
        ("reproduction/exhibits/tables/table_page.py", {"table"}, {"table"}),
        ("reproduction/storage/results.py", {*SHOWING, DECIDING}, {*SHOWING, *CLAIMS}),
    ],
)
def test_a_changed_module_reruns_the_rules_that_import_it_and_their_descendants(edited, module, first, after):
    edited.append(f"scripts/{module}", MEANING)
    plan = edited.planned("all", *SMOKE)
    assert rules(concerned(plan)) == first
    assert rules(plan) - {"all"} == after


def test_a_changed_introduction_reruns_the_report_and_a_changed_caption_the_captions_as_well(edited):
    edited.append("workflow/report/deep_ritz.rst", "\nMore.\n")
    assert rules(edited.planned("all", "report", *SMOKE)) - {"all"} == {"report"}
    edited.append("workflow/report/deep_ritz/fig3.rst", "\nMore.\n")
    assert rules(edited.planned("all", "report", *SMOKE)) - {"all"} == {"captions", "report"}


def tasks_of(plan) -> set[str]:
    """Return the tasks of the cases whose jobs rerun for a reason of their own."""
    config = smoke()
    cases = [name.split("/")[:2] for rule, name in concerned(plan) if rule not in {*SHOWING, *CLAIMS, "reference"}]
    return {config.cases[experiment][case].task for experiment, case in cases}


def test_a_new_setting_of_a_task_reruns_only_the_cases_of_this_task(edited):
    edited.edit(
        "scripts/reproduction/config/tasks/pinn.py",
        "    compile: bool = False\n",
        '    dropout: NonNegative = 0.0\n    """Share of neurons left out."""\n    compile: bool = False\n',
    )
    edited.edit(
        "scripts/reproduction/config/tasks/pinn.py",
        "import Count, Name, Positive",
        "import Count, Name, NonNegative, Positive",
    )
    plan = edited.planned("all", *SMOKE)
    assert tasks_of(plan) <= {"pinn", "audit"}
    config = smoke()
    trained = [case for case in config.all_cases if config.settings_of(case).task == "pinn"]
    computed = [case for case in trained if (edited.folder / "results/smoke" / "/".join(case)).exists()]
    assert computed
    again = {"/".join(name.split("/")[:2]) for rule, name in concerned(plan) if rule in ("train", "train_seeds")}
    assert again == {f"{case.experiment}/{case.case}" for case in computed if case.document != "scorecards"}


def smoke():
    return loading.read(["workflow/tiers/smoke.yaml"])


def test_a_new_activation_in_the_registry_reruns_nothing(edited):
    edited.edit(
        "scripts/rectified/formulas/activations.py",
        '    "sin": "sin(x)",\n',
        '    "sin": "sin(x)",\n    "softplus_squared": "softplus(x)**2",\n',
    )
    assert "Nothing to be done" in edited.run("all", *SMOKE, "-n")


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("reproduction/config/tasks/ritz.py", '"""Optimizer steps."""', '"""Steps of the optimizer."""'),
        ("reproduction/config/ritz_network.py", '"""Neurons per hidden layer."""', '"""Width of a hidden layer."""'),
        ("reproduction/config/tasks/ritz.py", '"M = {}"', '"{} grid points"'),
        ("reproduction/config/words.py", '"lbfgs": "L-BFGS"', '"lbfgs": "limited-memory BFGS"'),
    ],
)
def test_reworded_settings_rerun_no_case(edited, module, old, new):
    edited.edit(f"scripts/{module}", old, new)
    assert rules(edited.planned("all", *SMOKE)) <= {*SHOWING, *CLAIMS, "all"}
    if not module.endswith("words.py"):
        assert "Nothing to be done" in edited.run("all", *SMOKE, "-n")


def test_a_new_document_does_not_rerun_the_others(edited):
    edited.edit(
        "config.yaml",
        "\nexperiments:\n",
        "\nexperiments:\n  fourth: {document: fourth, task: single_neuron, activation: tanh}\n",
    )
    edited.edit(
        "config.yaml",
        "\nfigures:\n",
        "\nfigures:\n  fourth: {fig1: {family: single_neuron, data: [fourth/default]}}\n",
    )
    plan = edited.planned("all", *SMOKE)
    assert set(plan) - {("all", "")} == {("single_neuron", "fourth/default"), ("figure", "fig1")}


def test_a_changed_figure_family_redraws_only_its_figures(edited):
    edited.append("scripts/reproduction/exhibits/figures/landscape.py", MEANING)
    plan = edited.planned("all", *SMOKE)
    assert set(plan) - {("all", "")} == {("figure", "fig7"), ("figure", "fig8"), ("figure", "ext2")}


def test_comments_docstrings_and_modification_times_rerun_nothing(edited):
    for module in (
        "rectified/ritz/quadrature.py",
        "reproduction/exhibits/style.py",
        "reproduction/exhibits/tables/table_page.py",
    ):
        edited.append(f"scripts/{module}", "\n\n# A comment.\n")
    edited.edit("scripts/rectified/ritz/energy.py", '"""Deep Ritz energy,', '"""Energy of Deep Ritz,')
    assert "Nothing to be done" in edited.run("all", *SMOKE, "-n")


def test_a_changed_experiment_reruns_only_its_cases(edited):
    edited.edit("workflow/tiers/smoke.yaml", "drift: {epochs: 100,", "drift: {epochs: 101,")
    plan = edited.planned("all", *SMOKE)
    assert concerned(plan) == {("train", "drift/autodiff"), ("train", "drift/kink_aware")}
    after = set(plan) - concerned(plan)
    assert {job for job in after if job[0] not in CLAIMS} == {("figure", "fig5"), ("all", "")}
    assert rules(after) >= CLAIMS


def test_a_changed_problem_reruns_only_the_cases_that_solve_it(edited):
    edited.edit("config.yaml", 'k4: {solution: "sin(4*pi*x)"}', 'k4: {solution: "sin(3*pi*x)"}')
    own = concerned(edited.planned("all", *SMOKE))
    assert own
    assert {case.split("-")[-1].split("/")[-1] for _, case in own} == {"k4"}


def test_a_changed_figure_entry_redraws_only_that_figure(edited):
    edited.edit("config.yaml", "data: [ritz/relu2-k2, ritz/tanh-k2]}", "data: [ritz/tanh-k2, ritz/relu2-k2]}")
    plan = edited.planned("all", *SMOKE)
    assert rules(plan) == {"figure", "all"}
    assert ("figure", "fig4") in plan
    assert len(plan) == 2


def test_a_changed_checkpoint_interval_reruns_nothing(edited):
    edited.edit("config.yaml", "checkpoint_seconds: 60", "checkpoint_seconds: 30")
    assert "Nothing to be done" in edited.run("all", *SMOKE, "-n")
