"""Summary on the first page of the report: findings with numbers of the claims, and what failed."""

import pandas as pd
import pypdf
import pytest

import pages
from reproduction.config import loading
from reproduction.rendering import typst_markup
from reproduction.report import pdf_claims, pdf_summary

PART = {"statistic": "median", "value": 1.64e-4, "low": 2.4e-5, "high": 1.07e-3, "claimed": "< 1", "part": "error"}
PART |= {"n": 6, "n_other": 0, "look": 6, "coverage": 0.97, "p_value": 0.03, "corrected": False, "figure": "d/fig1"}
PART |= {"diverged": 0, "statement": "It is so.", "outcome": "holds", "verdict": "reproduced"}


def claim(document: str, name: str, parts: int = 1, **texts: object) -> pd.DataFrame:
    return pd.DataFrame([PART | {"document": document, "claim": name} | texts] * parts)


def text_of(path, claims: pd.DataFrame, body: str) -> str:
    body += "".join(pdf_claims.verdict_table(claims, set()) + pdf_claims.all_numbers(claims))
    typst_markup.compile_pdf(path, typst_markup.document("t", "t", body), {})
    return pages.words(pypdf.PdfReader(path).pages[0])


@pytest.fixture(scope="module")
def config():
    return loading.read([])


def test_every_finding_names_a_part_of_a_claim(config):
    assert len(pdf_summary.FINDINGS) == 5
    for effects in pdf_summary.FINDINGS.values():
        for effect in effects:
            assert effect.index < len(config.claims[effect.document][effect.claim].parts), effect


def test_findings_have_the_numbers_of_the_claims(tmp_path):
    claims = pd.concat([claim("ours", "o13", 2), claim("d", "d9")])
    found = text_of(tmp_path / "one.pdf", claims, pdf_summary.findings_table(claims))
    assert "1.64[0.24,10.7]·10⁻⁴n=6holdso13✓reproduced" in found
    assert "Deepnetworksofpowers" in found
    assert "BatchnorminPINNs" not in found


def test_claims_that_failed_are_listed_with_their_statements(tmp_path):
    claims = pd.concat(
        [
            claim("d", "d1", verdict="not reproduced", outcome="fails", statement="It *fails*."),
            claim("d", "d2", verdict="undecided at this tier", outcome="undecided"),
            claim("e", "d3"),
        ]
    )
    found = text_of(tmp_path / "one.pdf", claims, pdf_summary.failures(claims))
    assert "d1It*fails*.reproducedinpart:none.undecidedatthistier:d2." in found


def test_the_summary_fills_one_page_at_most(config, tmp_path):
    parts = [
        claim(document, name, len(entry.parts), verdict="not reproduced", outcome="fails", statement="A statement.")
        for document, entries in config.claims.items()
        for name, entry in [*entries.items()][:6]
    ]
    claims = pd.concat([*parts, *(claim(e.document, e.claim, 7) for f in pdf_summary.FINDINGS.values() for e in f)])
    times = pd.DataFrame({"jobs": [3]})
    body = (
        pdf_summary.summary(config, claims, times, "1.4 h") + "#pagebreak()\n" + pdf_claims.verdict_table(claims, set())
    )
    found = text_of(tmp_path / "one.pdf", claims[:0], body + pdf_claims.all_numbers(claims))
    for text in ("3jobstook1.4hofprocessortime", "Mainfindings", "Whatfailed", "undecidedatthistier:none."):
        assert text in found
