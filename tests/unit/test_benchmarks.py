"""Report of `make bench`: ratios with intervals, targets met or missed, faster or missing peers."""

import importlib

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import limits, measure, page
from benchmarks.hot_paths import HOT_PATHS
from benchmarks.measure import Comparison, Sides
from rectified.statistics.summaries import median_interval


def row(ratio: float, target: float | None = None, spread: float = 1.1) -> pd.DataFrame:
    numbers = {"ours": 1e-3, "theirs": ratio * 1e-3, "ratio": ratio, "low": ratio / spread, "high": ratio * spread}
    return pd.DataFrame([{"key": "k", "work": "some work", "peer": "a peer", "target": target, "note": "", **numbers}])


@pytest.mark.parametrize(
    ("ratio", "target", "words"),
    [
        (20, 10, "≥ 10×: met"),
        (5, 10, "≥ 10×: missed"),
        (10.5, 10, "≥ 10×: within the interval"),
        (0.5, None, "the peer is faster"),
        (2, None, ""),
    ],
)
def test_the_table_shows_target_and_outcome(ratio, target, words):
    assert page.comparison_table(row(ratio, target)).splitlines()[-1].split("|")[-2].strip() == words


def test_the_table_shows_that_a_side_missed_its_goal():
    table = page.comparison_table(row(12, 8).assign(note="DeepXDE ended above the goal with seed 2: 0.05"))
    assert "met; DeepXDE ended above the goal with seed 2: 0.05 |" in table


def test_ratios_are_taken_per_round_with_the_interval_of_their_median():
    pairs = [(1.0, 2.0), (2.0, 6.0), (1.0, 2.5), (1.0, 2.2), (4.0, 9.0), (1.0, 2.1), (1.0, 2.4)]
    found = measure.ratios(pairs)
    expected = median_interval([theirs / ours for ours, theirs in pairs])
    assert (found["ratio"], found["low"], found["high"]) == (expected.value, expected.low, expected.high)
    assert found["rounds"] == 7
    assert found["coverage"] >= 0.95


def test_both_sides_alternate_for_the_requested_rounds():
    calls = []
    sides = Sides(lambda: calls.append("ours"), lambda: calls.append("peer"), 1, 1)
    measure.compare(Comparison("k", "w", "p", None, torch.float64, lambda: sides), rounds=3)
    assert calls == ["ours", "peer"] * 4  # one warm-up round


def test_the_table_reports_peers_that_cannot_be_imported():
    def build():
        importlib.import_module("a_peer_that_is_not_there")

    found = measure.compare(Comparison("k", "w", "a peer", 2, torch.float64, build), rounds=3)
    table = page.comparison_table(pd.DataFrame([{"ratio": np.nan, **found}]))
    assert "a peer cannot be imported: No module named 'a_peer_that_is_not_there'" in table


@pytest.mark.parametrize(
    ("path", "sizes"),
    [
        ("Burgers step", {"networks": 2, "width": 48, "layers": 6, "points": 100}),
        ("ensemble training step", {"networks": 3, "width": 48, "layers": 6, "points": 100}),
    ],
)
def test_flops_are_close_to_the_lower_bound(path, sizes):
    (path,) = (found for found in HOT_PATHS if found.name == path)
    with FlopCounterMode(display=False) as counter:
        path.build(**sizes)()
    floor = sum(2 * np.prod(shape) for shape in path.floor(**sizes).products)
    assert floor <= counter.get_total_flops() <= 1.25 * floor  # the excess: first and last layer, and the conditions


def test_slopes_are_the_exponents_of_the_cost(monkeypatch):
    monkeypatch.setattr(limits, "median_seconds", lambda cost: cost)
    path = HOT_PATHS[0]._replace(
        build=lambda seeds, width, points: 3.0 * seeds * width**2 / points,
        sizes={"seeds": 2, "width": 3, "points": 4},
    )
    slopes = limits.slopes(path)
    np.testing.assert_allclose([slopes[name] for name in ("seeds", "width", "points")], [1, 2, -1], atol=1e-12)


def test_every_hot_path_runs_at_reduced_size():
    small = {"seeds": 2, "networks": 2, "width": 6, "layers": 2, "points": 30, "offsets": 3}
    for path in HOT_PATHS:
        path.build(**{name: small[name] for name in path.sizes})()
        assert set(path.grown) <= set(path.sizes)
