"""The audit of trained cases: methods that fail in the documents are inconsistent, the others are consistent."""

import re

import numpy as np
import pytest
import torch
from test_collocation import VARIANTS, job, job_text
from test_collocation import rows as rows_of

from builders import job_of
from rectified.networks.normalization import Pass
from rectified.pinn.input_derivatives import RULES
from reproduction.jobs import ritz
from reproduction.jobs.audit import audit_case
from reproduction.jobs.auditors.collocation import central_differences
from reproduction.jobs.setup.auditing import OneNetwork
from reproduction.jobs.setup.collocation import CollocationSetup
from reproduction.jobs.setup.mlp import MLPSetup

THRESHOLD = 0.1
FLAGGED = ["batch", "joint", "naive", "valid", "quantized"]
PASSED = ["base", "reference", "layer", "learnable", "k1", "translation", "experts", "burgers"]
HIDING = {"hard": "jumps", "gate": "jumps", "towers": "kinks", "mixed": "kinks"}


def rows(text, layout, theta):
    blocks = {name: block.numpy() for name, block in layout.blocks(theta).items()}
    return audit_case(text, blocks, np.full(len(theta), -1), seeds=1, points=100, threshold=THRESHOLD)


def variant(name, way=0, **changes):
    settings = VARIANTS[name] | {"mass_weight": 0.0} | changes
    ready = job(**settings)
    theta = ready.initial().double()
    noise = torch.randn(theta.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return rows(job_text(**settings), ready.network, theta + 0.2 * noise).iloc[way]


@pytest.mark.parametrize("name", FLAGGED)
def test_failing_variants_are_inconsistent(name):
    row = variant(name)
    assert row.verdict == "inconsistent"
    assert row["first"] > THRESHOLD
    assert ("other points" in row.reasons) == (name != "quantized")


@pytest.mark.parametrize("name", PASSED)
def test_sound_variants_are_consistent(name):
    row = variant(name)
    assert row.verdict == "consistent", row.reasons
    assert row["first"] < 1e-3
    assert row.hides == ""


@pytest.mark.parametrize(("name", "what"), HIDING.items())
def test_hidden_singularities_are_reported_where_derivatives_are_exact_between_them(name, what):
    row = variant(name, hidden_layers=2)
    assert row.verdict == "consistent"
    assert what in row.hides
    assert row[what] > 0
    assert np.isnan(row.parameter)


def test_audited_stencil_is_that_of_training_and_has_second_order_error():
    coarse, fine = (variant("stencil", collocation_points=side**2) for side in (17, 33))
    assert 3.5 < coarse.second / fine.second < 4.5
    assert coarse.verdict == "consistent"
    assert re.search(r"error of differences over the spacing of the grid, 0\.\d+ and 0\.\d+", coarse.notes)
    ready = job(**VARIANTS["stencil"])
    theta, points = rows_of(ready), ready.loss.points
    nodes = points.collocation
    spacing = (nodes[0, :, -1] - nodes[0, :, 0]) / (ready.settings.side - 1)
    field = OneNetwork(ready.network, theta[0], lambda one, at: ready.network.at(one, at, spacing))
    by_hand = central_differences(field, nodes[0].T[points.inner].contiguous(), spacing)
    trained = ready.loss.jets(theta[:1], nodes, Pass(), ["x", "y", "xx", "yy"])
    for values, names in zip(by_hand, (("x", "y"), ("xx", "yy"))):
        for row, name in zip(values, names):
            torch.testing.assert_close(row, trained[name][0, points.inner], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("wrong", ["x", "yy"])
def test_wrong_stencil_is_inconsistent(monkeypatch, wrong):
    right = RULES["stencil"]

    def stencil(*arguments):
        jets = right(*arguments)
        return {name: 1.3 * values if name == wrong else values for name, values in jets.items()}

    monkeypatch.setitem(RULES, "stencil", stencil)
    row = variant("stencil", collocation_points=17**2)
    assert row.verdict == "inconsistent"
    assert row["first" if wrong == "x" else "second"] > THRESHOLD


def test_frozen_statistics_are_consistent():
    row = variant("batch", way=1)
    assert row.case.endswith(", frozen")
    assert row.verdict == "consistent"
    assert row.off_diagonal == 0
    assert variant("joint", way=1).verdict == "consistent"


@pytest.mark.parametrize("changes", [{"sampling": "nodes"}, {**VARIANTS["k1"]}])
def test_stencil_of_single_points_is_audited_with_given_derivatives(changes):
    row = variant("base", **{"derivatives": "stencil", "collocation_points": 33**2, **changes})
    assert row.derivatives == "given"
    assert row.verdict == "consistent"
    assert row.second > 1e-6  # the error of the stencil


def test_translation_derivatives_of_batch_norm_differ_from_those_of_the_evaluated_field():
    row = variant("batch", derivatives="forward")
    assert row.derivatives == "forward"
    assert row.verdict == "inconsistent"
    assert row["first"] == pytest.approx(1, abs=1e-3)


def test_unmeasurable_variants_are_undetermined():
    row = variant("stencil", padding="zero")
    assert row.verdict == "undetermined"
    constant = variant("base", activation="perceptron")
    assert constant.verdict == "undetermined"
    assert "exactly zero" in constant.notes


def test_batch_norm_couples_points_and_has_wrong_second_derivatives():
    row = variant("batch")
    assert row.off_diagonal > 0.1
    assert row.second == pytest.approx(1, abs=1e-3)  # the second derivative used is zero, the exact one is not


RITZ = {
    "relu": ({"activation": "relu"}, "inconsistent"),
    "relu discrete delta": ({"activation": "relu", "gradient": "discrete_delta"}, "inconsistent"),
    "relu kink-aware": ({"activation": "relu", "gradient": "kink_aware"}, "consistent"),
    "relu² ": ({"activation": "relu2"}, "consistent"),
    "tanh": ({"activation": "tanh"}, "consistent"),
    "deep relu": ({"activation": "relu", "hidden_layers": 2}, "inconsistent"),
    "deep kink-aware": ({"activation": "relu", "hidden_layers": 2, "gradient": "kink_aware"}, "consistent"),
}


@pytest.mark.parametrize(("changes", "verdict"), RITZ.values(), ids=RITZ)
def test_parameter_gradient_explains_the_failures_of_the_first_document(changes, verdict):
    text = job_of("ritz", width=12, points=60, seeds=1, epochs=500, record_every=500, **changes)
    ready = ritz.training(text, {})
    history = ready.run()
    row = rows(text, ready.network, history.theta).iloc[0]
    assert row.verdict == verdict
    assert row["first"] < 1e-2
    assert (row.parameter > THRESHOLD) == (verdict == "inconsistent")


@pytest.mark.parametrize(("activation", "hidden"), [("tanh", ""), ("relu", "kinks")])
def test_jets_of_the_burgers_network_are_exact_between_kinks(activation, hidden):
    text = job_of("pinn", activation=activation, width=8, hidden_layers=2, weight_variance=1.5, bias_variance=0.3)
    ready = MLPSetup(text, 2)
    row = rows(text, ready.network, ready.initial([0])).iloc[0]
    assert row.verdict == "consistent"
    assert hidden in row.hides
    assert row.second < 1e-3


def test_regression_has_no_audited_input_derivatives():
    text = job_of("regression", activation="relu", width=8, hidden_layers=2, bias_variance=0.3)
    ready = MLPSetup(text, 2)
    row = rows(text, ready.network, ready.initial([0])).iloc[0]
    assert row.verdict == "consistent"
    assert np.isnan(row["first"])
    assert row.parameter < 0.05


def test_diverged_network_is_not_measured():
    ready = CollocationSetup(job_text())
    blocks = {name: block.numpy() for name, block in ready.network.blocks(ready.initial()).items()}
    table = audit_case(job_text(), blocks, np.array([-1, 7, -1]), seeds=2, points=10, threshold=THRESHOLD)
    assert table.verdict.tolist() == ["consistent", "diverged"]
    assert np.isnan(table["first"][1])
