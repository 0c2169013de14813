"""Settings in words: they are correct, and different settings have different descriptions."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shipped
from builders import job_of
from reproduction.config import tasks, words
from reproduction.config.config import Config
from reproduction.report import settings_in_words

PROBLEMS = {"k1": {"solution": "sin(pi*x)"}, "k2": {"solution": "sin(2*pi*x)", "coefficient": "1 + x/2"}}


def config(experiments: dict, **more) -> Config:
    return Config.model_validate({"tier": "test", "experiments": experiments, **more})


def said(entry: dict, **more) -> str:
    """Return the sentence that describes all cases of one experiment."""
    made = config({"e": {"document": "d", **entry}}, **more)
    return settings_in_words.sentence([made.job("e", case) for case in made.cases["e"]])


RITZ = {"task": "ritz", "activation": "relu", "width": 50, "epochs": 10_000, "seeds": 6}
NETWORK = "1 hidden layer, width 50, D(x) = x·(1 − x)"


def test_shared_settings_come_first_and_varied_settings_last():
    entry = RITZ | {"sweep": {"problem": ["k1", "k2"]}}
    assert said(entry, problems=PROBLEMS) == (
        f"ReLU, {NETWORK}, M = 100, gradient of the energy: autodiff, start: random, Adam, rate 0.005, 10,000 epochs, "
        "6 seeds; varied: problem k1 (u = sin(π·x)) and k2 (u = sin(2·π·x), κ = 1 + x/2)."
    )


def test_settings_that_do_not_affect_a_case_are_omitted():
    entry = RITZ | {"problem": "k1", "cases": {"one": {"gradient": "kink_aware"}}}
    assert "M = " not in said(entry, problems=PROBLEMS)
    assert "ε" not in said(entry, problems=PROBLEMS)
    both = RITZ | {"problem": "k1", "sweep": {"gradient": ["finite_difference", "kink_aware"]}}
    assert "M = 100 on grids, ε = 0.01 in finite differences" in said(both, problems=PROBLEMS)
    newton = RITZ | {"problem": "k1", "optimizer": "block_newton", "gradient": "kink_aware"}
    assert "rate" not in said(newton, problems=PROBLEMS)


def test_many_values_are_given_as_a_range_and_few_as_a_sorted_list():
    entry = RITZ | {"problem": "k1"}
    assert "varied: width 5 to 100." in said(entry | {"sweep": {"width": [100, 5, 20, 10, 50]}}, problems=PROBLEMS)
    assert "varied: width 5, 10 and 100." in said(entry | {"sweep": {"width": [100, 5, 10]}}, problems=PROBLEMS)


def test_counts_of_one_are_singular():
    sentence = said(RITZ | {"problem": "k1", "seeds": 1, "epochs": 1, "hidden_layers": 2}, problems=PROBLEMS)
    assert "2 hidden layers" in sentence
    assert sentence.endswith("1 epoch, 1 seed.")


def test_critical_units_are_stated():
    entry = {"task": "kernel_ensemble", "activation": "relu2", "weight_variances": [0.7, 1], "networks": 1000}
    assert "C_W = 0.7 and 1 times the critical one" in said(entry | {"in_critical_units": True})
    assert "critical" not in said(entry)


def test_each_task_has_its_own_sentence():
    experiments = {
        "p": {"document": "d", "task": "collocation", "problem": "poisson"},
        "a": {"document": "d", "task": "audit", "of": ["p/*"], "threshold": 0.05, "seeds": 3},
    }
    made = config(experiments, problems={"poisson": {"equation": "poisson"}})
    sentence = settings_in_words.sentence([made.job(name, "default") for name in experiments])
    assert sentence.startswith("Problem poisson (on [−1, 1] × [−1, 1]), architecture: dense, 3 hidden layers, width 24")
    assert sentence.endswith(". Audit with threshold 0.05, audited seeds of a case: at most 3.")


def test_every_task_has_phrases():
    for name, model in tasks.models().items():
        assert model.phrases, name


@pytest.fixture(scope="module", params=["draft", "smoke", "paper"])
def tier(request):
    return shipped.config(request.param)


def test_different_cases_of_an_exhibit_have_different_descriptions(tier):
    """Two settings are exempt: the audited cases, which the exhibit names, and the interval between records."""
    silent = {"of", "record_every"}
    for group in (tier.figures, tier.tables):
        for entries in group.values():
            for entry in entries.values():
                jobs = [tier.job(case.experiment, case.case) for case in tier.select(entry.data)]
                described = [(job, settings_in_words.sentence([job])) for job in jobs]
                for (one, its), (other, others) in itertools.combinations(described, 2):
                    if one.settings.task != other.settings.task:
                        continue
                    same = its == others
                    differing = {
                        name
                        for name in type(one.settings).model_fields
                        if getattr(one.settings, name) != getattr(other.settings, name)
                    }
                    assert not same or differing <= silent, (one.experiment, one.case, other.case, differing)


@settings(deadline=None)
@given(st.permutations(range(5)))
def test_descriptions_of_numeric_settings_do_not_depend_on_the_order_of_cases(order):
    jobs = [job_of("kernel_ensemble", activation="relu", widths=[width]) for width in (8, 16, 32, 64, 128)]
    assert settings_in_words.sentence([jobs[place] for place in order]) == settings_in_words.sentence(jobs)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10_000, "10,000"),
        (-2, "−2"),
        (0.005, "0.005"),
        (1e-5, "10⁻⁵"),
        (2.5e-7, "2.5·10⁻⁷"),
        (1e12, "10¹²"),
        ("hard", "hard"),
    ],
)
def test_numbers_are_formatted_for_text(value, text):
    assert words.written(value) == text


@settings(deadline=None)
@given(st.floats(1e-12, 1e12, allow_nan=False))
def test_formatted_numbers_keep_their_value(value):
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
    text = re.sub(r"(?:^|·)10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", r"e\1", words.written(value)).translate(digits)
    assert float("1" + text if text.startswith("e") else text) == pytest.approx(value, rel=1e-5)


def test_formulas_are_formatted_for_text():
    assert words.formula("x**15/2 - 3*relu(x - 1)**2*pi") == "x¹⁵/2 − 3·relu(x − 1)²·π"
