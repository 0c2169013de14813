"""Tasks on boxes: training jobs, finite elements, and audits."""

import numpy as np
import pytest

from builders import job_of
from rectified.optimization.value_and_gradient import value_and_gradient
from reproduction.config import tasks
from reproduction.config.job import Job
from reproduction.config.problems.diffusion import Diffusion
from reproduction.jobs import box_landscape, finite_elements, ritz_box
from reproduction.jobs.audit import audit_case
from reproduction.jobs.setup.ritz_box import RitzBoxSetup
from reproduction.storage import store

PROBLEMS = {
    "square": Diffusion(equation="diffusion", solution="sin(2*pi*x1)*sin(2*pi*x2)", coefficient="1 + x1*x2"),
    "line": Diffusion(equation="diffusion", solution="sin(pi*x1)", domain=[(0, 1)]),
    "cube": Diffusion(equation="diffusion", solution="sin(pi*x1)*x2*(1 - x2)*sin(pi*x3)", domain=[(0, 1)] * 3),
    "four": Diffusion(equation="diffusion", solution="sin(pi*x1)*cos(pi*x4)", domain=[(0, 1)] * 4),
}
SMALL = {"width": 8, "epochs": 20, "record_every": 10, "seeds": 2, "points": 256, "lines": 16}


def box_job(problem="square", activation="relu", **given):
    return job_of("ritz_box", PROBLEMS, problem=problem, activation=activation, **(SMALL | given))


@pytest.mark.parametrize(
    ("problem", "given"),
    [
        ("square", {}),
        ("square", {"quadrature": "monte_carlo"}),
        ("square", {"quadrature": "lines"}),
        ("square", {"quadrature": "random_lines"}),
        ("square", {"quadrature": "lines", "hidden_layers": 2}),
        ("square", {"quadrature": "cells"}),
        ("square", {"smoothing": 0.1}),
        ("line", {"quadrature": "lines"}),
        ("four", {"quadrature": "random_lines", "distance": "x1*(1 - x1)"}),
    ],
)
def test_training_lowers_the_gap_and_more_seeds_leave_the_first_unchanged(problem, given):
    fields = []
    for seeds in (2, 3):
        training = ritz_box.training(box_job(problem, **given, seeds=seeds), {})
        history = training.run()
        fields.append(training.fields(history))
        gap = history.records["gap"]
        assert (gap[-1] < gap[0]).all()
        assert training.work == 3 * training.setup.energy().nodes
        assert training.work == 3 * training.settings.nodes(training.setup.problem.inputs)
    for name in ("field", "gap", "relative_l2"):
        np.testing.assert_allclose(fields[0][name], fields[1][name][:2], rtol=1e-9, atol=1e-9)
    assert fields[0].field.dims == ("seed", *training.setup.problem.axes[:2])


def test_lines_converge_to_the_energy_and_gradient_on_cells():
    cells = RitzBoxSetup(box_job(quadrature="cells", degree=24))
    theta = cells.initial()
    energy, gradient = cells.energy()(theta)
    distances = []
    for count in (16, 64, 256):
        rule = RitzBoxSetup(box_job(quadrature="lines", lines=count, order=8)).energy()
        value, slope = value_and_gradient(rule, theta)
        distances.append(
            [float((value - energy).norm() / energy.norm()), float((slope - gradient).norm() / gradient.norm())]
        )
    distances = np.array(distances)
    orders = np.log(distances[0] / distances[-1]) / np.log(16)
    assert (orders > 1).all()  # the integrand along lines has only weak singularities in the offset
    assert (distances[-1] < [1e-6, 1e-3]).all()


@pytest.mark.parametrize(("problem", "orders"), [("line", (16, 32)), ("square", (16, 32)), ("cube", (6, 12))])
def test_linear_elements_converge_with_their_orders(problem, orders):
    found = [
        finite_elements.finite_elements(job_of("finite_elements", PROBLEMS, problem=problem, divisions=n), {})
        for n in orders
    ]
    for name, order in (("relative_l2", 2), ("gap", 2)):  # the gap is the square of the energy norm, of order 1
        assert np.log2(float(found[0][name] / found[1][name])) == pytest.approx(order, abs=0.2)
    inputs = len(PROBLEMS[problem].domain)
    assert [int(arrays.parameters) for arrays in found] == [(n - 1) ** inputs for n in orders]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "inconsistent"),
        ({"quadrature": "monte_carlo"}, "inconsistent"),
        ({"quadrature": "lines"}, "consistent"),
        ({"quadrature": "random_lines"}, "consistent"),
        ({"quadrature": "lines", "hidden_layers": 2}, "consistent"),
        ({"quadrature": "cells", "degree": 10}, "consistent"),
        ({"activation": "relu2"}, "consistent"),
        ({"activation": "tanh", "width": 4}, "consistent"),
    ],
)
def test_the_audit_flags_points_and_passes_lines(given, verdict):
    job = box_job(**({"epochs": 60} | given))
    training = ritz_box.training(job, {})
    history = training.run()
    blocks = {name: block.numpy() for name, block in training.network.blocks(history.theta).items()}
    table = audit_case(job, blocks, history.diverged_at.numpy(), seeds=1, points=64, threshold=0.01)
    assert table.verdict.tolist() == [verdict]
    assert table["first"].max() < 1e-9


def test_the_audit_is_undetermined_in_many_dimensions():
    job = box_job("four", quadrature="random_lines", distance="x1*(1 - x1)")
    setup = RitzBoxSetup(job)
    blocks = {name: block.numpy() for name, block in setup.network.blocks(setup.initial()).items()}
    table = audit_case(job, blocks, np.array([-1]), seeds=1, points=64, threshold=0.01)
    assert table.verdict.tolist() == ["undetermined"]
    assert "up to 2 dimensions; got 4" in table.notes[0]


def _landscape_job(**given):
    settings = tasks.model("box_landscape")(document="test", **given)
    return Job(tier="test", threads=1, experiment="e", case="c", settings=settings)


def test_the_landscape_is_rougher_on_a_grid_than_along_lines(tmp_path):
    job = box_job(quadrature="lines", epochs=100)
    training = ritz_box.training(job, {})
    blocks = training.network.blocks(training.run().theta)
    file = str(tmp_path / "weights.safetensors")
    arrays = {name: block.numpy() for name, block in blocks.items()}
    store.write_tensors(file, arrays, {"spec": job.model_dump_json()})
    wanted = {"start": "a/b", "seeds": 2, "planes": [(1, 2)], "resolution": 21, "cells": 24, "lines": 32}
    found = box_landscape.box_landscape(_landscape_job(**wanted), {"weights": [file]})
    rough = found.roughness.isel(plane=0)
    assert (rough.sel(quadrature="grid") > 3 * rough.sel(quadrature="lines")).all()
    middle = found.energy.isel(plane=0, alpha=10, beta=10)
    energy = training.setup.fine_energy(24, 32)(training.network.row(blocks))
    np.testing.assert_allclose(middle.sel(quadrature="lines"), energy, rtol=1e-12)
