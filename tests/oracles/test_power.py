"""Numbers of replicates for a decision: against closed forms, enumeration and simulated decisions."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

import shipped
from rectified.statistics import power
from rectified.statistics.intervals import distance_margin, mean_interval, share_interval, shift_interval
from rectified.statistics.looks import LOOKS, deciding_look, error, interval_over_looks
from reproduction.claims import power as claims_power
from reproduction.claims import power_report
from reproduction.claims.samples import SampleValues
from reproduction.config.exhibits.claims import Part
from reproduction.runtime import cost_model
from reproduction.runtime.cost_model import START, Costs
from reproduction.storage.results import KeptResult


def part(**settings) -> Part:
    return Part.model_validate({"what": "it", "measure": "m", "of": "a/base", **settings})


def paired(*values) -> SampleValues:
    return SampleValues(np.array(values, dtype=float), None, 0, False)


@pytest.mark.parametrize("share", [0.6, 0.75, 0.9, 1.0])
def test_power_of_the_first_looks_is_a_power_of_the_share(share):
    assert power.sign_test_power(share, 6) == pytest.approx(share**6)
    assert power.sign_test_power(share, 9) == pytest.approx(share**6)  # nine of nine include six of six
    assert power.sign_test_power(share, 5) == 0
    single = sum(math.comb(30, k) * share**k * (1 - share) ** (30 - k) for k in range(21, 31))  # 2·P(B ≥ 21) = 4.3 %
    assert power.sign_test_power(share, 30) == pytest.approx(single)


@pytest.mark.parametrize("count", [6, 9, 12, 20])
def test_power_without_effect_is_half_of_the_error_of_the_looks(count):
    expected = error({look: LOOKS[look] for look in LOOKS if look <= count}) / 2
    assert power.sign_test_power(0.5, count) == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.7, 0.85, 0.95])
@pytest.mark.parametrize("count", [12, 20])
def test_power_of_sign_tests_agrees_with_simulated_decisions(share, count):
    signs = np.where(np.random.default_rng(count).random((800, count)) < share, 1.0, -1.0)
    held = np.mean([interval_over_looks(each).low > 0 for each in signs])
    expected = power.sign_test_power(share, count)
    assert abs(held - expected) < 4.5 * math.sqrt(expected * (1 - expected) / len(signs))


def test_sizes_of_sign_tests_are_looks_then_the_smallest_single_look():
    assert power.sign_test_size(1.0) == 6
    assert power.sign_test_size(0.97) == 6  # 0.97⁶ = 0.83
    assert [power.sign_test_size(share) for share in (0.93, 0.85, 0.5, 0.55)] == [12, 20, None, None]
    size = power.sign_test_size(0.7)
    assert size > 20
    assert power.sign_test_power(0.7, size) >= 0.8 > power.sign_test_power(0.7, size - 1)
    assert power.sign_test_size(0.55, most=2000) == pytest.approx(
        (1.96 * 0.5 + 0.8416 * 0.4975) ** 2 / 0.05**2, rel=0.03
    )


@pytest.mark.parametrize(("effect", "size"), [(0.5, 34), (0.8, 15), (0.3, 90), (5.0, 10), (math.inf, 10)])
def test_sizes_of_the_t_test_are_those_of_the_tables(effect, size):
    """Cohen, Statistical Power Analysis: 80 % power of a two-sided one-sample t test."""
    assert power.mean_size(effect) == size
    assert power.mean_size(0.1) is None
    assert power.mean_size(0.1, most=2000) == 787


def test_mean_is_decided_about_as_often_as_stated():
    size = power.mean_size(0.8)
    samples = np.random.default_rng(0).normal(0.8, 1, size=(500, size))
    held = np.mean([mean_interval(each).low > 0 for each in samples])
    assert 0.68 < held < 0.84  # the bootstrap-t interval, where it is the wider one, takes a part


@pytest.mark.parametrize(("share", "bound"), [(0.8, 0.5), (0.1, 0.5), (0.6, 0.25), (0.97, 0.9)])
@pytest.mark.parametrize("count", [6, 20, 60])
def test_power_of_shares_agrees_with_the_sum_over_all_outcomes(share, bound, count):
    probabilities = scipy.stats.binom.pmf(range(count + 1), count, share)
    intervals = [share_interval([1.0] * ones + [0.0] * (count - ones)) for ones in range(count + 1)]
    decided = [one.low > bound if share > bound else one.high < bound for one in intervals]
    assert power.share_power(share, bound, count) == pytest.approx(probabilities[decided].sum(), abs=1e-12)


def test_sizes_of_shares():
    assert power.share_size(1.0, 0.5) == power.share_size(0.0, 0.5) == 6  # 0.025^(1/6) = 0.54
    assert power.share_size(0.5, 0.5) is None
    size = power.share_size(0.8, 0.5)
    assert power.share_power(0.8, 0.5, size) >= 0.8 > power.share_power(0.8, 0.5, size - 1)


def test_sizes_of_shifts():
    assert power.shift_size(1.0) == 4
    assert power.shift_size(0.75) == math.ceil((1.959964 + 0.841621) ** 2 / (6 * 0.25**2)) == 21
    assert power.shift_size(0.5) is power.shift_size(0.52) is None
    random, size = np.random.default_rng(1), power.shift_size(0.8)
    apart = math.sqrt(2) * scipy.stats.norm.ppf(0.8)
    samples = random.normal(size=(400, 2, size)) + np.array([[apart], [0.0]])
    held = np.mean([shift_interval(one[:, None] - other).low > 0 for one, other in samples])
    assert 0.7 < held < 0.92


def test_sizes_of_distances_bound_the_error_twice():
    size = power.distance_size(0.05)
    needed = distance_margin(size, size) + distance_margin(size, size, 0.8)
    assert needed <= 0.05 < distance_margin(size - 1, size - 1) + distance_margin(size - 1, size - 1, 0.8)
    assert power.distance_size(0.0) is None


@pytest.mark.parametrize(
    ("entry", "values", "expected"),
    [
        ({"above": 1}, [2, 3, 4, 5], (6, "holds", 1.0)),
        ({"above": 1}, [0.1, 0.2, 0.3], (6, "fails", 1.0)),
        ({"below": 1}, [0.5] * 17 + [2] * 3, (20, "holds", 0.85)),
        ({"above": 1}, [0.5, 2] * 3, (None, "fails", 0.5)),
        ({"above": 1}, [2, 3, 4, math.nan], (power.sign_test_size(0.75), "holds", 0.75)),
        ({"within": [1, 3]}, [2] * 5, (6, "holds", 1.0)),
        ({"within": [1, 3]}, [4, 5, 6, 7], (6, "fails", 1.0)),
        ({"statistic": "mean", "above": 0}, [1, 2, 3], (10, "holds", 2.0)),
        ({"statistic": "mean", "within": [0, 4]}, [1, 2, 3], (10, "holds", 2.0)),
        ({"statistic": "mean", "above": 0}, [1, 2, math.inf], None),
        ({"statistic": "share", "below": 0.5}, [0, 0, 0], (6, "holds", 0.5)),
        ({"statistic": "share", "above": 0.5}, [0, 0, 0], (6, "fails", 0.5)),
    ],
)
def test_replicates_of_a_part_follow_from_the_effect_that_its_values_show(entry, values, expected):
    found = claims_power.need(part(**entry), paired(*values), LOOKS)
    assert found == expected if expected is None else found == pytest.approx(expected)


def test_unpaired_samples_need_replicates_of_each():
    one, other = np.array([4.0, 5, 6]), np.array([1.0, 2, 3])
    shift = part(statistic="shift", over="b/base", above=1)
    assert claims_power.need(shift, SampleValues(one[:, None] / other, other, 0, False), LOOKS)[:2] == (4, "holds")
    distance = part(statistic="distance", over="b/base", below=0.9)
    found = claims_power.need(distance, SampleValues(one, one + 0.5, 0, False), LOOKS)
    assert found.effect == pytest.approx(0.9 - 1 / 3)
    assert found.size == power.distance_size(found.effect)


@pytest.fixture(scope="module")
def config():
    return shipped.config()


def test_raised_cases_include_those_that_they_start_from_and_audit(config):
    landscape = Part.model_validate({"what": "it", "measure": "roughness", "of": "landscape/relu", "above": 1})
    raised = claims_power.raised_cases(config, landscape, 12)
    assert {case.name: number for case, number in raised.items()} == {"landscape/relu": 12, "small_fit/relu": 12}
    audited = {"of": "audit/failed_ideas", "at": {"case": ["poisson/bn", "poisson/base"]}, "above": 1}
    raised = claims_power.raised_cases(config, Part.model_validate({"what": "it", "measure": "m", **audited}), 20)
    assert {case.name for case in raised} == {"audit/failed_ideas", "poisson/bn", "poisson/base"}
    assert set(raised.values()) == {10}  # each replicate of both cases counts


def test_cost_grows_in_proportion_to_replicates(config):
    costs = Costs.read(cost_model.TABLE)
    (case,) = config.select(["ritz/relu-k2"])
    measured = costs.of(f"{case.folder}/train", config).seconds
    now = config.settings_of(case).seeds
    assert claims_power.seconds(config, {case: 3 * now}, costs) == pytest.approx(START + 3 * (measured - START))
    (ensemble,) = config.select(["mrepu/default"])
    shards = config.settings_of(ensemble).shards
    one = costs.of(f"{ensemble.folder}/shard", config).seconds
    twice = claims_power.seconds(config, {ensemble: 2 * config.settings_of(ensemble).networks}, costs)
    assert twice == pytest.approx(shards * (START + 2 * (one - START)))


def test_report_has_a_line_per_undecided_part_and_the_cost_of_all(config, monkeypatch):
    claims = {
        "d7": SimpleNamespace(parts=[part(what="error", of="ritz/relu2-k2", above=1)]),
        "d8": SimpleNamespace(parts=[part(what="energy", of="ritz/tanh-k2", above=1)]),
        "d9": SimpleNamespace(parts=[part(what="gap", of="fit/k2", above=1)]),
        "d1": SimpleNamespace(parts=[part(what="clear", of="ritz/relu-k2", above=1)]),
    }
    values = {"error": [2] * 5 + [0.5], "energy": [2, 0.5] * 3, "clear": [2] * 6}
    few = config.model_copy(update={"claims": {"deep_ritz": claims}})
    monkeypatch.setattr(claims_power, "_read", lambda config, results, names: dict.fromkeys(names, KeptResult({})))
    monkeypatch.setattr(claims_power, "values_of", lambda entry, kept: values_of(entry))
    monkeypatch.setattr("reproduction.claims.decide.values_of", lambda entry, kept: values_of(entry))

    def values_of(entry):
        if entry.what == "gap":
            raise claims_power.ConfigError("results/fields.nc is missing")
        return paired(*values[entry.what])

    costs = Costs.read(cost_model.TABLE)
    found, missing = claims_power.undecided(few, "results", costs)
    text = power_report.report(few, found, missing, costs)
    assert [each.claim for each in found] == ["d7", "d8"]
    assert "tier draft: 2 undecided parts in 2 claims" in text
    assert f"{power.sign_test_size(5 / 6)}" in next(line for line in text.splitlines() if "error (n = 6)" in line)
    assert "the share 0.50 is too near 1/2" in text
    assert "1 parts of d9 are not estimated: results/fields.nc is missing" in text
    assert "all that can be decided, together: 1 cases" in text


def test_decisions_of_the_found_size_are_as_frequent_as_stated():
    """For a share of 0.85, the twenty values that ``sign_test_size`` gives decide in 80 % of the trials."""
    random, size = np.random.default_rng(3), power.sign_test_size(0.85)
    signs = np.where(random.random((500, size)) < 0.85, 1.0, -1.0)
    held = np.mean(
        [interval_over_looks(each).low > 0 and deciding_look(each, LOOKS, 0, math.inf) > 0 for each in signs]
    )
    assert held > 0.8 - 4 * math.sqrt(0.16 / len(signs))
