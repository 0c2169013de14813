"""Web pages and captions of the HTML report: escaping, headings, numbers."""

import html
import importlib
import pkgutil
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.claims import html as claims_html
from reproduction.config.errors import ConfigError
from reproduction.exhibits import tables
from reproduction.exhibits.tables.table_page import html_page
from reproduction.rendering import web_page
from reproduction.report import snakemake_report

FAMILIES = [module.name for module in pkgutil.iter_modules(tables.__path__) if module.name != "table_page"]
LINES = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1).filter(str.strip)


class Texts(HTMLParser):
    """Collect the texts and tags of a page."""

    def __init__(self, content: str):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(content)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


@given(LINES)
def test_text_on_a_page_is_escaped(text):
    cell = Texts(web_page.table(["x"], [[web_page.text(text)]]))
    assert text in "".join(cell.texts)
    assert cell.tags == ["table", "thead", "tr", "th", "tbody", "tr", "td"]


@given(LINES)
@settings(deadline=None)
def test_text_in_a_caption_is_escaped(text):
    overrides = {"report_level": 5, "file_insertion_enabled": False}
    body = publish_parts(f"Begin {snakemake_report.escaped(text)} end", writer="html", settings_overrides=overrides)[
        "body"
    ]
    shown = html.unescape(re.sub("<[^>]*>", "", body)) if body.count("<") == 2 else body
    assert shown.split() == ["Begin", *text.split(), "end"]


@given(LINES)
def test_a_label_cannot_end_a_script(text):
    assert not set("<>") & set(snakemake_report.script_safe(text))


@pytest.mark.parametrize("family", FAMILIES)
def test_headings_contain_no_tex(family):
    for tex in importlib.import_module(f"reproduction.exhibits.tables.{family}").HEADINGS.values():
        assert not set("$\\{}^_") & set(web_page.heading(tex)), tex


def test_formulas_in_headings_become_html():
    assert web_page.heading(r"$C_W^{\max}$") == "C<sub>W</sub><sup>max</sup>"
    assert web_page.heading(r"$\Pi[\hat u]-\Pi^*$") == "Π[u\u0302]−Π<sup>*</sup>"
    assert web_page.heading(r"rel.\ $L^2$") == "rel. L<sup>2</sup>"
    assert web_page.heading("$u_{xx}$") == "u<sub>xx</sub>"
    assert web_page.heading("far-similar shift") == "far-similar shift"


@given(st.floats(-1e300, 1e300))
def test_numbers_can_be_read_back(value):
    shown = web_page.number(value).replace("−", "-")
    mantissa, _, exponent = shown.partition("·10<sup>")
    read = float(f"{mantissa}e{exponent.removesuffix('</sup>') or 0}")
    assert read == pytest.approx(value, rel=5e-3)


def test_missing_and_infinite_numbers_of_a_table_have_symbols():
    table = pd.DataFrame({"rule": ["a<b", "c"], "error_median": [np.nan, 2.5], "error_low": 1.0, "error_high": np.inf})
    page = html_page(table, {"rule": "rule", "error": "error"}, "draft tier", "tables, t1")
    assert "<td>a&lt;b</td><td>– [1, ∞]</td>" in page
    assert "<td>c</td><td>2.5 [1, ∞]</td>" in page


def test_claims_are_counted_by_verdict():
    part = {"figure": "d/fig1", "source": "sec. 1", "tier": "draft", "statement": "It <breaks>."}
    verdicts = {"c1": "reproduced", "c2": "not reproduced", "c3": "reproduced"}
    rows = [part | {"claim": claim, "verdict": verdict} for claim, verdict in verdicts.items() for _ in range(2)]
    page = claims_html.page(pd.DataFrame(rows), "claims", lambda row: "1 < 2")
    shown = "".join(Texts(page).texts)
    assert "3 claims: 2 ✓ reproduced, 1 ✗ not reproduced." in shown
    assert shown.count("It <breaks>.") == 3
    assert page.count('<a href="../figures/d/fig1.png">d/fig1</a>') == 3


CAPTION = {"title": "T", "text": "x", "settings": "s", "tier": "draft", "verdicts": []}


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (["all"], False),
        (["--report"], True),
        (["--report=x.html"], True),
        (["--reporter", "html"], True),
        (["--report-stylesheet", "x"], False),
        (["all", "--report", "x.html", "--report-after-run"], True),
    ],
)
def test_the_command_line_says_whether_a_report_is_made(arguments, made):
    assert snakemake_report.is_made(arguments) == made


def test_the_command_for_missing_results_names_the_config_files():
    assert snakemake_report.command([]) == "snakemake --cores 8 all"
    assert snakemake_report.command(["a b.yaml"]) == "snakemake --cores 8 all --configfile 'a b.yaml'"


def test_missing_results_are_those_without_one_of_their_files(tmp_path):
    for name in ("f2.png", "f10.html", "f11.png", "f11.html"):
        (tmp_path / name).touch()
    stems = [f"{tmp_path}/f{number}" for number in (11, 10, 9, 2)]
    assert snakemake_report.absent(stems, "png", "html") == [f"{tmp_path}/f{number}" for number in (2, 9, 10)]
    assert snakemake_report.absent(stems, "png") == [f"{tmp_path}/f{number}" for number in (9, 10)]


def test_missing_results_are_named_with_the_command_that_computes_them():
    stems = ["r/figures/d/fig1", "r/figures/d/fig2", "r/claims/d"]
    assert snakemake_report.missing_results("r", stems, [], "make") == ""
    sentence = snakemake_report.missing_results("r", stems, stems[1:], "make")
    assert sentence == "2 of 3 results are missing: figures/d/fig2, claims/d. Run `make` to compute them."
    with pytest.raises(ConfigError, match=r"^the report needs a figure, a table or claims in r, .*run `make`$"):
        snakemake_report.missing_results("r", stems, stems, "make")


def test_a_page_of_claims_links_to_exhibits_in_natural_order():
    verdict = {"claim": "c1", "document": "d", "statement": "x", "verdict": "reproduced"}
    captions = {f"figures/d/fig{n}": CAPTION | {"verdicts": [verdict] * (n != 5)} for n in (10, 9, 2, 5)}
    (page,) = snakemake_report.context("results", captions, ["d"])["claims_pages"].values()
    assert [re.match(r"`(\S*) <", line)[1] for line in page["links"]] == ["d/fig2", "d/fig9", "d/fig10"]


def test_names_of_exhibits_are_padded_to_equal_length():
    assert {len(snakemake_report.numbered(name)) for name in ("fig1", "fig10")} == {5}
