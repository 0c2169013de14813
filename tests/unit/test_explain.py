"""Explanations of exhibits: traces to equations, reasons for reruns, costs and claims."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import shipped
from reproduction.config import tasks
from reproduction.config.errors import ConfigError
from reproduction.runtime import explain, rerun_reasons
from reproduction.runtime.rerun_reasons import StaleJob
from reproduction.storage import code_digest, store

ROOT = Path(__file__).resolve().parents[2]
CONFIG = shipped.config()
EXHIBITS = [
    f"{document}/{name}" for group in (CONFIG.figures, CONFIG.tables) for document in group for name in group[document]
]


def reason(before: object, now: object) -> str:
    """Return a reason as printed by Snakemake."""
    return (
        "Params have changed since last execution: Union of exclusive params before and now across all output: "
        f"before: {before!r} now: {now!r} "
    )


def test_every_task_runs_the_modules_of_its_equation():
    for task, model in tasks.models().items():
        modules = [f"reproduction.jobs.{task}"]
        if model.is_trained:
            modules += [f"reproduction.config.problems.{equation}" for equation in model.equations]
        script = "train.py" if model.is_trained else "compute.py"
        run = " ".join(code_digest.code(script, *modules))
        for module in model.equation.modules:
            assert f"rectified/{module}.py" in run, (task, module)


@pytest.mark.parametrize("name", EXHIBITS)
def test_an_exhibit_is_traced_to_all_tasks_that_it_depends_on(name):
    wanted = explain.find(CONFIG, name)
    lines = explain.trace(CONFIG, wanted)
    text = "\n".join(lines)
    for case in CONFIG.select(wanted.entry.data):
        assert CONFIG.settings_of(case).equation.text in text
    for path in re.findall(r"scripts/[a-z_/]+\.py", text):
        assert (ROOT / path).is_file()
    assert sum(line.startswith("equation") for line in lines) == len(
        {CONFIG.cases[c.experiment][c.case].task for c in upstream(wanted)}
    )


def upstream(wanted):
    return explain.upstream(CONFIG, CONFIG.select(wanted.entry.data))


def test_audited_cases_and_starts_are_upstream():
    audited = {case.experiment for case in upstream(explain.find(CONFIG, "failed_ideas/ext7"))}
    assert {"audit", "ritz", "poisson", "burgers"} <= audited
    landscape = [f"{case.experiment}/{case.case}" for case in upstream(explain.find(CONFIG, "deep_ritz/fig7"))]
    assert landscape == ["landscape/relu", "small_fit/relu"]


def test_line_numbers_of_experiments_match_the_yaml_parser():
    root = yaml.compose(Path("config.yaml").read_text(encoding="utf-8"))
    (experiments,) = (value for key, value in root.value if key.value == "experiments")
    lines = {key.value: key.start_mark.line + 1 for key, _ in experiments.value}
    assert lines == {name: explain.line_of(name) for name in CONFIG.experiments}


def test_unknown_names_are_rejected_with_the_nearest_name():
    with pytest.raises(ConfigError, match="unknown figure or table 'deep_ritz/fig33'; did you mean 'deep_ritz/fig3'"):
        explain.find(CONFIG, "deep_ritz/fig33")


names = st.from_regex(r"rectified/[a-z]{1,8}\.py", fullmatch=True)
hashes = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)


@given(st.dictionaries(names, hashes, min_size=1), st.data())
def test_reasons_name_exactly_the_changed_modules(modules, data):
    changed = data.draw(st.sets(st.sampled_from(sorted(modules)), min_size=1))
    now = {name: ("x" + each[1:] if name in changed else each) for name, each in modules.items()}
    before, after = ([f"{name} {each} numpy" for name, each in one.items()] for one in (modules, now))
    found = rerun_reasons.short_reason(reason(before, after))
    assert set(re.findall(r"rectified/[a-z]+\.py", found)) == changed


def test_reasons_show_old_and_new_values_of_changed_settings():
    job = CONFIG.job("single_neuron", "default")
    other = job.model_copy(update={"settings": job.settings.model_copy(update={"bias": -0.25})})
    found = rerun_reasons.short_reason(reason(job.model_dump_json(), other.model_dump_json()))
    assert found == "changed: bias from -0.5 to -0.25"


@pytest.mark.parametrize("text", ["Code has changed since last execution", "Updated input files: a, b"])
def test_other_reasons_are_unchanged(text):
    assert rerun_reasons.short_reason(text) == text


def test_missing_outputs_are_reported_as_not_computed_yet():
    assert rerun_reasons.short_reason("Missing output files: results/a.nc, results/b.nc") == "not computed yet"


def test_only_first_causes_are_shown():
    cause = StaleJob("train", "a", "changed: rectified/ritz.py")
    follows = StaleJob("figure", "b", "Input files updated by another job: results/a.nc")
    assert rerun_reasons.first_causes([follows, cause]) == [cause]
    text = "\n".join(explain.state([follows, cause]))
    assert "2 jobs would run" in text
    assert cause.reason in text
    assert follows.reason not in text
    assert explain.state([]) == ["state       up to date"]


def test_predicted_times_are_summed():
    assert explain.cost([30.0, 60.0], [30.0, 60.0, 90.0]) == [
        "time        1.5 min in 2 jobs for what is stale; 3.0 min in 3 jobs from nothing (one core, workflow/costs.tsv)"
    ]
    assert "stale" not in explain.cost([], [60.0])[0]


def test_figures_and_tables_are_distinguished():
    assert explain.find(CONFIG, "deep_ritz/fig1").kind == "figure"
    assert explain.find(CONFIG, "deep_ritz/table1").kind == "table"


def test_claims_of_an_exhibit_are_listed_with_their_verdicts():
    wanted = explain.find(CONFIG, "failed_ideas/fig4")
    groups = CONFIG.claims
    mine = [(g, name) for g in groups for name, claim in groups[g].items() if claim.figure == "failed_ideas/fig4"]
    lines = explain.claims(CONFIG, wanted, {mine[0]: "some verdict"})
    assert len(lines) == 1 + len(mine)
    assert sum("some verdict" in line for line in lines) == 1
    assert sum("not decided yet" in line for line in lines) == len(mine) - 1


def test_verdicts_are_read_by_claim(tmp_path):
    path = tmp_path / "claims.parquet"
    assert explain.verdicts(path) == {}
    rows = pd.DataFrame({"document": ["a", "a", "b"], "claim": ["c1", "c1", "c1"], "verdict": ["x", "x", "y"]})
    store.write_table(path, rows, {})
    assert explain.verdicts(path) == {("a", "c1"): "x", ("b", "c1"): "y"}
