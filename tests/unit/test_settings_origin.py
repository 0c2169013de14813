"""Origin of settings in captions: the tags of config files, their layers, and the sentence."""

import re
from pathlib import Path

import pytest

import shipped
from reproduction.config import setting_tags
from reproduction.config.config import Config
from reproduction.report import captions, settings_origin

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "config.yaml"
TEXT = """
defaults:
  ritz:
    width: 50     # [given]
    epochs: 100   # [chosen] 200 at paper tier, as given
targets:
  f: {function: x, domain: [[0, 1]]} # [chosen], domain [given]
experiments:
  # A comment between entries [inferred] says nothing.
  one: {document: d, task: ritz, points: 100, seeds: 6} # [given], points [chosen]
  two:
    document: d
    task: ritz
    planes: [1, 2] # their number [given], the pairs [chosen]
    batch: 250     # [chosen] of 10,000 points [given]
    cases:
      a: {learning_rate: 1e-3, seeds: 12} # seeds [chosen] as above
    sweep: {width: [5, 10]} # [inferred]
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "config.yaml").write_text(TEXT)
    (tmp_path / "tier.yaml").write_text("defaults: {ritz: {width: 20}}\nexperiments: {one: {seeds: 20}} # [inferred]\n")
    return [tmp_path / "config.yaml", tmp_path / "tier.yaml"]


def test_a_tag_holds_for_its_line_or_for_the_setting_before_it(files):
    found = setting_tags.tags(files[:1])
    assert found == {
        "defaults/ritz/width": "given",
        "defaults/ritz/epochs": "chosen",
        "targets/f/function": "chosen",
        "targets/f/domain": "given",
        "experiments/one/document": "given",
        "experiments/one/task": "given",
        "experiments/one/points": "chosen",
        "experiments/one/seeds": "given",
        "experiments/two/planes": "chosen",
        "experiments/two/batch": "chosen",
        "experiments/two/cases/a/seeds": "chosen",
        "experiments/two/sweep/width": "inferred",
    }


def test_a_value_of_a_tier_has_the_tag_of_the_tier(files):
    found = setting_tags.tags(files)
    assert "defaults/ritz/width" not in found
    assert found["experiments/one/seeds"] == "inferred"
    assert found["experiments/one/points"] == "chosen"


def made() -> Config:
    ritz = {"document": "d", "task": "ritz", "problem": "p", "activation": "relu"}
    experiments = {
        "one": {**ritz, "points": 9},
        "two": {**ritz, "cases": {"a": {"points": 7}}, "sweep": {"width": [5]}},
    }
    raw = {"tier": "test", "problems": {"p": {"solution": "x*(1 - x)"}}, "experiments": experiments}
    return Config.model_validate(raw | {"defaults": {"ritz": {"width": 50, "epochs": 3}}})


def test_later_layers_decide_the_origin_and_cases_may_differ():
    config = made()
    tagged = {
        "defaults/ritz/width": "given",
        "defaults/ritz/epochs": "given",
        "experiments/one/points": "inferred",
        "experiments/two/cases/a/points": "given",
        "problems/p/solution": "inferred",
    }
    cases = config.select(["one/*", "two/*"])
    assert settings_origin.origins(config, cases[0], tagged) == {
        "width": "given",
        "epochs": "given",
        "points": "inferred",
        "problem": "inferred",
    }
    assert settings_origin.sentence(config, cases, tagged) == (
        "Given by the source: epochs, width in some cases, points in some cases. "
        "Inferred: points in some cases, problem. Chosen: width in some cases and all other settings."
    )
    assert settings_origin.sentence(config, cases, {}) == ""
    assert settings_origin.sentence(config, cases[:1], {"experiments/other/x": "given"}).startswith("Chosen: epochs")


def test_every_tag_of_the_config_is_read_and_names_settings():
    text = CONFIG.read_text()
    tagged = setting_tags.tags([CONFIG])
    lines = [line for line in text.splitlines() if setting_tags.TAG.search(line) and not line.strip().startswith("#")]
    assert lines
    for line in lines:
        key = re.match(r"\s*([\w.]+):", line)[1]
        inner = re.findall(r"[{,] ?(\w+):", line)
        assert any(f"/{key}/" in f"/{path}/" or path.endswith(f"/{one}") for path in tagged for one in [key, *inner]), (
            line
        )
    assert tagged["experiments/single_neuron/activation"] == "given"
    assert tagged["experiments/single_neuron/points"] == "chosen"


def test_captions_end_with_the_origin_of_their_settings():
    config = shipped.config()
    found = captions.captions(config, captions.claims_of([]), captions.FOLDER, setting_tags.tags([CONFIG]))
    for name, caption in found.items():
        assert caption.settings.endswith("all other settings."), name
        assert "Chosen: " in caption.settings
    assert "Given by the source: " in found["figures/effective_theory/fig15"].settings
    assert "Inferred: problem" in found["figures/failed_ideas/fig2"].settings
    assert (
        "Given by the source: activation. Chosen: bias, points, slope and all other settings."
        in found["figures/deep_ritz/fig3"].settings
    )
