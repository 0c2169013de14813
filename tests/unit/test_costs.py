"""Predicted costs and schedules, compared with small cases computed by hand."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shipped
from reproduction.config import loading
from reproduction.config.errors import ConfigError
from reproduction.runtime import cost_model, schedule
from reproduction.runtime.cost_model import START, Cost, Costs, Measured
from reproduction.runtime.schedule import PlannedJob

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def config():
    return shipped.config()


@pytest.fixture(scope="module")
def paper():
    return shipped.config("paper")


def measured(config, stem: str, seconds: float, megabytes: float = 100.0) -> Measured:
    settings = cost_model.case_of(stem, config)
    return Measured(stem, settings.work(config), seconds, megabytes, cost_model.nondefault_settings(settings))


def test_a_measured_job_is_predicted_to_cost_the_same_again(config):
    table = Costs([measured(config, "deep_ritz/ritz/relu-k2/train", 30.0, 500.0)])
    assert table.of("deep_ritz/ritz/relu-k2/train", config) == Cost(30.0, 500.0)


def test_time_after_start_up_scales_with_epochs_and_seeds(config, paper):
    table = Costs([measured(config, "deep_ritz/ritz/relu-k2/train", START + 6.0)])
    assert table.of("deep_ritz/ritz/relu-k2/train", paper).seconds == pytest.approx(START + 6.0 * 20 / 6)


def test_costs_are_those_of_the_nearest_measured_settings(config):
    rows = [
        measured(config, "deep_ritz/ritz/relu-k2/train", 10.0),
        measured(config, "deep_ritz/ritz/relu_finite_difference-k2/train", 100.0),
    ]
    for order in itertools.permutations(rows):
        assert Costs(order).of("deep_ritz/ritz/relu_finite_difference-k4/train", config).seconds == 100.0
        assert Costs(order).of("deep_ritz/ritz/relu_discrete_delta-k2/train", config).seconds < 101.0


def test_shards_share_the_row_of_their_case(config):
    row = measured(config, "effective_theory/mrepu/default/shard", 50.0)
    assert Costs([row]).of("effective_theory/mrepu/default/shard3", config).seconds == 50.0


def test_shards_of_seeds_cost_as_trainings_of_their_size_and_merging_costs_nothing_more(config):
    whole, shards = (config.cases["burgers"]["tanh"].model_copy(update={"seeds": 4, "shard": n}) for n in (None, 2))
    rows = [Measured("effective_theory/burgers/tanh/train", whole.work(config), 42.0, 100.0, {})]
    divided = config.model_copy(update={"cases": {"burgers": {"tanh": shards}}})
    assert Costs(rows).of("effective_theory/burgers/tanh/seeds1", divided).seconds == pytest.approx(START + 20)
    assert Costs(rows).of("effective_theory/burgers/tanh/train", divided).seconds == START


def test_figures_cost_as_measured_or_as_much_as_other_figures(config):
    rows = [Measured(f"figures/deep_ritz/fig{n}", 1.0, float(n), 10.0 * n, {}) for n in (1, 2, 9)]
    assert Costs(rows).of("figures/deep_ritz/fig9", config) == Cost(9.0, 90.0)
    assert Costs(rows).of("figures/new/one", config) == Cost(2.0, 90.0)
    assert Costs([]).of("figures/new/one", config).seconds == START


def test_the_cost_table_survives_a_round_trip(tmp_path, config):
    rows = [measured(config, f"deep_ritz/ritz/{case}-k2/train", 12.3, 456) for case in ("relu", "tanh")]
    cost_model.write(tmp_path / "costs.tsv", rows)
    again = Costs.read(tmp_path / "costs.tsv")
    for row in rows:
        assert again.of(row.job, config) == Cost(12.3, 456)


def test_benchmarks_are_summarized_in_one_row_per_case(tmp_path, monkeypatch, config):
    monkeypatch.chdir(tmp_path)
    header = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
    for shard, (wall, cpu, memory) in enumerate([("90.0", "40.0", "300.0"), ("80.0", "60.0", "500.0")]):
        path = tmp_path / f"results/effective_theory/mrepu/default/shard{shard}.benchmark.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{header}{wall}\t0:01:30\t{memory}\t1\t1\t1\t0\t0\t50\t{cpu}\n")
    gone = tmp_path / "results/effective_theory/mrepu/gone/shard0.benchmark.tsv"
    gone.parent.mkdir()
    gone.write_text(f"{header}1\t0:00:01\t1\t1\t1\t1\t0\t0\t50\t1\n")
    (row,) = cost_model.measure(config)
    assert (row.job, row.seconds, row.megabytes) == ("effective_theory/mrepu/default/shard", 85.0, 500.0)


@pytest.mark.parametrize("tier", schedule.TIERS)
def test_every_case_of_every_tier_has_a_positive_cost(tier):
    config, table = shipped.config(tier), Costs.read(ROOT / cost_model.TABLE)
    stems = {
        "ritz": "train",
        "ensemble_training": "shard0",
        "kernel_ensemble": "kernel_ensemble",
        "collocation": "train",
    }
    for case in config.all_cases:
        if job := stems.get(config.cases[case.experiment][case.case].task):
            cost = table.of(f"{case.folder}/{job}", config)
            assert cost.seconds > 0
            assert cost.megabytes > 0


DRY_RUN = """
rule train:
    output: results/a/weights, results/a/fields
    benchmark: results/a/train.benchmark.tsv

localrule figure:
    input: results/a/fields, results/b/fields
    output: results/figures/f.pdf
    benchmark: results/figures/f.benchmark.tsv

rule train:
    input: results/a/weights
    output: results/b/fields
    benchmark: results/b/train.benchmark.tsv

localrule all:
    input: results/figures/f.pdf
"""


def test_a_dry_run_is_parsed_into_jobs_with_dependencies():
    jobs = schedule.read_jobs(DRY_RUN, "results")
    assert jobs == [
        PlannedJob("train", "a/train", ()),
        PlannedJob("figure", "figures/f", (0, 2)),
        PlannedJob("train", "b/train", (0,)),
    ]


def test_many_workers_do_not_speed_up_a_chain_of_jobs():
    jobs = [PlannedJob("r", "0", ()), PlannedJob("r", "1", (0,)), PlannedJob("r", "2", (1,))]
    assert schedule.makespan(jobs, [1.0, 2.0, 3.0], 64) == 6.0
    assert schedule.critical_path(jobs, [1.0, 2.0, 3.0]) == [0, 1, 2]


def test_long_jobs_are_scheduled_first():
    jobs = [PlannedJob("r", str(n), ()) for n in range(5)]
    assert schedule.makespan(jobs, [1.0, 1.0, 1.0, 1.0, 4.0], 2) == 4.0


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 12))
    needs = [draw(st.sets(st.integers(0, n - 1))) if n else set() for n in range(size)]
    seconds = draw(st.lists(st.integers(1, 50), min_size=size, max_size=size))
    return [tuple(sorted(need)) for need in needs], [float(second) for second in seconds]


@given(graphs(), st.integers(1, 6))
def test_makespans_lie_between_the_lower_bounds_and_grahams_bound(graph, workers):
    needs, seconds = graph
    jobs = [PlannedJob("r", str(index), need) for index, need in enumerate(needs)]
    total, longest = sum(seconds), max(schedule.chains(jobs, seconds))
    time = schedule.makespan(jobs, seconds, workers)
    assert max(total / workers, longest) - 1e-9 <= time <= total / workers + (1 - 1 / workers) * longest + 1e-9
    assert schedule.makespan(jobs, seconds, 1) == pytest.approx(total)
    assert schedule.makespan(jobs, seconds, len(jobs)) == pytest.approx(longest)
    assert sum(seconds[index] for index in schedule.critical_path(jobs, seconds)) == pytest.approx(longest)


def test_the_report_shows_hours_by_number_of_workers():
    text = schedule.report("paper", [PlannedJob("train", "a/b/c/train", ())], [7200.0])
    assert re.search(r"\n +1 +2\.00\n +8 +2\.00\n +64 +2\.00\n", text)
    assert "a/b/c/train" in text


def test_an_invalid_overlay_is_rejected(tmp_path):
    (tmp_path / "o.yaml").write_text("experiments: {fit: {activation: rleu}}")
    with pytest.raises(ConfigError, match="did you mean 'relu'"):
        loading.read([tmp_path / "o.yaml"])
