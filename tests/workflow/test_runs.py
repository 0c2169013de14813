"""The smoke tier from end to end: complete, reproducible to the byte, and robust to invalid input."""

import json

import pandas as pd
import pytest
import torch

from builders import EXHIBITS
from conftest import SMOKE
from reproduction.config.job import Job
from reproduction.storage import store


def exhibits(document: str) -> tuple[list[str], list[str]]:
    """Return the names of the figures and of the tables of a document."""
    figures, extensions, tables = EXHIBITS[document]
    names = [f"fig{n}" for n in range(1, figures + 1)] + [f"ext{n}" for n in range(1, extensions + 1)]
    return names, [f"table{n}" for n in range(1, tables + 1)]


@pytest.mark.parametrize("document", EXHIBITS)
def test_a_run_produces_every_figure_and_table(finished, document):
    data = finished.data()
    figures, tables = exhibits(document)
    for name in figures:
        assert data[f"figures/{document}/{name}.pdf"].startswith(b"%PDF")
        assert data[f"figures/{document}/{name}.png"].startswith(b"\x89PNG")
        assert len(pd.read_parquet(finished.folder / f"results/smoke/figures/{document}/{name}.parquet")) > 0
    for name in tables:
        assert data[f"tables/{document}/{name}.csv"].count(b"\n") >= 2
        assert b"toprule" in data[f"tables/{document}/{name}.tex"]
        assert data[f"tables/{document}/{name}.html"].count(b"<tr>") >= 2


def test_a_second_run_does_nothing(finished):
    assert "Nothing to be done" in finished.run("all", *SMOKE)


def test_one_core_gives_the_same_bytes_as_two(finished, fresh):
    """Only a part of the tier with all kinds of jobs; tests/slurm compares the whole tier with a cluster run."""
    project = fresh()
    exhibits = ("deep_ritz/ext2", "effective_theory/fig7", "effective_theory/ext6", "failed_ideas/fig2")
    project.run(*(f"results/smoke/figures/{name}.pdf" for name in exhibits), *SMOKE, cores=1)
    one, two = project.data(), finished.data()
    assert len(one) > 40
    assert [name for name in one if one[name] != two[name]] == []


def test_results_record_their_provenance(finished):
    fields = store.read_arrays(finished.folder / "results/smoke/deep_ritz/ritz/relu-k2/fields.nc")
    job = Job.model_validate_json(fields.attrs["spec"])
    assert job.tier == "smoke"
    assert job.problem.solution == "sin(2*pi*x)"
    assert job.formula == "relu(x)"
    assert any(line.startswith("rectified/ritz/quadrature.py ") for line in json.loads(fields.attrs["code"]))
    assert json.loads(fields.attrs["versions"])["torch"].startswith("2.13.0")


def test_shards_of_seeds_are_merged_in_order(finished):
    """Burgers by Levenberg–Marquardt trains one seed per job in this tier."""
    folder = finished.folder / "results/smoke/effective_theory/burgers_newton_mrepu/default"
    weights, history = (
        store.read_tensors(folder / "weights.safetensors")[0],
        store.read_table(folder / "history.parquet"),
    )
    fields = store.read_arrays(folder / "fields.nc")
    assert fields.seed.to_numpy().tolist() == [0, 1]
    for seed in (0, 1):
        for name, block in store.read_tensors(folder / f"seeds{seed}.weights.safetensors")[0].items():
            assert (weights[name][[seed]] == block).all()
        own = store.read_table(folder / f"seeds{seed}.history.parquet")
        assert own.equals(history[history.seed == seed].reset_index(drop=True))
        assert store.read_arrays(folder / f"seeds{seed}.fields.nc").identical(fields.sel(seed=[seed]))
    assert history.epoch.is_monotonic_increasing


def test_a_single_figure_runs_only_its_own_jobs(fresh):
    plan = fresh().planned("results/figures/deep_ritz/fig3.pdf")
    assert set(plan) == {("single_neuron", "single_neuron/default"), ("figure", "fig3")}


def test_ready_jobs_are_selected_only_when_a_job_ends(edited):
    figures = [f"results/smoke/figures/deep_ritz/{name}.pdf" for name in ("fig1", "fig2", "fig4")]
    printed = edited.run("--verbose", "--forcerun", "figure", *SMOKE, "--", *figures, cores=1)
    assert printed.count("Finished jobid") == len(figures)
    assert printed.count("Ready jobs") <= len(figures)


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
    seeds: 2
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


def test_a_custom_activation_runs_through_the_deep_ritz_tasks(fresh):
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


def test_one_line_of_config_adds_an_activation_to_the_effective_theory(fresh):
    project = fresh()
    (project.folder / "custom.yaml").write_text('custom_activations: {mish: "x*tanh(log(1 + exp(x)))"}')
    stem = "results/smoke"
    figures = [f"{stem}/figures/effective_theory/{name}" for name in ("ext5", "ext6", "fig12")]
    tables = [f"{stem}/tables/effective_theory/{name}" for name in ("table1", "table5")]
    targets = [f"{name}.pdf" for name in figures] + [f"{name}.csv" for name in tables]
    project.run(*targets, *SMOKE, "custom.yaml")
    for name in figures:
        assert pd.read_parquet(project.folder / f"{name}.parquet").series.str.contains("mish").any()
    for name in tables:
        assert "mish" in pd.read_csv(project.folder / f"{name}.csv").activation.tolist()
    row = pd.read_csv(project.folder / f"{tables[0]}.csv").set_index("activation").loc["mish"]
    assert row.universality_class in {"scale-invariant", "K* = 0", "half-stable", "none"}


def test_one_line_of_config_adds_an_activation_to_failed_ideas_and_the_audit(fresh):
    project = fresh()
    (project.folder / "custom.yaml").write_text("""
custom_activations: {mish: "x*tanh(log(1 + exp(x)))", hat: "max(0, 1 - abs(x))"}
experiments: {audit: {cases: {failed_ideas: {of: ["activations/*"]}}}}
claims: {failed_ideas: {c2: ~}, ours: {o9: ~, o10: ~}}
""")
    stem = "results/smoke"
    exhibits = [f"{stem}/figures/failed_ideas/fig3.pdf", f"{stem}/tables/failed_ideas/table1.csv"]
    project.run(*exhibits, *SMOKE, "custom.yaml")
    table = pd.read_csv(project.folder / exhibits[1]).set_index("case")
    assert table.loc["activations/mish"].verdict == "consistent"
    assert table.loc["activations/mish"].hides != table.loc["activations/hat"].hides
    shown = pd.read_parquet(project.folder / exhibits[0].replace(".pdf", ".parquet"))
    assert shown.series.str.contains("activations/mish").any()


def test_verdicts_have_a_value_and_an_interval(finished):
    table = pd.read_parquet(finished.folder / "results/smoke/claims/failed_ideas.parquet")
    assert set(table.outcome) <= {"holds", "fails", "undecided"}
    sampled = table[table.coverage < 1]
    assert (sampled.outcome == "undecided").all()  # two seeds are too few
    assert ((table.low <= table.value) & (table.value <= table.high)).all()
    assert table[table.claim == "c10"].iloc[0][["value", "outcome"]].tolist() == [3, "holds"]


def test_the_claims_page_contains_the_claims_of_all_documents(finished):
    folder = finished.folder / "results/smoke"
    together = pd.read_parquet(folder / "claims.parquet")
    assert set(together.document) == {"deep_ritz", "effective_theory", "failed_ideas", "ours"}
    for document, rows in together.groupby("document"):
        alone = pd.read_parquet(folder / f"claims/{document}.parquet")
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), alone)
        assert (rows.outcome != "undecided").any()  # this tier decides some claims of every document
    page = (folder / "claims.md").read_text()
    assert all(
        f"| {name} | {claim} " in page for name, claim in zip(together.claim, together.statement) if "|" not in claim
    )


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
        (
            "all",
            "tier: draft\ndevice: cpu\ntier: draft\n",
            "overlay.yaml: the key tier is given twice, on lines 1 and 3",
        ),
        ("all", "{threads: 01}", "overlay.yaml: threads: 01 on line 1 is read as an octal number"),
        (
            "all",
            "{experiments: {fit: {sweep: {learning_rate: [1e-3, 0.001]}}}}",
            "two cases have the name 'k2-learning_rate0.001': problem 'k2', learning_rate '1e-3' and problem 'k2', ",
        ),
        ("all", "{figures: {deep_ritz: {fig3: ~}}}", "claims.deep_ritz.d4: unknown figure 'deep_ritz/fig3'; did you"),
        ("all", "{experiments: {fit: {width: -3}}}", "experiments.fit.width must be greater than 0; got -3"),
        (
            "all",
            "{problems: {k2: {solution: cos(x)}}}",
            "problems.k2: solution 'cos(x)' must satisfy the boundary condition",
        ),
        ("all", "{problems: {k2: {solution: sin(y)}}}", "unknown symbol 'y'"),
        ("all", "{problems: {k2: {solution: x.real}}}", "Attribute is not allowed"),
        pytest.param(
            "all",
            "{device: cuda}",
            "device must be 'cpu' or 'auto' on a machine without a GPU for torch; got 'cuda'",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
        ("results/deep_ritz/ritz/rule-k2/weights.safetensors", "{}", "unknown case of ritz 'rule-k2'; did you mean"),
    ],
)
def test_invalid_configuration_is_rejected_before_any_job_starts(fresh_once, target, overlay, message):
    (fresh_once.folder / "overlay.yaml").write_text(overlay)
    output = fresh_once.run(target, "--configfile", "overlay.yaml", ok=False)
    assert message in output
    assert "Finished jobid" not in output
    assert not (fresh_once.folder / "results/deep_ritz").exists()


@pytest.fixture(scope="module")
def fresh_once(fresh):
    return fresh()
