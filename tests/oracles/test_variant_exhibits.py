"""Labels of variants, and audits in tables and figures."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import pytest

import shipped
from rectified.audit import Audit
from rectified.audit.measures import Measure
from reproduction.config.errors import ConfigError
from reproduction.config.job import Job
from reproduction.exhibits.audit_summary import JUDGED, judged_measures, summarize_audits
from reproduction.exhibits.figures import variants
from reproduction.exhibits.figures.audit import cell, verdict_text
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.number_text import short_number
from reproduction.exhibits.variant_labels import remedy_labels, variant_label, variant_labels
from reproduction.jobs.audit import columns
from reproduction.storage.results import Result

POISSON = {"equation": "poisson"}
HULL = {"equation": "buckley_leverett", "flux": "hull"}
NODES = {"sampling": "nodes"}
FRONT = {"problem_entry": {"equation": "buckley_leverett"}}
LINES = {"architecture": "towers", "powers": [2], "hidden_layers": 1, "quadrature": "lines"}
BATCH = {"normalization": "batch", "passes": "joint"}


def job(problem=POISSON, case="case", **settings) -> Job:
    settings = {"document": "failed_ideas", "task": "collocation", "problem": "named", **settings}
    return Job(tier="draft", threads=1, experiment="experiment", case=case, settings=settings, problem=problem)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "base"),
        ({"activation": "relu2"}, "ReLU²"),
        ({"width": 48, "input_scaling": False}, "width 48, unscaled inputs"),
        ({"normalization": "batch"}, "batch norm"),
        (BATCH, "batch norm, one batch"),
        ({**BATCH, "sampling": "resampled"}, "batch norm, one batch, resampled"),
        ({"normalization": "reference_batch"}, "reference batch norm"),
        ({"normalization": "layer", "first_normalized": 2}, "layer norm from layer 2"),
        ({"normalization": "learnable", "activation": "gelu"}, "learnable norm, GELU"),
        ({"architecture": "towers"}, "ReLU + ReLU² + ReLU³ towers"),
        ({"architecture": "towers", "powers": [3]}, "ReLU³ tower"),
        ({"architecture": "mixed", "powers": [2, 3]}, "mixed ReLUᵏ layers, k = 2, 3"),
        (NODES, "dense on nodes"),
        ({**NODES, "architecture": "convolution", "kernel": 1}, "1×1 CNN"),
        ({**NODES, "architecture": "convolution", "padding": "zero"}, "3×3 CNN, zero padding"),
        ({**NODES, "architecture": "convolution"}, "3×3 CNN, reverse"),
        ({**NODES, "architecture": "convolution", "derivatives": "stencil"}, "3×3 CNN, stencil"),
        ({"architecture": "quantized", "codebook": "encoded"}, "VQ, encoded codebook"),
        ({"architecture": "quantized", "straight_through": False}, "VQ without straight-through"),
        ({"architecture": "quantized", "mass_weight": 10, "problem_entry": HULL}, "VQ + mass + hull"),
        ({"architecture": "quantized", "assignment": "annealed", "problem_entry": HULL}, "soft VQ, annealed + hull"),
        ({"architecture": "quantized", "inputs": "similarity"}, "VQ, similarity variable"),
        ({**FRONT, "quadrature": "cells"}, "base + cell balance"),
        (LINES, "ReLU² tower + lines"),
        ({**LINES, "quadrature": "lines_at_rest"}, "ReLU² tower + lines, kinks at rest"),
        ({"architecture": "experts", "sharpness": 10}, "experts β = 10"),
        ({"architecture": "experts", "sharpness": "hard"}, "experts, hard gate"),
    ],
)
def test_labels_follow_from_the_settings(settings, name):
    problem = settings.get("problem_entry", POISSON)
    assert variant_label(job(problem, **{k: v for k, v in settings.items() if k != "problem_entry"})) == name


def test_equal_labels_on_one_problem_are_completed_by_the_case():
    unit = POISSON | {"domain": [[0, 1], [0, 1]]}
    jobs = [job(case="a", width=6), job(case="b", width=6, epochs=7), job(unit, "c", width=6), job(case="d", width=48)]
    assert variant_labels(jobs) == ["base (experiment/a)", "base (experiment/b)", "base", "width 48"]
    assert jobs[2].problem.label == "Poisson on [0, 1]²"


def test_labels_of_remedies_name_the_sizes_in_which_rows_differ():
    shallow = {"hidden_layers": 1, "width": 60, "epochs": 1500}
    jobs = [job(**LINES, width=60), job(**shallow), job(epochs=750)]
    assert remedy_labels(jobs) == [
        "ReLU² tower + lines",
        "tanh",
        "tanh, 3 layers, 750 steps",
    ]
    assert remedy_labels(jobs[1:]) == ["tanh, 1 layer, 1,500 steps", "tanh, 3 layers, 750 steps"]


def test_remedy_does_not_change_the_problem():
    plain, hull = job({"equation": "buckley_leverett"}), job(HULL)
    assert plain.problem.solution_key == hull.problem.solution_key != job(HULL | {"mobility": 1}).problem.solution_key
    assert plain.problem.label == hull.problem.label == "Buckley–Leverett, M = 2"


@dataclass(frozen=True)
class InMemory(Result):
    """An audit that is not read from files."""

    audits: pd.DataFrame

    def table(self, name: str) -> pd.DataFrame:
        return self.audits

    @property
    def job(self) -> Job:
        settings = {"document": "failed_ideas", "task": "audit", "of": ["experiment/*"]}
        return Job(tier="draft", threads=1, experiment="audit", case="case", settings=settings)


def table_of(audits: list[Audit | None]) -> list[Result]:
    """Return the table of an audit of these seeds as a result."""
    measured_of = [{"verdict": "diverged"} if found is None else columns(found) for found in audits]
    names = {"case": "experiment/case", "document": "failed_ideas"}
    return [InMemory({}, pd.DataFrame([{**names, "seed": n, **row} for n, row in enumerate(measured_of)]))]


@pytest.mark.parametrize("sizes", list(product([0.3, np.inf, np.nan], repeat=4)))
@pytest.mark.parametrize("derivatives", ["reverse", "forward"])
def test_judged_measures_and_reasons_agree_with_the_audit(sizes, derivatives):
    measures = {name: Measure(size, 0.0) for name, size in zip(JUDGED.values(), sizes)}
    if derivatives == "forward":
        del measures[JUDGED["off_diagonal"]]
    found = Audit(points=9, order=2, derivatives=derivatives, threshold=0.1, measures=measures, off_diagonal=sizes[2])
    results = table_of([found])
    (row,) = summarize_audits(results).to_dict("records")
    assert row["verdict"] == found.verdict
    assert row["reasons"] == "; ".join(found.reasons)
    assert (judged_measures(results[0].table("audit")) > 0.1).any(axis=None) == (found.verdict == "inconsistent")


def test_one_inconsistent_seed_makes_a_case_inconsistent():
    seeds = [
        Audit(points=9, order=1, derivatives="reverse", threshold=0.1, measures={JUDGED["first"]: Measure(size, 0.0)})
        for size in (0.0, 0.01, 0.5)
    ]
    (row,) = summarize_audits(table_of([*seeds, None])).to_dict("records")
    assert (row["seeds"], row["diverged"], row["inconsistent_seeds"]) == (4, 1, 1)
    assert (row["first"], row["first_worst"]) == (0.01, 0.5)
    assert verdict_text(row) == "inconsistent (1 of 3 seeds)"


@pytest.mark.parametrize(("order", "words"), [(0, ""), (1, " between jumps"), (2, " between jumps and kinks")])
def test_hidden_singularities_depend_on_the_order(order, words):
    found = Audit(points=9, order=order, derivatives="reverse", threshold=0.1, jumps=2.0, kinks=3.0)
    (row,) = summarize_audits(table_of([found])).to_dict("records")
    assert row["hides"] == found.hides
    assert verdict_text(row) == "consistent" + words


def test_diverged_case_has_a_row_without_measures():
    (row,) = summarize_audits(table_of([None, None])).to_dict("records")
    assert verdict_text(row) == "diverged"
    assert {cell(row, name).text for name in JUDGED} == {"–"}


def test_undetermined_and_inapplicable_measures_differ():
    measures = {JUDGED["first"]: Measure(), JUDGED["parameter"]: Measure(0.2, 0.3)}
    found = Audit(points=9, order=1, derivatives="forward", threshold=0.1, off_diagonal=0.9, measures=measures)
    (row,) = summarize_audits(table_of([found])).to_dict("records")
    cells = {name: cell(row, name) for name in JUDGED}
    assert [cells[name].text for name in JUDGED] == ["?", "–", "0.9", "?"]
    assert cells["off_diagonal"].kind == "not judged"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (np.inf, "∞"), (2.3e-12, "2e−12"), (0.123, "0.12"), (150.0, "150"), (2e4, "2e4")]
)
def test_short_numbers(value, text):
    assert short_number(value, 0) == text


def test_variants_reject_audits_without_trained_cases():
    with pytest.raises(ConfigError, match="got cases of task audit only"):
        variants.draw(table_of([None]), {}, PlottedData())


def test_every_case_of_an_idea_is_in_the_data_of_the_figure():
    """A misspelt case would be left out of the figure without a message."""
    config = shipped.config()
    entry = config.figures["failed_ideas"]["ext9"]
    shown = {case.name for case in config.select(entry.data)}
    for idea in entry.ideas:
        for pattern in [*idea.failed, *idea.remedies, *idea.plain]:
            found = {case.name for case in config.select([pattern])}
            assert found
            assert found <= shown
