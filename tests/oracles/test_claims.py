"""Verdicts on claims: outcomes from data, their symmetry under swapped data, and selection of measures from files."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builders import job_of
from rectified.statistics.looks import LOOKS
from reproduction.claims import decide, markdown, samples
from reproduction.config.error_messages import validated
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Claim, Part, cases_of, from_text, to_text
from reproduction.storage import store
from reproduction.storage.results import results_of

BASE = [0.9, 1.0, 1.1, 0.95, 1.05, 1.02, 0.98]
RATIOS = [18.9, 20.0, 20.4, 21.0, 24.1, 19.5, 22.0]
NAN = float("nan")


def part(**settings):
    return validated(
        Part, {"what": "ratio of errors", "measure": "relative_l2", "of": "poisson/bn", **settings}, "part"
    )


def claim(*parts):
    return Claim(statement="It breaks.", source="sec. 1", figure="failed_ideas/fig2", parts=parts)


SPEC = {"spec": job_of("collocation", {"p": {"equation": "poisson"}}, problem="p").model_dump_json()}


class Folder:
    """Results of cases in the folder layout of the workflow."""

    def __init__(self, root):
        self.root, self.paths = root, []

    def arrays(self, case, name="fields", **variables):
        """Write variables as netCDF, given with dimensions or as values by seed."""
        coordinates = variables.pop("coordinates", {})
        data = {key: value if isinstance(value, tuple) else ("seed", value) for key, value in variables.items()}
        seeds = {"seed": np.arange(dict(xr.Dataset(data).sizes)["seed"])}
        return self._write(case, f"{name}.nc", store.write_arrays, xr.Dataset(data, seeds | coordinates))

    def table(self, case, name="history", **columns):
        return self._write(case, f"{name}.parquet", store.write_table, pd.DataFrame(columns))

    def _write(self, case, name, write, data):
        path = self.root / "failed_ideas" / case / name
        write(path, data, SPEC)
        self.paths.append(str(path))
        return self

    @property
    def cases(self):
        return decide.by_name(results_of(self.paths))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def two(folder, first, second):
    return folder.arrays("poisson/bn", relative_l2=first).arrays("poisson/base", relative_l2=second).cases


def over(**settings):
    return part(over="poisson/base", **settings)


def test_paired_ratios_have_the_sign_test(folder):
    errors = np.multiply(RATIOS, BASE)
    found = decide.decide(over(above=20.5), two(folder, errors, BASE))
    assert found.value == pytest.approx(20.4)
    assert (found.low, found.high, found.n, found.diverged) == (pytest.approx(18.9), pytest.approx(24.1), 7, 0)
    assert (found.coverage, found.look) == (1 - 2 / 2**6, 6)
    assert found.p_value == pytest.approx(scipy.stats.binomtest(2, 6).pvalue)  # of the first six, two exceed 20.5
    assert found.outcome == "undecided"


def test_factor_is_tested_against_the_threshold_that_is_claimed(folder):
    ratios = [1.1, 1.3, 1.4, 1.8, 1.9, 2.5, 9]
    clear = two(folder, np.multiply(ratios, BASE), BASE)
    assert decide.decide(over(above=1), clear).outcome == "holds"
    assert decide.decide(over(above=1.5), clear).outcome == "undecided"  # two of the first six ratios are below 1.5
    assert decide.decide(over(above=9.5), clear).outcome == "fails"
    assert decide.decide(over(below=2), clear).outcome == "undecided"


@pytest.mark.parametrize("count", [6, 9, 12, 20])
def test_a_true_ratio_at_the_threshold_is_decided_as_rarely_as_the_interval_says(count):
    random, claimed = np.random.default_rng(count), over(above=5)
    ratios = 5 * random.lognormal(sigma=0.5, size=(2000, count))
    decided = [decide.outcome(claimed, decide.interval_over_looks(sample)) != "undecided" for sample in ratios]
    assert np.mean(decided) < 0.05


@settings(deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=6, max_size=14), st.floats(-10, 10))
def test_above_and_below_are_mirror_images_and_agree_with_the_sign_test(values, threshold):
    assume(threshold not in values)
    interval = decide.interval_over_looks(values)
    above, below = (decide.outcome(part(**{side: threshold}), interval) for side in ("above", "below"))
    assert {above, below} in ({"holds", "fails"}, {"undecided"})
    more = [sum(value > threshold for value in values[:count]) for count in (6, 9, 12) if count <= len(values)]
    first = next((k for k, needed in zip(more, (6, 9, 11)) if k >= needed), None)
    other = next((k for k, count, needed in zip(more, (6, 9, 12), (6, 9, 11)) if count - k >= needed), None)
    if other is None:
        assert (above == "holds") == (first is not None)
    mirrored = decide.interval_over_looks(np.negative(values))
    assert decide.outcome(part(below=-threshold), mirrored) == above


def test_swapping_the_cases_or_moving_the_threshold_reverses_the_verdict(tmp_path):
    errors = np.multiply(RATIOS, BASE)
    cases = two(Folder(tmp_path / "as"), errors, BASE)
    swapped = two(Folder(tmp_path / "swapped"), BASE, errors)
    found = [
        decide.decide_claims({"c1": claim(over(above=threshold))}, results).verdict[0]
        for results, threshold in ((cases, 5), (swapped, 5), (cases, 25), (swapped, 0.01), (cases, 20.5))
    ]
    expected = ["reproduced", "not reproduced", "not reproduced", "reproduced", "undecided at this tier"]
    assert found == expected
    inverse = samples.values_of(over(above=1), swapped).values
    np.testing.assert_allclose(samples.values_of(over(above=1), cases).values * inverse, 1, rtol=1e-14)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["holds", "holds"], "reproduced"),
        (["fails"], "not reproduced"),
        (["holds", "fails"], "reproduced in part"),
        (["holds", "undecided", "fails"], "reproduced in part"),
        (["holds", "undecided"], "undecided at this tier"),
        (["undecided", "fails"], "not reproduced"),
        (["undecided"], "undecided at this tier"),
    ],
)
def test_verdict_follows_from_outcomes(outcomes, verdict):
    assert decide.verdict(outcomes) == verdict
    assert decide.verdict(outcomes[::-1]) == verdict


def test_all_verdicts_arise_from_data(folder):
    cases = two(folder, np.multiply(RATIOS, BASE), BASE)
    entries = {
        "c1": claim(over(above=5)),
        "c2": claim(over(below=5), part(above=30)),
        "c3": claim(over(above=5), over(below=5)),
        "c4": claim(over(above=5), over(above=20.5)),
    }
    found = decide.decide_claims(entries, cases)
    verdicts = dict(zip(found.claim, found.verdict))
    assert list(verdicts.values()) == [
        "reproduced",
        "not reproduced",
        "reproduced in part",
        "undecided at this tier",
    ]
    assert found.outcome.tolist() == ["holds", "fails", "fails", "holds", "fails", "holds", "undecided"]


@pytest.mark.parametrize(("seeds", "outcome"), [(5, "undecided"), (6, "holds")])
def test_six_seeds_are_needed_to_decide(folder, seeds, outcome):
    found = decide.decide(over(above=5), two(folder, RATIOS[:seeds], [1.0] * seeds))
    assert found.outcome == outcome
    assert found.coverage == 1 - 2.0 ** (1 - seeds)


def test_value_on_the_threshold_counts_against_either_side(folder):
    cases = folder.arrays("poisson/bn", relative_l2=[5.0, 6, 7, 8, 9, 10]).cases
    found = decide.decide(part(above=5), cases)
    assert (found.low, found.outcome) == (5, "undecided")


def test_seeds_are_paired_by_their_number(folder):
    folder.arrays("poisson/bn", relative_l2=[8.0, 4.0, 2.0], coordinates={"seed": [5, 1, 3]})
    folder.arrays("poisson/base", relative_l2=[1.0, 2.0, 4.0], coordinates={"seed": [1, 4, 5]})
    found = samples.values_of(over(above=1), folder.cases)
    assert sorted(found.values) == [2.0, 4.0]


def test_missing_common_seed_is_an_error(folder):
    folder.arrays("poisson/bn", relative_l2=[1.0]).arrays("poisson/base", relative_l2=[1.0], coordinates={"seed": [1]})
    with pytest.raises(ConfigError, match="no seed in common"):
        samples.values_of(over(above=1), folder.cases)


def test_ratio_of_errors_is_infinite_for_diverged_runs(folder):
    cases = two(folder, [1.0, NAN, 3.0, NAN, 5.0], [1.0, 2.0, NAN, NAN, np.inf])
    ratios = samples.values_of(over(above=1), cases)
    assert ratios.values.tolist() == [1.0, np.inf, 0.0, 0.0]
    assert ratios.diverged == 4
    differences = samples.values_of(part(less="poisson/base", diverged="infinite", above=1), cases)
    assert differences.values.tolist() == [0.0, np.inf, -np.inf, -np.inf]
    single = samples.values_of(part(diverged="infinite", above=1), cases)
    assert (single.values.tolist(), single.diverged) == ([1.0, np.inf, 3.0, np.inf, 5.0], 2)


def test_method_that_always_diverges_loses_against_one_that_does_not(tmp_path):
    cases = two(Folder(tmp_path), [NAN] * 7, BASE)
    found = decide.decide(over(above=5), cases)
    assert (found.value, found.low, found.outcome, found.diverged) == (np.inf, np.inf, "holds", 7)
    assert decide.decide(over(below=1.2), cases).outcome == "fails"
    swapped = two(Folder(tmp_path / "swapped"), BASE, [NAN] * 7)
    assert decide.decide(over(above=5), swapped).outcome == "fails"
    both = decide.decide(over(above=5), two(Folder(tmp_path / "both"), [NAN] * 7, [NAN] * 7))
    assert (both.n, both.diverged, both.outcome) == (0, 7, "undecided")


@pytest.mark.parametrize("side", ["above", "below"])
def test_unknown_values_never_decide(folder, side):
    """With two of seven values unknown the interval is unbounded; with one of ten the order statistics stay finite."""
    folder.arrays("poisson/bn", relative_l2=[1.0] * 5 + [NAN] * 2)
    for threshold in (0.0, 2.0):
        found = decide.decide(part(**{side: threshold}), folder.cases)
        assert (found.low, found.high, found.n, found.diverged) == (-np.inf, np.inf, 7, 2)
        assert (found.value, found.outcome) == (1.0, "undecided")
    ten = folder.arrays("poisson/base", relative_l2=[1.0] * 9 + [NAN]).cases
    found = decide.decide(part(of="poisson/base", above=0.0), ten)
    assert (found.low, found.high, found.outcome) == (1.0, 1.0, "holds")


def test_diverged_runs_are_nan_in_every_file(folder):
    folder.arrays("poisson/bn", relative_l2=[1.0, 2.0, 3.0], diverged_at=[-1, 7, -1])
    folder.table("poisson/bn", "audit", seed=[0, 1, 2], share=[0.1, 0.2, 0.3])
    np.testing.assert_array_equal(samples.values_of(part(above=0), folder.cases).values, [1.0, NAN, 3.0])
    found = samples.values_of(part(measure="share", above=0), folder.cases)
    np.testing.assert_array_equal(found.values, [0.1, NAN, 0.3])
    assert found.diverged == 1
    assert samples.values_of(part(measure="diverged_at", above=0), folder.cases).values.tolist() == [-1, 7, -1]


def test_zero_over_zero_is_unknown_and_ratios_of_negative_numbers_are_rejected(tmp_path):
    cases = two(Folder(tmp_path), [0.0, 0.0, 2.0], [0.0, 2.0, 0.0])
    np.testing.assert_array_equal(samples.values_of(over(above=1), cases).values, [NAN, 0.0, np.inf])
    for name, first, second in (("first", [-1.0], [1.0]), ("second", [1.0], [-1.0])):
        with pytest.raises(ConfigError, match="has negative terms; compare with `less`"):
            samples.values_of(over(above=1), two(Folder(tmp_path / name), first, second))


@pytest.mark.parametrize(
    ("side", "threshold", "outcome"),
    [
        ("above", 2.5, "holds"),
        ("above", 3, "fails"),
        ("below", 3.5, "holds"),
        ("below", 3, "fails"),
        ("below", 1, "fails"),
    ],
)
def test_deterministic_part_needs_no_seeds(folder, side, threshold, outcome):
    cases = folder.arrays("poisson/bn", patch_rank=[3, 3]).cases
    found = decide.decide(part(measure="patch_rank", deterministic=True, **{side: threshold}), cases)
    assert (found.value, found.low, found.high, found.coverage, found.outcome) == (3, 3, 3, 1, outcome)
    assert np.isnan(found.p_value)
    assert decide.decide(part(measure="patch_rank", **{side: threshold}), cases).outcome == "undecided"


@pytest.mark.parametrize("values", [[3.0, 4.0], [3.0, NAN], [NAN]])
def test_deterministic_part_with_varying_values_is_rejected(folder, values):
    cases = folder.arrays("poisson/bn", patch_rank=values).cases
    with pytest.raises(
        ConfigError, match="'patch_rank' of 'poisson/bn' is deterministic; all seeds must have the same value"
    ):
        decide.decide(part(measure="patch_rank", deterministic=True, above=1), cases)


@pytest.fixture
def latents(folder):
    """Return a correlation by seed, network and layer with values 100·network + 10·layer + seed."""
    values = 100 * np.arange(2)[:, None, None] + 10 * np.arange(1, 4)[:, None] + np.arange(2)
    coordinates = {"network": ["pinn", "regressor"], "scale": np.float32([0.1, 0.2, 0.3])}
    folder.arrays("latents/default", "latents", correlation=(("network", "layer", "seed"), values))
    folder.arrays(
        "latents/default",
        "scales",
        coordinates=coordinates,
        by_scale=(("network", "scale", "seed"), values),
        with_text=(("seed", "network"), values[:, 0].T),
    )
    return folder.cases


def at(latents, measure, **settings):
    return samples.values_of(part(of="latents/default", measure=measure, above=0, **settings), latents).values.tolist()


def test_selection_by_name_and_number_from_netcdf(latents):
    assert at(latents, "by_scale", at={"network": "regressor", "scale": 0.2}) == [120, 121]
    assert at(latents, "with_text", at={"network": "pinn"}) == [10, 11]
    assert at(latents, "correlation", at={"network": 1, "layer": 2}) == [130, 131]
    less = at(latents, "by_scale", at={"network": "regressor", "scale": "1e-1"}, less={"network": "pinn", "scale": 0.3})
    assert less == [80, 80]


@pytest.mark.parametrize(
    ("measure", "selection", "message"),
    [
        ("by_scale", {"network": "regresor", "scale": 0.2}, "has no network 'regresor'; allowed: pinn, regressor"),
        ("by_scale", {"network": "pinn"}, "has several values of a seed; select among scale"),
        ("by_scale", {"network": "pinn", "layer": 2}, "by network and layer must be in one file; .* none of"),
        ("by_scal", {}, "'by_scal' must be in one file; it is in none of: latents.nc, scales.nc"),
    ],
)
def test_selection_errors_list_the_allowed_values(latents, measure, selection, message):
    with pytest.raises(ConfigError, match=f"case 'latents/default': .*{message}"):
        at(latents, measure, at=selection)


def test_history_is_read_at_its_last_epoch_by_default(folder):
    folder.table("poisson/bn", epoch=[0, 0, 10, 10], seed=[0, 1, 0, 1], loss=[4.0, 5.0, 6.0, NAN])
    found = samples.values_of(part(measure="loss", above=1, diverged="infinite"), folder.cases)
    assert (found.values.tolist(), found.diverged) == ([6.0, np.inf], 1)
    found = samples.values_of(part(measure="loss", at={"epoch": 0}, above=1), folder.cases)
    assert found.values.tolist() == [4.0, 5.0]


def test_rows_of_a_table_are_selected_by_columns(folder):
    columns = {
        "seed": [0, 0, 1, 1],
        "power": [1, 2, 2, 1],
        "branch": ["a", "b", "b", "a"],
        "share": [1.0, 2.0, 4.0, 3.0],
    }
    cases = folder.table("towers/relu123", "audit", **columns).cases

    def share(**settings):
        return samples.values_of(part(measure="share", of="towers/relu123", above=0, **settings), cases).values.tolist()

    assert share(at={"power": 1}) == [1.0, 3.0]
    assert share(at={"branch": "b"}, less={"branch": "a"}) == [1.0, 1.0]
    with pytest.raises(ConfigError, match="select among power, branch with `at`"):
        share()


def test_measure_is_read_from_the_file_that_has_it(folder):
    """netCDF takes precedence over Parquet; a coordinate only in the table selects it; two netCDF files conflict."""
    folder.arrays("poisson/bn", relative_l2=[1.0])
    folder.table("poisson/bn", epoch=[0, 9], seed=[0, 0], relative_l2=[2.0, 3.0])

    def error(**settings):
        return samples.values_of(part(above=0, **settings), folder.cases).values.tolist()

    assert (error(), error(at={"epoch": 0}), error(file="history")) == ([1.0], [2.0], [3.0])
    folder.arrays("poisson/bn", "latents", relative_l2=[4.0])
    assert error(file="latents") == [4.0]
    with pytest.raises(ConfigError, match=r"it is in all of: fields\.nc, latents\.nc"):
        error()


def test_missing_results_are_named(folder):
    with pytest.raises(ConfigError, match="no results of the case 'poisson/base'; did you mean 'poisson/bn'"):
        decide.decide(over(above=1), folder.arrays("poisson/bn", relative_l2=[1.0]).cases)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "exactly one of .* is required; got none"),
        ({"above": 1, "below": 2}, "exactly one of .* is required; got `above` and `below`"),
        ({"above": 1, "over": "a/b", "less": "a/c"}, "at most one of `over` and `less` is allowed; got both"),
        ({"above": 1, "over": "poisson/bn"}, "must name another case .*; got 'poisson/bn' itself"),
        ({"above": 1, "at": {"layer": 3}, "less": {"layer": 3}}, "must name another case .*; got 'poisson/bn' itself"),
        ({"above": float("nan")}, "above must be a finite number; got nan"),
        ({"above": 1, "less": "nocase"}, "less.* must match the pattern .*; got 'nocase'"),
        ({"above": 1, "less": 3}, "less.* must be a valid dictionary; got 3"),
        ({"above": 1, "at": {"seed": 3}}, "at: seed cannot be selected"),
        (
            {"above": 1, "at": {"layer": [3]}},
            r"at.layer.*: a list must contain two or more .*; got \[3\]",
        ),
        ({"within": [2, 1]}, r"within: the first bound must be below the second; got \[2.0, 1.0\]"),
        ({"above": 1, "within": [1, 2]}, "exactly one of .* is required; got `above` and `within`"),
        ({"above": 1, "statistic": "shift"}, "'shift' compares two samples; it requires `over` or `less`"),
        ({"above": 1, "statistic": "distance"}, "'distance' compares two samples; it requires `over`"),
        (
            {"above": 1, "statistic": "mean", "deterministic": True},
            "statistic of a deterministic number must be 'median'; got 'mean'",
        ),
        ({"above": 1, "reduce": "bigest"}, "unknown value 'bigest'; did you mean 'largest'"),
        ({"above": 1, "ovr": "a/b"}, "unknown key 'ovr'; did you mean 'over'"),
        ({"above": 1, "diverged": "infinit"}, "unknown value 'infinit'; did you mean 'infinite'"),
    ],
)
def test_invalid_entries_are_rejected_with_a_one_line_message(settings, message):
    with pytest.raises(ConfigError, match=message) as error:
        part(**settings)
    assert "\n" not in str(error.value)


def test_entries_survive_serialization_and_name_their_cases():
    first = claim(
        part(at={"layer": 3, "scale": 0.5, "network": "pinn", "on": True}, over="b/c", below="1e-12"),
        part(less={"layer": 2}, above=-1),
    )
    entries = {"c2": first, "c1": claim(part(of="d/e-1", less="b/c", above=0))}
    assert from_text(to_text(entries)) == entries
    assert first.parts[0].bounds == (-math.inf, 1e-12)
    assert cases_of(entries) == ["poisson/bn", "b/c", "d/e-1"]


def shifted(**settings):
    return over(statistic="shift", **settings)


def test_four_seeds_each_decide_a_shift_and_swapping_them_reverses_it(tmp_path):
    cases = two(Folder(tmp_path / "as"), [5.0, 6, 7, 8], [1.0, 2, 3, 4])
    swapped = two(Folder(tmp_path / "swapped"), [1.0, 2, 3, 4], [5.0, 6, 7, 8])
    found = decide.decide(shifted(above=1), cases)
    assert (found.n, found.n_other, found.outcome) == (4, 4, "holds")
    assert decide.decide(shifted(above=1.3), cases).outcome == "undecided"
    assert (found.low, found.high, found.coverage) == (5 / 4, 8, pytest.approx(1 - 2 / 70))
    assert found.p_value == pytest.approx(scipy.stats.mannwhitneyu([5, 6, 7, 8], [1, 2, 3, 4]).pvalue)
    assert decide.decide(shifted(above=1), swapped).outcome == "fails"
    assert decide.decide(shifted(below=1), swapped).outcome == "holds"
    assert decide.decide(over(above=1), cases).outcome == "undecided"  # only four pairs
    overlapping = two(Folder(tmp_path / "overlapping"), [5.0, 6, 7, 3.5], [1.0, 2, 3, 4])
    assert decide.decide(shifted(above=1), overlapping).outcome == "undecided"
    difference = part(statistic="shift", less="poisson/base", above=0.5)
    assert decide.decide(difference, cases).low == 1
    three = two(Folder(tmp_path / "three"), [5.0, 6, 7], [1.0, 2, 3])
    assert decide.decide(shifted(above=1), three).outcome == "undecided"


def test_diverged_runs_rank_last_in_a_shift(tmp_path):
    cases = two(Folder(tmp_path / "as"), [NAN, NAN, 7, NAN], [1.0, 2, 3, 4])
    found = decide.decide(shifted(above=1.5), cases)
    assert (found.value, found.low, found.diverged, found.outcome) == (np.inf, 7 / 4, 3, "holds")
    both = two(Folder(tmp_path / "both"), [NAN, 6, 7, 8], [1.0, NAN, 3, 4])
    assert decide.decide(shifted(above=1.5), both).outcome == "undecided"


def test_within_requires_the_whole_interval_between_the_bounds(folder):
    cases = two(folder, np.multiply([0.97, 0.98, 0.99, 1.01, 1.02, 1.03], BASE[:6]), BASE[:6])
    outcomes = [
        decide.decide(over(within=bounds), cases).outcome
        for bounds in ((0.95, 1.05), (0.98, 1.05), (0.5, 0.9), (1.1, 2.0), (0.5, 0.975))
    ]
    assert outcomes == ["holds", "undecided", "fails", "fails", "undecided"]
    assert np.isnan(decide.decide(over(within=(0.95, 1.05)), cases).p_value)


def test_networks_are_replicates_if_there_are_no_seeds(folder):
    """A mean needs ten replicates, a share any number; flipped values reverse the outcomes."""
    values = np.linspace(0.9, 1.3, 12)
    flags = np.array([1.0] * 11 + [0.0])
    dims, given = ("network", "layer"), {"network": np.arange(12), "layer": [1, 2]}
    arrays = {"kernel": (dims, np.stack([values, 2 * values], 1)), "flag": (dims, np.stack([flags, 1 - flags], 1))}
    path = folder.root / "failed_ideas" / "poisson/bn" / "kernels.nc"
    store.write_arrays(path, xr.Dataset(arrays, given), SPEC)
    cases = decide.by_name(results_of([str(path)]))

    def decided(measure, layer, **settings):
        return decide.decide(part(measure=measure, at={"layer": layer}, **settings), cases)

    found = decided("kernel", 1, statistic="mean", within=(1, 1.2))
    assert (found.value, found.n, found.outcome) == (pytest.approx(1.1), 12, "holds")
    width = 2 * scipy.stats.t.ppf(0.975, 11) * values.std(ddof=1) / 12**0.5
    assert width <= found.high - found.low < 1.1 * width
    assert decided("kernel", 2, statistic="mean", within=(1, 1.2)).outcome == "fails"
    assert decided("flag", 1, statistic="share", above=0.5).outcome == "holds"
    assert decided("flag", 2, statistic="share", above=0.5).outcome == "fails"
    assert decided("kernel", 2, over={"layer": 1}, within=(1.9, 2.1)).value == 2
    assert decide.decide(part(measure="kernel", reduce="largest", below=1.9), cases).value == pytest.approx(2.2)
    with pytest.raises(ConfigError, match="'kernel' of 'poisson/bn': values of a share must be zeros and ones"):
        decided("kernel", 1, statistic="share", above=0.5)


def test_small_distance_holds_for_equal_and_fails_for_shifted_distributions(folder):
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 4000))
    near = part(over="poisson/base", statistic="distance", below=0.1)
    found = decide.decide(near, two(folder, first, second))
    assert (found.n, found.n_other, found.outcome) == (4000, 4000, "holds")
    assert found.p_value == scipy.stats.ks_2samp(first, second).pvalue
    assert decide.decide(near, two(Folder(folder.root / "other"), first, second + 1)).outcome == "fails"
    few = two(Folder(folder.root / "few"), first[:20], second[:20])
    assert decide.decide(near, few).outcome == "undecided"


def test_list_in_at_pools_the_seeds(folder):
    columns = {"branch": ["a"] * 4 + ["b"] * 4, "seed": [*range(4)] * 2, "flag": [1.0] * 8}
    cases = folder.table("poisson/bn", "audit", **columns).cases
    alone = part(measure="flag", at={"branch": "a"}, statistic="share", above=0.5)
    pooled = part(measure="flag", at={"branch": ["a", "b"]}, statistic="share", above=0.5)
    assert (decide.decide(alone, cases).n, decide.decide(alone, cases).outcome) == (4, "undecided")
    assert (decide.decide(pooled, cases).n, decide.decide(pooled, cases).outcome) == (8, "holds")
    with pytest.raises(ConfigError, match="'flag' has no branch 'c'; allowed: a, b"):
        decide.decide(part(measure="flag", at={"branch": ["a", "c"]}, statistic="share", above=0.5), cases)


def test_overview_page_counts_the_verdicts_by_document(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(markdown, "start_log", lambda path: None)
    cases = two(folder, np.multiply(RATIOS, BASE), BASE)
    entries = {"c1": claim(over(above=5), over(above=6)), "c2": claim(over(below=5)), "c3": claim(over(above=4))}
    paths = []
    for document, names in (("one", ["c1", "c2", "c3"]), ("other", ["c2"])):
        table = decide.decide_claims({name: entries[name] for name in names}, cases)
        paths.append(tmp_path / f"{document}.parquet")
        store.write_table(paths[-1], table.assign(document=document, tier="draft"), {})
    output = {kind: tmp_path / f"all.{kind}" for kind in ("data", "csv", "md")}
    params, output = SimpleNamespace(code=["claim_pages.py 0"]), SimpleNamespace(**output)
    markdown.make(SimpleNamespace(log=[""], params=params, input=list(map(str, paths)), output=output))
    lines = output.md.read_text().splitlines()
    assert lines[2] == "| claims of | reproduced | reproduced in part | not reproduced | undecided at this tier | all |"
    assert lines[4:6] == ["| one | 2 | 0 | 1 | 0 | 3 |", "| other | 0 | 0 | 1 | 0 | 1 |"]
    assert [line for line in lines if line.startswith("## ")] == ["## one", "## other"]
    together = store.read_table(output.data)
    assert together.document.tolist() == ["one"] * 4 + ["other"]
    assert len(pd.read_csv(output.csv)) == len(together)


def test_job_writes_rows_of_parts_and_a_page_of_claims(folder, tmp_path, monkeypatch):
    """The first of seven base runs has diverged, so that five of six ratios are above 5 and one is 0."""
    monkeypatch.setattr(decide, "start", lambda snakemake: None)
    two(folder, np.multiply(RATIOS, BASE), [NAN, *BASE[1:]])
    entry = to_text({"c1": claim(over(above=5), part(below=100)), "c2": claim(part(above=50, what="a|b"))})
    output = {kind: tmp_path / f"claims.{kind}" for kind in ("data", "csv", "md", "html")}
    job = SimpleNamespace(
        log=[""],
        params=SimpleNamespace(entry=entry, looks=LOOKS, code=["claims.py 0"], tier="draft", document="failed_ideas"),
        input=folder.paths,
        output=SimpleNamespace(**output),
    )
    decide.make(job)
    table = store.read_table(output["data"])
    assert table.claim.tolist() == ["c1", "c1", "c2"]
    assert table.verdict.tolist() == ["undecided at this tier"] * 2 + ["not reproduced"]
    assert (table.diverged.tolist(), table.tier.unique().tolist()) == ([1, 0, 0], ["draft"])
    assert table.attrs["entry"] == entry
    assert json.loads(table.attrs["code"]) == ["claims.py 0"]
    again = pd.read_csv(output["csv"], keep_default_na=False)
    pd.testing.assert_frame_equal(again, table, check_dtype=False, rtol=1e-5)
    title, *_, first, second = output["md"].read_text().splitlines()
    assert title == "# Claims, draft tier"
    stated = "It breaks. | sec. 1 | failed_ideas/fig2"
    ratio = "ratio of errors: 20.4 [0, 24.1], claimed > 5, n = 7, 1 diverged, p = 0.22: undecided"
    error = "ratio of errors: 20 [17, 25.3], claimed < 100, n = 7 (decided at 6), p = 0.031: holds"
    assert first == f"| c1 | {stated} | undecided at this tier | {ratio}<br>{error} |"
    assert second.startswith(
        rf"| c2 | {stated} | not reproduced | a\|b: 20 [17, 25.3], claimed > 50, n = 7 (decided at 6), p = 0.031: fails"
    )


@pytest.mark.parametrize(
    ("values", "deterministic", "numbers"),
    [
        ([3.0, 3.0], True, "3, claimed < 3.5, n = 2: holds"),
        ([3.0, 3.0], False, "3 (50 %), claimed < 3.5, n = 2: undecided"),
        ([2.0, NAN, 4.0], False, "3 [-inf, inf] (75 %), claimed < 3.5, n = 3, 1 diverged: undecided"),
    ],
)
def test_numbers_are_shown_with_coverage_and_sample_size(folder, values, deterministic, numbers):
    folder.arrays("poisson/bn", patch_rank=values)
    entry = {"c1": claim(part(measure="patch_rank", deterministic=deterministic, below=3.5))}
    (row,) = decide.decide_claims(entry, folder.cases).itertuples()
    assert markdown.numbers(row) == f"ratio of errors: {numbers}"
