"""PDF report of the finished smoke tier: complete, and nothing is cut off."""

import json

import pandas as pd
import pypdf
import pytest

import pages
from conftest import SMOKE
from reproduction.config import loading
from reproduction.rendering import typst_markup

RESULTS = "results/smoke"


@pytest.fixture(scope="module")
def config():
    return loading.read(SMOKE[1:])


@pytest.fixture(scope="module")
def report(finished):
    return pypdf.PdfReader(finished.folder / RESULTS / "report.pdf")


@pytest.fixture(scope="module")
def text(report):
    return "".join(pages.words(page) for page in report.pages)


@pytest.fixture(scope="module")
def captions(finished):
    return json.loads((finished.folder / RESULTS / "captions.json").read_text())


def exhibits(config) -> list[str]:
    groups = {"figures": config.figures, "tables": config.tables}
    return [
        f"{kind}/{document}/{name}" for kind in groups for document in groups[kind] for name in groups[kind][document]
    ]


def bookmarks(outline) -> list[str]:
    found = []
    for entry in outline:
        found += bookmarks(entry) if isinstance(entry, list) else [entry.title]
    return found


def test_every_figure_and_table_appears_with_its_caption(config, text, captions):
    assert set(captions) == set(exhibits(config))
    for name, caption in captions.items():
        kind, label = name.split("/", 1)
        assert f"{kind.removesuffix('s').title()}{label}:{''.join(caption['title'].split())}" in text
        assert "".join(caption["settings"].split()) in text
        assert all("".join(paragraph.split()) in text for paragraph in caption["text"].split("\n\n"))


def test_every_figure_and_table_has_a_bookmark(config, report):
    titles = bookmarks(report.outline)
    for name in exhibits(config):
        kind, label = name.split("/", 1)
        assert sum(title.startswith(f"{kind.removesuffix('s').title()} {label}:") for title in titles) == 1
    assert {"Costs", "Provenance"} <= set(titles)


def test_every_claim_appears_with_its_verdict(config, text, finished):
    for document in config.claims:
        table = pd.read_parquet(finished.folder / RESULTS / f"claims/{document}.parquet")
        for row in table.itertuples():
            assert "".join(row.statement.split()) in text
            assert "".join(row.verdict.split()) in text


def test_captions_state_the_verdicts_of_their_claims(config, captions, finished):
    for document in config.claims:
        table = pd.read_parquet(finished.folder / RESULTS / f"claims/{document}.parquet").drop_duplicates("claim")
        for row in table[table.figure != ""].itertuples():
            (caption,) = [
                captions[f"{kind}/{row.figure}"] for kind in ("figures", "tables") if f"{kind}/{row.figure}" in captions
            ]
            said = {"claim": row.claim, "document": document, "statement": row.statement, "verdict": row.verdict}
            assert said in caption["verdicts"]


def test_every_figure_has_a_picture_and_none_is_cut_off(config, report):
    assert sum(len(pages.pictures(page)) for page in report.pages) == sum(map(len, config.figures.values()))
    assert [number for number, page in enumerate(report.pages, 1) if pages.cut_off(page)] == []


def test_pictures_fit_the_width_and_height_of_a_page(report):
    for page in report.pages:
        for left, bottom, right, top in pages.pictures(page):
            assert right - left <= 178 * 72 / 25.4 + 1
            assert top - bottom <= typst_markup.TEXT_HEIGHT * 72 / 25.4


def test_all_text_is_within_the_margins(report):
    for number, page in enumerate(report.pages, 1):
        right, top = map(float, page.mediabox.upper_right)
        for text, x, y, size in pages.places(page):
            assert 16 * 72 / 25.4 - 1 <= x <= right, (number, text)
            assert x + 0.98 * typst_markup.width(text, size) * 72 / 25.4 <= right - 8 * 72 / 25.4, (number, text)
            assert 0 < y < top, (number, text)


def test_provenance_lists_the_overlay_and_the_package_versions(text):
    for part in ("smoke.yaml", "torch2.13.0", "matplotlib3.11.2", "typst0.15.2", "Costs", "Measuredinthisrun"):
        assert part in text


def test_an_up_to_date_report_is_not_rebuilt(finished):
    assert "Nothing to be done" in finished.run("report", *SMOKE)


def test_a_rebuilt_report_has_the_same_bytes(edited, finished):
    edited.run("report", "--forcerun", "report", *SMOKE)
    file = f"{RESULTS}/report.pdf"
    assert (edited.folder / file).read_bytes() == (finished.folder / file).read_bytes()


def test_a_changed_caption_rebuilds_only_the_captions_and_the_report(edited):
    file = "workflow/report/deep_ritz/fig3.rst"
    (edited.folder / file).write_text("Another title\n\nAnother text.\n")
    assert {rule for rule, _ in edited.planned("report", *SMOKE)} == {"captions", "report"}
    assert edited.planned("all", *SMOKE) == {}
