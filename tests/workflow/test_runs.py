"""The smoke tier from end to end: complete, repeatable to the byte, and robust."""

import json

import pandas as pd
import pytest

from conftest import SMOKE
from rectified import spec, store

FIGURES = [*(f"fig{n}" for n in range(1, 9)), "ext1", "ext2", "ext3"]


def test_leaves_every_figure_and_table(finished):
    data = finished.data()
    for name in FIGURES:
        assert data[f"figures/deep_ritz/{name}.pdf"].startswith(b"%PDF")
        assert data[f"figures/deep_ritz/{name}.png"].startswith(b"\x89PNG")
        assert len(pd.read_parquet(finished.folder / f"results/smoke/figures/deep_ritz/{name}.parquet")) > 0
    for name in ("table1", "table2"):
        assert data[f"tables/deep_ritz/{name}.csv"].count(b"\n") > 3
        assert b"toprule" in data[f"tables/deep_ritz/{name}.tex"]


def test_a_second_run_does_nothing(finished):
    assert "Nothing to be done" in finished.run("all", *SMOKE)


def test_one_core_gives_the_same_bytes_as_two(finished, fresh):
    project = fresh()
    project.run("all", *SMOKE, cores=1)
    one, two = project.data(), finished.data()
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_results_know_where_they_come_from(finished):
    fields = store.read_arrays(finished.folder / "results/smoke/deep_ritz/ritz/relu-k2/fields.nc")
    job = spec.Job.model_validate_json(fields.attrs["spec"])
    assert job.tier == "smoke"
    assert job.problem.solution == "sin(2*pi*x)"
    assert job.formula == "relu(x)"
    assert any(line.startswith("rectified/quadrature.py ") for line in json.loads(fields.attrs["code"]))
    assert json.loads(fields.attrs["versions"])["torch"].startswith("2.13.0")


def test_a_figure_alone_builds_only_what_it_needs(fresh):
    plan = fresh().planned("results/figures/deep_ritz/fig3.pdf")
    assert set(plan) == {("feature", "feature/default"), ("figure", "fig3")}


def test_killed_run_goes_on_to_the_same_bytes(fresh):
    target = "results/smoke/deep_ritz/ritz/relu-k2/weights.safetensors"
    slow = ("--config", "checkpoint_seconds=1")
    victim, whole = fresh(), fresh()
    for project in (victim, whole):
        project.edit("workflow/tiers/smoke.yaml", "epochs: 200, seeds", "epochs: 20000, seeds")
    state = victim.folder / "results/smoke/.checkpoints/deep_ritz/ritz/relu-k2.safetensors"
    victim.kill_when(state, target, *SMOKE, *slow)
    assert not (victim.folder / target).exists()
    victim.run("--unlock", target, *SMOKE, *slow)
    victim.run(target, *SMOKE, "--rerun-incomplete", *slow)
    log = (victim.folder / "results/smoke/deep_ritz/ritz/relu-k2/train.log").read_text()
    assert "resuming at epoch" in log
    assert not state.exists()
    whole.run(target, *SMOKE, *slow)
    assert victim.data() == whole.data()


CUSTOM = """
custom_activations:
  mish: "x*tanh(log(1 + exp(x)))"
  hat: "max(0, 1 - abs(x))"
experiments:
  custom:
    document: deep_ritz
    task: ritz
    problem: k2
    cases:
      mish: {activation: mish}
      hat: {activation: hat, gradient: kink_aware}
  custom_gradients:
    document: deep_ritz
    task: gradient_errors
    grids: [100]
    steps: [1e-2]
    sweep: {activation: [mish, hat]}
  custom_landscape:
    document: deep_ritz
    task: landscape
    planes: [[1, 2], [3, 9]]
    width: 10
    cases:
      mish: {activation: mish, start: custom/mish}
      hat: {activation: hat, start: custom/hat, quadrature: kink_aware}
figures:
  custom:
    fields: {family: training, data: ["custom/*"]}
    mish_landscape: {family: landscape, data: [custom_landscape/mish]}
    hat_landscape: {family: landscape, data: [custom_landscape/hat]}
tables:
  custom:
    gradients: {family: gradients, data: ["custom_gradients/*"]}
"""


def test_a_custom_activation_goes_through_everything(fresh):
    project = fresh()
    (project.folder / "custom.yaml").write_text(CUSTOM)
    stem = "results/smoke"
    targets = [f"{stem}/figures/custom/{name}.pdf" for name in ("fields", "mish_landscape", "hat_landscape")]
    project.run(f"{stem}/tables/custom/gradients.csv", *targets, *SMOKE, "custom.yaml")
    table = pd.read_csv(project.folder / f"{stem}/tables/custom/gradients.csv").set_index(
        ["activation", "rule", "block"]
    )
    error = table.relative_error_median
    assert error["mish", "autodiff", "b"] < 1e-2
    assert error["hat", "kink_aware", "b"] < 1e-8
    assert error["hat", "autodiff", "b"] > 1e-3


@pytest.mark.parametrize(
    ("target", "overlay", "message"),
    [
        (
            "results/figures/deep_ritz/fig33.pdf",
            "{}",
            "unknown figure 'results/figures/deep_ritz/fig33.pdf'; did",
        ),
        (
            "results/tables/deep_ritz/tabel1.csv",
            "{}",
            "unknown table 'results/tables/deep_ritz/tabel1.csv'; did",
        ),
        (
            "all",
            "{experiments: {ritz: {widht: 3}}}",
            "experiments.ritz.widht: unknown key 'widht'; did you",
        ),
        ("all", "{experiments: {fit: {activation: rleu}}}", "unknown activation 'rleu'; did you mean 'relu'"),
        ("all", "{experiments: {fit: {width: -3}}}", "experiments.fit.width: -3 given; input should be greater than 0"),
        ("all", "{problems: {k2: {solution: cos(x)}}}", "problems.k2: solution 'cos(x)' is 1 at x = 0"),
        ("all", "{problems: {k2: {solution: sin(y)}}}", "unknown symbol 'y'"),
        ("all", "{problems: {k2: {solution: x.real}}}", "Attribute is not allowed"),
        ("results/deep_ritz/ritz/rule-k2/weights.safetensors", "{}", "unknown case of ritz 'rule-k2'; did you mean"),
    ],
)
def test_mistakes_stop_before_any_job(fresh_once, target, overlay, message):
    (fresh_once.folder / "overlay.yaml").write_text(overlay)
    output = fresh_once.run(target, "--configfile", "overlay.yaml", ok=False)
    assert message in output
    assert "Finished jobid" not in output
    assert not (fresh_once.folder / "results/deep_ritz").exists()


@pytest.fixture(scope="module")
def fresh_once(fresh):
    return fresh()
