"""The PDF report: counts of verdicts, table widths, costs and provenance."""

import json

import numpy as np
import pandas as pd
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pages
from reproduction.claims.decide import verdict as verdict_of
from reproduction.config.config import Config
from reproduction.exhibits.tables import table_page
from reproduction.rendering import typst_markup
from reproduction.report import captions, pdf, pdf_claims, pdf_tables, run_facts
from reproduction.storage import code_digest, store

CONFIG = Config.model_validate(
    {
        "tier": "test",
        "problems": {"k1": {"solution": "sin(pi*x)"}},
        "experiments": {
            "e": {"document": "d", "task": "ritz", "problem": "k1", "activation": "relu", "sweep": {"width": [5, 10]}}
        },
        "figures": {"d": {"fig1": {"family": "training", "data": ["e/*"]}}},
        "tables": {"d": {"table1": {"family": "energies", "data": ["e/*"]}}},
    }
)
PART = {
    "part": "error of one over the other",
    "value": 20.4,
    "low": 18.9,
    "high": 24.1,
    "coverage": 0.97,
    "direction": "above",
    "threshold": 5.0,
    "n": 6,
    "diverged": 0,
    "statistic": "median",
    "claimed": "> 5",
    "n_other": 0,
    "look": 0,
    "p_value": float("nan"),
    "corrected": False,
    "outcome": "holds",
}


def claims(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Return claims of two parts each, from document, name and verdict."""
    stated = [
        {"document": document, "claim": name, "statement": f"{name} is so", "figure": "d/fig1", "verdict": verdict}
        for document, name, verdict in rows
    ]
    return pd.DataFrame([one | PART | {"part": f"part {number}"} for one in stated for number in (1, 2)])


def text_of(path, body: str) -> str:
    typst_markup.compile_pdf(path, typst_markup.document("t", "t", body), {})
    return "".join(pages.words(page) for page in pypdf.PdfReader(path).pages)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([*pdf_claims.VERDICTS])), min_size=1, max_size=8))
def test_claims_are_counted_once_regardless_of_their_parts(found):
    rows = [(document, f"c{number}", verdict) for number, (document, verdict) in enumerate(found)]
    table = claims(*rows)
    expected = pd.crosstab([d for d, _ in found], [v for _, v in found])
    markup_of_counts = pdf_claims.count_table(table)
    for document in {document for document, _ in found}:
        numbers = [int(expected.loc[document].get(name, 0)) for name in pdf_claims.VERDICTS]
        row = ", ".join(f"[{number}]" for number in [document.upper(), *numbers, sum(numbers)])
        assert row in markup_of_counts


def claim(name: str, *outcomes: str, document: str = "d") -> pd.DataFrame:
    """Return a claim whose parts have these outcomes, with their numbers as values."""
    stated = {"document": document, "claim": name, "statement": f"{name} is so", "figure": "d/fig1"}
    return pd.DataFrame(
        [
            PART | stated | {"part": f"part {place}", "value": place, "outcome": outcome}
            for place, outcome in enumerate(outcomes, 1)
        ]
    ).assign(verdict=verdict_of([*outcomes]))


def test_a_row_of_a_claim_has_statement_verdict_number_and_exhibit(tmp_path):
    table = pd.concat([claim("c1", "fails", "fails"), claim("c2", "holds", document="deep_ritz")])
    body = pdf_claims.verdict_table(table, {"d/fig1"}) + pdf_claims.all_numbers(table)
    found = text_of(tmp_path / "one.pdf", body + typst_markup.heading(3, "shown", "d/fig1"))
    for text in ("c1isso", "c2isso", "notreproduced", "1[18.9,24.1]claimed>5,n=61of2", "DeepRitz", "d/fig1"):
        assert text in found


def test_a_claim_may_name_an_exhibit_that_the_tier_lacks(tmp_path):
    table = claim("c1", "holds", document="other")
    body = pdf_claims.verdict_table(table, set()) + pdf_claims.all_numbers(table)
    assert "d/fig1" in text_of(tmp_path / "one.pdf", body)


OUTCOMES = st.lists(st.sampled_from(["holds", "fails", "undecided"]), min_size=1, max_size=6)


@given(OUTCOMES)
def test_the_verdict_depends_on_the_outcome_of_the_decisive_part(outcomes):
    place = pdf_claims.decisive(claim("c1", *outcomes))
    without = ["holds" if outcome == outcomes[place] else outcome for outcome in outcomes]
    assert outcomes[place] not in outcomes[:place]
    if verdict_of(outcomes) == "reproduced":
        assert place == 0
    else:
        assert verdict_of(without) != verdict_of(outcomes)


def test_all_parts_have_numbers_and_links_in_both_directions(tmp_path):
    table = pd.concat([claim("c1", "holds", "undecided"), claim("c2", "fails")])
    path = tmp_path / "one.pdf"
    body = f"{pdf_claims.verdict_table(table, set())}#pagebreak()\n{pdf_claims.all_numbers(table)}"
    found = text_of(path, body)
    for text in ("part11[18.9,24.1]>5n=6holds", "part22[18.9,24.1]>5n=6undecided", "part11[18.9,24.1]>5n=6fails"):
        assert text in found
    assert [len(page.get("/Annots", [])) for page in pypdf.PdfReader(path).pages] == [2, 2]


COLUMNS = st.lists(
    st.lists(st.text(st.sampled_from("0123456789.·⁻[], −"), min_size=1, max_size=36), min_size=3, max_size=3),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(COLUMNS)
def test_numbers_are_not_broken_over_lines_if_the_table_fits_a_page(columns):
    fit = pdf_tables.fit_to_page(columns)
    if "auto" in fit.columns:  # not even the smallest type on a landscape page fits
        least = sum(max(typst_markup.width(cell, pdf_tables.SIZES[-1]) for cell in column) for column in columns)
        assert 1.15 * least + 2.2 * len(columns) > typst_markup.LANDSCAPE
        return
    widths = [float(width.removesuffix("mm")) for width in fit.columns]
    assert all(typst_markup.width(cell, fit.size) <= width for column, width in zip(columns, widths) for cell in column)
    assert sum(widths) <= (typst_markup.LANDSCAPE if fit.landscape else typst_markup.PORTRAIT) + 0.1


def test_only_wide_tables_are_on_landscape_pages():
    assert pdf_tables.fit_to_page([["a", "1"], ["b", "2"]]) == pdf_tables.Fit(
        pdf_tables.fit_to_page([["a", "1"], ["b", "2"]]).columns, 7.0, False
    )
    wide = pdf_tables.fit_to_page([["x" * 40, "1"]] * 5)
    assert wide.landscape
    assert pdf_tables.fit_to_page([["words " * 60, "words " * 60], ["n", "1"]]).columns[0] == "1fr"


def test_cells_in_the_pdf_are_in_printed_form(tmp_path):
    columns = {name: [f"one_{name}"] for name in table_page.family("energies").HEADINGS}
    columns |= {name: [7.5] for name in ("width", "points")}
    quantities = {"energy": 1.25e-7, "gap": np.nan, "relative_l2": np.inf}
    for name, value in quantities.items():
        del columns[name]
        columns |= {f"{name}_{part}": [value] for part in ("median", "low", "high")}
    body = pdf_tables.typeset([(pd.DataFrame(columns), "energies", "")])
    found = text_of(tmp_path / "one.pdf", body)
    assert "1.25[1.25,1.25]·10⁻⁷–∞[∞,∞]" in found
    assert "one_gradient_name" in found


def benchmark(folder, name: str, cpu: str, wall: float, memory: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"s\tcpu_time\tmax_rss\n{wall}\t{cpu}\t{memory}\n")


def test_times_are_summed_by_experiment_for_cases_of_the_config(tmp_path):
    benchmark(tmp_path / "d/e/width5", "train.benchmark.tsv", "10.5", 20, 300)
    benchmark(tmp_path / "d/e/width10", "train.benchmark.tsv", "1.5", 2, 400)
    benchmark(tmp_path / "d/e/gone", "train.benchmark.tsv", "1000", 2000, 400)
    benchmark(tmp_path / "smoke/d/e/width5", "train.benchmark.tsv", "1000", 2000, 400)
    benchmark(tmp_path / "figures/d", "fig1.benchmark.tsv", "-", 3, 100)
    (tmp_path / "d/e/width5/audit.benchmark.tsv").write_text("s\tcpu_time\tmax_rss\n")
    table = run_facts.times(CONFIG, tmp_path).set_index("experiment")
    assert table.loc["e", ["jobs", "cpu", "wall", "megabytes"]].tolist() == [2, 12.0, 22.0, 400.0]
    assert table.loc["figures", ["jobs", "cpu", "wall"]].tolist() == [1, 3.0, 3.0]
    assert set(table.index) == {"e", "figures"}


def test_times_exclude_scorecards(tmp_path):
    entries = CONFIG.model_dump(include={"tier", "problems", "experiments"}, exclude_unset=True)
    entries["experiments"]["scored"] = {**entries["experiments"]["e"], "document": "scorecards"}
    config = Config.model_validate(entries)
    before = run_facts.times(config, tmp_path)
    assert "scorecards/scored/width5" in {case.folder for case in config.all_cases}
    benchmark(tmp_path / "scorecards/scored/width5", "train.benchmark.tsv", "1000", 2000, 400)
    pd.testing.assert_frame_equal(run_facts.times(config, tmp_path), before)


def test_missing_benchmarks_are_reported(tmp_path):
    assert "No benchmarks were recorded" in pdf.costs_chapter(run_facts.times(CONFIG, tmp_path))


def test_all_recorded_versions_are_listed(tmp_path):
    for width, version in ((5, "2.0"), (10, "2.1")):
        noted = {"versions": json.dumps({"torch": version, "python": "3.11"})}
        store.write_table(tmp_path / f"d/e/width{width}/history.parquet", pd.DataFrame({"a": [1]}), noted)
    assert run_facts.recorded_versions(CONFIG, tmp_path, []) == {"python": "3.11", "torch": "2.0, 2.1"}


@pytest.mark.parametrize("change", ["width", "figure"])
def test_the_config_digest_covers_all_settings_that_affect_results(change):
    raw = json.loads(CONFIG.model_dump_json(exclude_unset=True))
    same = Config.model_validate(raw | {"device": "auto", "memory": 3})
    assert run_facts.config_digest(same) == run_facts.config_digest(CONFIG)
    if change == "width":
        raw["experiments"]["e"]["sweep"]["width"] = [5, 11]
    else:
        raw["figures"]["d"]["fig1"]["panels"] = ["history"]
    assert run_facts.config_digest(Config.model_validate(raw)) != run_facts.config_digest(CONFIG)


def test_the_project_digest_is_sha256():
    assert len(code_digest.project()) == 64


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (59, "59.0 s"), (90, "1.5 min"), (5400, "1.5 h")])
def test_durations_have_a_suitable_unit(seconds, text):
    assert pdf.duration(seconds) == text


def test_a_caption_has_all_parts(tmp_path):
    verdicts = [{"claim": "c3", "document": "d", "statement": "So it is.", "verdict": "reproduced in part"}]
    caption = captions.Caption("A title", "First *word*.\n\nSecond.", "Width 5.", "smoke", verdicts)
    found = text_of(tmp_path / "one.pdf", pdf.described("Figure", "d/fig1", caption))
    for text in (
        "Figured/fig1:Atitle",
        "Firstword.",
        "Second.",
        "Width5.",
        "Tier:smoke",
        "reproducedinpart:c3,Soitis.",
    ):
        assert text in found
