"""Claims that no data can decide: refusals agree with the decisions that data allow, and name what to raise."""

import math

import numpy as np
import pandas as pd
import pytest

from rectified.statistics.intervals import distance_interval, mean_interval, share_interval, shift_interval
from rectified.statistics.looks import LOOKS, interval_over_looks
from reproduction.claims import decide, samples
from reproduction.config import loading
from reproduction.config.checks import decidability
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Part

POISSON = {"document": "d", "task": "collocation", "problem": "p"}
EXPERIMENTS = {
    "a": {
        "document": "d",
        "task": "collocation",
        "problem": "p",
        "seeds": 6,
        "cases": {"base": {}, "few": {"seeds": 3}},
    },
    "b": {"document": "d", "task": "collocation", "problem": "p", "seeds": 5},
    "s": {"document": "d", "task": "collocation", "problem": "p", "sweep": {"width": [8], "seeds": [2]}},
    "k": {"document": "d", "task": "kernel_ensemble", "activation": "relu", "networks": 8},
    "t": {"document": "d", "task": "theory", "activation": "tanh"},
    "audit": {"document": "d", "task": "audit", "of": ["a/*"], "seeds": 4},
}


def part(**settings) -> Part:
    return Part.model_validate({"what": "it", "measure": "m", "of": "a/base", **settings})


def read(*parts: dict, **more):
    claims = {
        "d": {"c": {"statement": "So.", "source": "here", "parts": [part(**each).model_dump() for each in parts]}}
    }
    raw = {"tier": "test", "problems": {"p": {"equation": "poisson"}}, "experiments": EXPERIMENTS, "claims": claims}
    return loading.load(raw | more)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"over": "b/default", "above": 1},
            "part 'it' has 6 and 5 replicates, but a median needs 6 to be decided; raise experiments.b.seeds to 6",
        ),
        (
            {"of": "a/few", "over": "b/default", "statistic": "shift", "above": 1, "measure": "m"},
            None,  # three against five: the smallest p is 2/56
        ),
        (
            {"of": "a/few", "over": "s/width8-seeds2", "statistic": "shift", "above": 1},
            "part 'it' has 3 and 2 replicates, but a shift needs 4 of each sample to be decided; "
            "raise experiments.a.cases.few.seeds and experiments.s.sweep.seeds to 4",
        ),
        (
            {"of": "k/default", "statistic": "mean", "above": 1},
            "part 'it' has 8 replicates, but a mean needs 10 to be decided; raise experiments.k.networks to 10",
        ),
        ({"of": "k/default", "statistic": "share", "above": 0.5}, None),
        (
            {"of": "k/default", "statistic": "share", "above": 0.9},
            "part 'it' has 8 replicates, but a share needs 36 to be decided; raise experiments.k.networks to 36",
        ),
        (
            {"of": "k/default", "statistic": "share", "within": [0.25, 0.75]},
            "needs 18 to be decided; raise experiments.k.networks to 18",
        ),
        ({"of": "k/default", "statistic": "share", "below": 0}, "no number of replicates can decide it both ways"),
        (
            {"of": "k/default", "over": "k/default2", "statistic": "distance", "below": 0.05},
            "'k/default2' matches no case",
        ),
        (
            {"of": "audit/default", "at": {"case": "a/base"}, "above": 1},
            "part 'it' has 4 replicates, but a median needs 6 to be decided; raise experiments.audit.seeds to 6",
        ),
        (
            {"of": "audit/default", "at": {"case": "a/few"}, "above": 1},
            "has 3 replicates, but a median needs 6 to be decided; raise experiments.a.cases.few.seeds to 6",
        ),
        ({"of": "audit/default", "at": {"case": ["a/base", "a/few"]}, "above": 1}, None),  # 4 + 3 replicates
        ({"of": "a/few", "at": {"time": [0.1, 0.2]}, "above": 1}, None),  # twice 3
        ({"of": "t/default", "above": 1}, None),  # computed, without replicates
        ({"of": "t/default", "less": "a/base", "above": 1}, None),  # one value against six
        ({"of": "a/few", "deterministic": True, "above": 1}, None),
    ],
)
def test_parts_that_no_data_can_decide_are_rejected_when_config_is_read(settings, message):
    if message is None:
        read(settings)
        return
    with pytest.raises(ConfigError) as error:
        read(settings)
    assert str(error.value).startswith("claims.d.c: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_tier_of_few_seeds_may_allow_them_and_other_looks_change_the_number():
    undecidable = {"over": "b/default", "above": 1}
    read(undecidable, undecidable_claims="allowed")
    with pytest.raises(ConfigError, match=r"part 'it' has 6 replicates, but a median needs 9 to be decided"):
        read({"above": 1}, looks={9: 9})


def decided(entry: Part, sizes: list[int], position: float) -> str:
    """Return the outcome for data without scatter at one side of the bounds, or between them."""
    lower, upper = entry.bounds
    low, high = max(lower, -50.0), min(upper, 50.0)
    value = {-1.0: low - 1, 0.0: (low + high) / 2, 1.0: high + 1}[position]
    ends = {"share": 1.0, "distance": 1.0}
    if entry.statistic == "share":
        ones = {-1.0: 0, 0.0: round(sizes[0] * (max(lower, 0) + min(upper, 1)) / 2), 1.0: sizes[0]}[position]
        interval = share_interval([1.0] * ones + [0.0] * (sizes[0] - ones))
    elif entry.statistic == "shift":
        interval = shift_interval(np.full(sizes, value) + np.linspace(0, 1e-9, sizes[0])[:, None])
    elif entry.statistic == "distance":
        apart = {-1.0: 0.0, 0.0: (max(lower, 0) + min(upper, 1)) / 2, 1.0: 1.0}[position] * ends["distance"]
        first, second = (np.linspace(0, 1, size) for size in sizes)
        interval = distance_interval(first, second + apart)
    else:
        estimate = {"median": interval_over_looks, "mean": mean_interval}[entry.statistic]
        interval = estimate(value + np.linspace(-1e-9, 1e-9, sizes[0]))
    return decide.outcome(entry, interval)


@pytest.mark.parametrize(
    ("statistic", "bound"),
    [
        ("median", {"above": 2}),
        ("median", {"within": [1, 3]}),
        ("mean", {"below": 2}),
        ("share", {"above": 0.5}),
        ("share", {"below": 0.3}),
        ("share", {"within": [0.25, 0.75]}),
        ("shift", {"above": 1}),
        ("distance", {"below": 0.6}),
    ],
)
def test_refusals_agree_with_the_outcomes_of_extreme_data(statistic, bound):
    entry = part(statistic=statistic, **bound, **({"over": "b/default"} if statistic in ("shift", "distance") else {}))
    for size in [*range(1, 27), 60]:
        sizes = [size] * (2 if statistic in ("shift", "distance") else 1)
        outcomes = {decided(entry, sizes, position) for position in (-1.0, 0.0, 1.0)}
        assert decidability.is_decidable(entry, sizes, LOOKS) == ({"holds", "fails"} <= outcomes), (size, outcomes)


def test_needed_is_the_smallest_sufficient_number():
    for statistic, bound in [("median", 2), ("mean", 2), ("share", 0.8), ("shift", 1), ("distance", 0.3)]:
        pair = {"over": "b/default"} if statistic in ("shift", "distance") else {}
        entry = part(statistic=statistic, above=bound, **pair)
        number, samples_of = decidability.needed(entry, LOOKS), 2 if pair else 1
        assert decidability.is_decidable(entry, [number] * samples_of, LOOKS)
        assert not decidability.is_decidable(entry, [number - 1] * samples_of, LOOKS)
    assert decidability.needed(part(statistic="share", above=0.8), LOOKS) == math.ceil(math.log(0.025) / math.log(0.8))


def test_a_value_without_replicates_is_paired_with_every_seed(monkeypatch):
    """An inner join of both indices would be empty."""
    seeds = pd.Series([2.0, 4.0, 8.0], pd.Index([0, 1, 2], name="seed"))
    computed = pd.Series([2.0], pd.Index([0], name=samples.COMPUTED))
    found = {"a/base": seeds, "t/default": computed}
    monkeypatch.setattr(samples, "_measured", lambda entry, cases, case, at: found[case])
    over = samples.values_of(part(over="t/default", above=1), {})
    under = samples.values_of(part(of="t/default", over="a/base", above=1), {})
    assert (over.values.tolist(), under.values.tolist()) == ([1, 2, 4], [1, 0.5, 0.25])
    assert not over.computed
    assert not under.computed
