"""Captions: one per figure and table, in plain text, independent of computed numbers."""

import re
from pathlib import Path

import docutils.frontend
import docutils.nodes
import docutils.parsers.rst
import docutils.utils
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shipped
from reproduction.config.config import Config
from reproduction.report import captions
from reproduction.storage import store

ROOT = Path(__file__).parent.parent.parent
FILES = [file for file in sorted((ROOT / captions.FOLDER).rglob("*.rst")) if file.parent.name != "templates"]
EXHIBITS = [file for file in FILES if file.parent.name != Path(captions.FOLDER).name]
UNDECIDED = captions.claims_of([])


@pytest.fixture(scope="module")
def config():
    return shipped.config()


def parsed(text: str) -> docutils.nodes.document:
    """Parse a reST text; any docutils warning is an error."""
    parser = docutils.parsers.rst.Parser()
    settings = docutils.frontend.get_default_settings(docutils.parsers.rst.Parser)
    settings.halt_level = settings.report_level = docutils.utils.Reporter.INFO_LEVEL
    document = docutils.utils.new_document("caption", settings)
    parser.parse(text, document)
    return document


def test_captions_match_figures_and_tables_one_to_one(config):
    wanted = {
        f"{document}/{name}"
        for group in (config.figures, config.tables)
        for document in group
        for name in group[document]
    }
    assert {f"{file.parent.name}/{file.stem}" for file in EXHIBITS} == wanted
    assert {file.stem for file in FILES if file not in EXHIBITS} == {*config.figures, *config.tables}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_caption_is_a_short_title_and_plain_paragraphs(file):
    title, text = captions.read(file)
    assert len(title) <= 90
    assert not title.endswith(".")
    assert text.endswith(".")
    kinds = {type(node).__name__ for node in parsed(file.read_text()).findall()}
    assert kinds <= {"document", "paragraph", "Text", "emphasis", "literal"}
    assert not re.search(r"\d\.?\d*e[+-]?\d", file.read_text()), "a number with an exponent is computed by a run"


def test_captions_are_split_into_paragraphs_as_by_docutils():
    for file in FILES:
        paragraphs = [
            " ".join(node.astext().split()) for node in parsed(file.read_text()).findall(docutils.nodes.paragraph)
        ]
        title, text = captions.read(file)
        assert paragraphs == [title, *text.split("\n\n")]


def claims(figure: str, verdict: str = "reproduced", parts: int = 2) -> pd.DataFrame:
    row = {"claim": "c7", "statement": "It is so.", "figure": figure, "verdict": verdict}
    return pd.DataFrame([row | {"part": f"part {number}"} for number in range(parts)])


def written(tmp_path: Path, **documents: pd.DataFrame) -> pd.DataFrame:
    """Write a table of claims per document; return the claims read from these files."""
    for name, table in documents.items():
        store.write_table(tmp_path / f"{name}.parquet", table, {})
    return captions.claims_of([tmp_path / f"{name}.parquet" for name in documents])


def test_a_caption_lists_each_claim_of_its_exhibit_once(config, tmp_path):
    found = captions.captions(config, written(tmp_path, ours=claims("deep_ritz/fig3"), other=claims("deep_ritz/fig4")))
    statement = {"claim": "c7", "document": "ours", "statement": "It is so.", "verdict": "reproduced"}
    assert found["figures/deep_ritz/fig3"].verdicts == [statement]
    assert found["figures/deep_ritz/fig5"].verdicts == []
    assert [one["document"] for one in found["figures/deep_ritz/fig4"].verdicts] == ["other"]


def test_captions_show_the_verdicts_of_the_claims(config, tmp_path):
    for verdict in ("reproduced", "not reproduced"):
        found = captions.captions(config, written(tmp_path, ours=claims("deep_ritz/table2", verdict)))
        assert found["tables/deep_ritz/table2"].verdicts[0]["verdict"] == verdict


def test_a_document_column_takes_precedence_over_the_file_name(tmp_path):
    table = written(tmp_path, all=claims("deep_ritz/fig1").assign(document="deep_ritz"))
    assert set(table.document) == {"deep_ritz"}


def test_captions_state_the_tier_and_are_sorted_by_kind_document_and_name(config):
    found = captions.captions(config, UNDECIDED)
    assert {caption.tier for caption in found.values()} == {config.tier}
    assert [*found][:2] == ["figures/deep_ritz/fig1", "figures/deep_ritz/fig2"]
    assert [*found][-1] == "tables/failed_ideas/table3"


def test_an_exhibit_without_a_caption_file_has_the_title_of_its_family(config, tmp_path):
    caption = captions.captions(config, UNDECIDED, tmp_path)["figures/deep_ritz/fig3"]
    assert (caption.title, caption.text) == ("The derivatives of one neuron", "")


def test_config_survives_a_json_round_trip(config):
    text = config.model_dump_json(exclude_unset=True)
    assert Config.model_validate_json(text).cases == config.cases


@settings(deadline=None)
@given(st.permutations([f"{kind}{number}" for kind in ("fig", "ext", "table") for number in range(1, 13)]))
def test_names_are_sorted_naturally_from_any_order(names):
    numbers = range(1, 13)
    kinds = ("fig", "ext", "table")
    assert captions.in_order(names) == [f"{kind}{number}" for kind in kinds for number in numbers]
