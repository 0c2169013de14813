"""Scorecards: cases, table, text of the page, and compilation of the page."""

import functools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pypdf import PdfReader
from test_config import raw, small

from rectified.formulas import activations
from reproduction.config import loading
from reproduction.config.errors import ConfigError
from reproduction.exhibits import style
from reproduction.exhibits.scorecards import figure, selection
from reproduction.exhibits.scorecards.overview import overview_markdown, overview_table
from reproduction.exhibits.scorecards.page import FIGURE, page_markup
from reproduction.exhibits.scorecards.table import scorecard_table
from reproduction.exhibits.scorecards.value_text import rounded
from reproduction.rendering import typst_markup
from reproduction.storage import store
from reproduction.storage.results import results_of

MISH = {"custom_activations": {"mish": "x*tanh(log(1 + exp(x)))", "steps": "sign(x) + x"}}
REFERENCES = ["relu", "tanh"]


@functools.cache
def config(tier: str = "smoke"):
    return loading.load(raw(tier) | MISH, checked=True)


# --- cases ---


@pytest.mark.parametrize("tier", ["draft", "smoke", "paper"])
def test_every_activation_of_the_registry_and_of_config_has_a_scorecard(tier):
    found = config(tier)
    for name in [*activations.REGISTRY, "mish", "steps"]:
        tasks = {found.cases[case.experiment][case.case].task for case in selection.scorecard_cases(found, name)}
        assert tasks >= {"theory", "regression", "collocation", "audit"}
        smoothness = activations.get(name, MISH["custom_activations"]).smoothness
        jumps = smoothness == "jumps"
        assert bool(selection.refused_cases(found, name)) == (smoothness in ("jumps", "smooth"))
        assert jumps != any(
            "scorecard_landscape/" in f"{case.experiment}/" for case in selection.scorecard_cases(found, name)
        )


def test_a_scorecard_needs_its_own_cases_and_compared_errors_of_the_references():
    found = config()
    for case in selection.scorecard_cases(found, "mish"):
        settings = found.cases[case.experiment][case.case]
        assert settings.activation in ("mish", *REFERENCES)
        if settings.activation != "mish":
            assert settings.task in selection.COMPARED


def test_cases_that_depend_on_a_refused_case_are_refused_for_the_same_reason():
    refused = selection.refused_cases(config(), "perceptron")
    assert set(map(str.strip, refused.values())) == {"activation 'perceptron' jumps: û would have no finite energy"}
    assert {"scorecard_ritz/autodiff-perceptron", "scorecard_audit/ritz-perceptron"} <= set(refused)
    assert not any(case.startswith("scorecard_poisson/") for case in refused)


def test_kink_aware_quadrature_needs_kinks():
    reasons = selection.refused_cases(config(), "mish")
    assert all("kink_aware" in case for case in reasons)
    assert set(reasons.values()) == {"activation 'mish' is smooth: there are no kinks to follow"}
    kept = {case.case for case in selection.scorecard_cases(config(), "mish") if "scorecard_ritz" in case.experiment}
    assert {"autodiff-mish", "finite_difference-mish", "kink_aware-relu"} <= kept
    assert {"kink_aware-mish", "kink_aware-tanh"}.isdisjoint(kept)
    assert not selection.refused_cases(config(), "mrepu2")


def test_the_placeholder_every_expands_to_each_activation_once():
    found = config().expand_activations(["tanh", "every", "custom"])
    assert found == ["tanh", *(name for name in activations.REGISTRY if name != "tanh"), "mish", "steps"]


def test_a_refused_activation_listed_by_name_is_an_error():
    base = small(experiments={"one": {"sweep": {"activation": ["perceptron"]}}})
    with pytest.raises(ConfigError, match="'perceptron' jumps"):
        loading.load(base)
    base["experiments"]["one"]["sweep"] = {"activation": ["every"]}
    assert "perceptron" not in loading.load(base).cases["one"]


def test_the_activation_placeholder_needs_a_case_with_an_activation():
    audit = {"document": "d", "task": "audit", "of": ["one/{activation}"]}
    base = small(experiments={"one": {"sweep": {"activation": ["relu", "tanh"]}}, "two": audit})
    with pytest.raises(ConfigError, match=r"experiments.two: of: \{activation\} requires the setting activation"):
        loading.load(base)
    base["experiments"]["two"] = audit | {"sweep": {"activation": ["every"]}}
    with pytest.raises(ConfigError, match="'one/perceptron' matches no case"):
        loading.load(base)
    base["experiments"]["two"] = audit | {"sweep": {"activation": ["relu"]}}
    assert loading.load(base).cases["two"]["relu"].of == ["one/relu"]


def test_experiments_that_refer_to_themselves_are_rejected():
    audit = {"document": "d", "task": "audit", "of": ["two/{activation}"], "sweep": {"activation": ["every"]}}
    with pytest.raises(ConfigError, match="'two' refers to itself"):
        loading.load(small(experiments={"two": audit}))


@pytest.mark.parametrize("key", ["activations", "references"])
def test_unknown_activations_of_scorecards_are_rejected_with_the_nearest_name(key):
    with pytest.raises(ConfigError, match=rf"scorecards.{key}: unknown activation 'than'; did you mean 'tanh'"):
        loading.load(small(scorecards={key: ["than"]}))


@pytest.mark.parametrize("name", ["every", "scorecards"])
def test_reserved_names_are_rejected(name):
    with pytest.raises(ConfigError, match="this name is reserved"):
        loading.load(small(custom_activations={name: "x"}))


# --- smoothness ---


@pytest.mark.parametrize(
    ("name", "smoothness"),
    [("perceptron", "jumps"), ("relu", "C0"), ("abs", "C0"), ("relu2", "C1"), ("mrepu3", "C2"), ("gelu", "smooth")],
)
def test_activations_have_the_correct_smoothness_class(name, smoothness):
    assert activations.get(name).smoothness == smoothness


def test_pieces_of_a_derivative_exclude_its_deltas():
    """∫ of the pointwise derivative of |x| over [−3, 3] is that of its pieces; the delta of |x|'' makes up 2."""
    x, y = figure.pieces(activations.get("abs"), 1, 3.0)
    assert set(np.unique(y[~np.isnan(y)])) == {-1.0, 1.0}
    assert not np.isin(0.0, x)
    x, y = figure.pieces(activations.get("relu2"), 2, 3.0)
    assert set(np.round(y[~np.isnan(y)], 12)) == {0.0, 2.0}


# --- table and page ---

ERRORS = {
    "mish": [1.0, 2, 3, 4, 5, np.nan],
    "relu": [10.0, 20, 30, 40, 50, 60],
    "tanh": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
}
AUDIT = {"order": 1, "threshold": 0.05, "derivatives": "given", "points": 100, "first": 1e-6, "parameter": 0.5}


def write(root, found, case, data):
    """Write the output of a job."""
    job = found.job(case.experiment, case.case)
    for name, content in data.items():
        path = root / case.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = store.write_table if name.endswith("parquet") else store.write_arrays
        kind(path, content, {"spec": job.model_dump_json()})
        yield str(path)


def fields(errors):
    errors = np.array(errors)
    names = ("relative_l2", "energy", "value_error", "gradient_error")
    variances = {
        "weight_variance": ((), 2.0, {"reason": "because"}),
        "first_weight_variance": 2.0,
        "bias_variance": 0.1,
    }
    arrays = dict.fromkeys(names, ("seed", errors)) | {"minimum_energy": 0.0} | variances
    return xr.Dataset(arrays | {"diverged_at": ("seed", np.where(np.isnan(errors), 7, -1))})


def content(found, case, errors):
    settings = found.cases[case.experiment][case.case]
    match settings.task:
        case "theory":
            critical = {"weight_variance": 2.0, "bias_variance": 0.0, "kernel": 0.5}
            arrays = {f"critical_{name}": value for name, value in critical.items()}
            arrays |= {"largest_safe_weight_variance": 0.7, "largest_first_kernel": np.nan}
            curves = {name: ("kernel", [0.5, 1.0, 2.0]) for name in ("parallel", "perpendicular")}
            words = {"universality_class": "half-stable", "stability": "half-stable", "reason": "why not"}
            return {"theory.nc": xr.Dataset(arrays | curves, {"kernel": [0.1, 1.0, 10.0]}, words)}
        case "landscape":
            rough = {"roughness": (("seed", "plane"), [[0.1, 0.3, 0.2], [0.4, 0.4, 0.4]])}
            energy = {"energy": (("seed", "plane", "alpha", "beta"), np.ones((2, 3, 5, 5))), "minimum_energy": 0.0}
            coords = {"alpha": np.arange(5.0), "beta": np.arange(5.0), "first": ("plane", [1, 2, 3])}
            return {"landscape.nc": xr.Dataset(rough | energy, coords)}
        case "audit":
            name = settings.of[0]
            row = AUDIT | {"case": name, "document": "scorecards", "seed": 0, "verdict": "inconsistent", "notes": ""}
            return {"audit.parquet": pd.DataFrame([row | {"jumps": 0.0, "kinks": 3.0}])}
    return {"fields.nc": fields(errors[settings.activation])}


def made(tmp_path, name, errors=ERRORS):
    found = config()
    errors = errors | {name: errors.get(name, errors["mish"])}
    cases = selection.scorecard_cases(found, name)
    paths = [path for case in cases for path in write(tmp_path, found, case, content(found, case, errors))]
    results = results_of(paths)
    return results, scorecard_table(results, found.activation(name), selection.refused_cases(found, name))


@pytest.fixture(scope="module")
def mish(tmp_path_factory):
    return made(tmp_path_factory.mktemp("mish"), "mish")


@pytest.fixture(scope="module")
def perceptron(tmp_path_factory):
    return made(tmp_path_factory.mktemp("perceptron"), "perceptron")


def only(table, **where):
    for key, value in where.items():
        table = table[table[key] == value]
    (row,) = table.to_dict("records")
    return row


def test_rows_have_medians_over_healthy_seeds_and_ranks_over_all(mish):
    row = only(mish[1], section="collocation", quantity="relative_l2")
    assert (row["median"], row["low"], row["high"], row["seeds"], row["diverged"]) == (3, 1, 5, 6, 1)
    assert (row["place"], row["of"]) == (2, 3)
    assert only(mish[1], section="landscape", variant="grid")["median"] == pytest.approx(0.3)  # of 0.2 and 0.4
    assert only(mish[1], section="audit", experiment="scorecard_poisson", quantity="verdict")["text"] == "inconsistent"


def test_a_rank_follows_the_data(tmp_path):
    better = ERRORS | {"mish": [value / 1000 for value in ERRORS["relu"]]}
    row = only(made(tmp_path, "mish", better)[1], section="collocation", quantity="relative_l2")
    assert (row["place"], row["place_low"], row["place_high"], row["diverged"]) == (1, 1, 1, 0)


def words_of(results, table, name):
    source = page_markup(table, results, activations.get(name, MISH["custom_activations"]), "smoke")
    return source, source.replace("\\", "")


def test_a_page_has_all_sections_and_its_numbers(mish, tmp_path):
    results, table = mish
    source, words = words_of(results, table, "mish")
    for section in ("Smoothness", "Criticality", "Derivative audit", "Errors", "Landscape"):
        assert f"== {section}" in words
    for said in ("3 [1, 5] (1 of 6 diverged)", "2 of 3", "half-stable", "K* = 0.5", "inconsistent", "smoke tier"):
        assert said in words
    assert "Left out" in words
    assert "ritz: problem k2, width" in words
    assert "hidden layers 1, points" in words
    assert "regression f1, g1: C_W = 2, C_b = 0.1 by rule (because)" in words
    assert "PINN: Glorot for every activation" in words
    style.use()
    style.save(figure.draw(results, activations.get("mish", MISH["custom_activations"])), *_files(tmp_path))
    typst_markup.compile_pdf(tmp_path / "page.pdf", source, {FIGURE: tmp_path / "f.pdf"})
    assert len(PdfReader(tmp_path / "page.pdf").pages) == 1


def _files(folder):
    return str(folder / "f.pdf"), str(folder / "f.png")


def test_a_page_lists_refused_cases_with_reasons(perceptron, tmp_path):
    results, table = perceptron
    source, words = words_of(results, table, "perceptron")
    assert "== Left out" in words
    assert "û would have no finite energy" in words
    assert "Deep Ritz, Deep Ritz in two dimensions: refused" in words
    assert "at x = 0: σ jumps by 2" in words
    assert not (table.section == "ritz").any()
    style.save(figure.draw(results, activations.get("perceptron")), *_files(tmp_path))
    typst_markup.compile_pdf(tmp_path / "page.pdf", source, {FIGURE: tmp_path / "f.pdf"})


def test_a_page_states_that_all_seeds_diverged(tmp_path):
    results, table = made(tmp_path, "mish", ERRORS | {"mish": [np.nan] * 6})
    assert "all 6 seeds diverged" in words_of(results, table, "mish")[1]
    row = only(table, section="collocation", quantity="relative_l2")
    assert (row["place"], row["place_low"]) == (3, 3)


def test_the_overview_has_one_row_per_activation(mish, perceptron):
    cards = pd.concat([mish[1], perceptron[1]]).assign(tier="smoke")
    found = overview_table(cards).set_index("activation")
    assert found.loc["mish", "poisson.relative_l2"] == 3
    assert found.loc["mish", "poisson.relative_l2.rank"].startswith("2 of 3")
    assert found.loc["perceptron", "refused"] == "activation 'perceptron' jumps: û would have no finite energy"
    assert np.isnan(found.loc["perceptron", "ritz.autodiff.relative_l2"])
    lines = overview_markdown(found.reset_index()).splitlines()
    assert [line for line in lines if line.startswith("| mish |")]
    assert len({line.count(" | ") for line in lines if line.startswith("|")}) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0123, "0.012"),
        (1.234e-4, "1.2e−4"),
        (-12.0, "−12"),
        (np.nan, "–"),
        (np.inf, "∞"),
        (5e5, "5.0e5"),
        (150.0, "150"),
    ],
)
def test_numbers_are_rounded_for_the_page(value, said):
    assert rounded(value) == said
