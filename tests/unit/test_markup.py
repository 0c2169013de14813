"""Typst markup: text survives unchanged, and nothing is cut off."""

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pypdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import pages
from pages import words
from reproduction.rendering import typst_markup

LETTERS = st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc", "Cf", "Zs"])
GREEK = st.sampled_from("αβγεσχΠΦ∂′″·×−≤∥⊥∞²³⁻¹₀₁√∫→✓◐✗")
TEXTS = st.text(st.one_of(LETTERS, GREEK, st.just(" ")), max_size=60)
SHORT = settings(max_examples=40, deadline=None)


def texts(source: str) -> list[str]:
    """Return the text of the marked elements of a page, as parsed by Typst."""
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.typ")
        main.write_text(source, encoding="utf-8")
        return [_text(json.loads(typst.query(main, "<mark>", field="body", one=True)))]


def _text(content) -> str:
    """Return all text of a content element, with spaces."""
    if content.get("func") == "space":
        return " "
    return content.get("text", "") + "".join(_text(child) for child in content.get("children", []))


def written(path: Path, body: str, files: dict | None = None) -> pypdf.PdfReader:
    typst_markup.compile_pdf(path, typst_markup.document("title", "running head", body), files or {})
    return pypdf.PdfReader(path)


@SHORT
@given(TEXTS)
def test_escaped_text_is_read_back(value):
    (found,) = texts(f"#heading[{typst_markup.text(value)}] <mark>")
    assert found == " ".join(value.split())


@SHORT
@given(TEXTS)
def test_string_literals_are_read_back(value):
    source = f"#metadata((text: {typst_markup.quoted(value)})) <mark>"
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.typ")
        main.write_text(source, encoding="utf-8")
        assert json.loads(typst.query(main, "<mark>", field="value", one=True))["text"] == " ".join(value.split())


@pytest.mark.parametrize(
    "value",
    [
        "#panic()",
        "$x^2$ and \\ *bold* _under_",
        "= no heading",
        "- no list",
        "https://a.b // no comment",
        "`raw`",
        "<label> @ref",
        "1. no list",
        "~ -- ... [x] {y}",
        "K∗(C_W) χ∥ u″ ≤ 10⁻³ · ν",
    ],
)
def test_markup_in_a_text_is_escaped(value, tmp_path):
    page = written(tmp_path / "one.pdf", typst_markup.text(value)).pages[0]
    assert "".join(value.split()) in words(page)


def test_prose_converts_emphasis_and_literals_but_no_other_asterisks(tmp_path):
    assert typst_markup.prose("an *even* one") == "an #emph[even] one"
    assert typst_markup.prose("``a_b`` is") == '#raw("a_b") is'
    assert "emph" not in typst_markup.prose("2*x and K*(C) or a * b *")
    assert typst_markup.prose("one\n\ntwo").count("\n\n") == 1
    assert "evenone2*x" in words(written(tmp_path / "one.pdf", typst_markup.prose("an *even* one 2*x")).pages[0])


def table(rows) -> str:
    return typst_markup.table(["first", "second"], rows, ["auto", "1fr"])


def test_table_headings_are_repeated_on_every_page(tmp_path):
    rows = [[typst_markup.text(f"row {number}"), "x"] for number in range(200)]
    read = [words(page) for page in written(tmp_path / "one.pdf", table(rows)).pages]
    assert len(read) > 2
    assert all("firstsecond" in page for page in read)
    found = "".join(read)
    assert all(f"row{number}" in found for number in range(200))


@pytest.mark.parametrize("height", [120, 200, 230, 245, 250, 255])
def test_the_caption_of_a_table_is_on_its_first_page(height, tmp_path):
    body = (
        f"#v({height}mm)\n" + typst_markup.kept_with_next(typst_markup.heading(3, "said")) + table([["row", "x"]] * 3)
    )
    for page in written(tmp_path / "one.pdf", body).pages:
        assert ("said" in words(page)) == ("first" in words(page))


def picture(path: Path, width: float, height: float) -> Path:
    """Write a figure of a size in inches with a word in each corner."""
    figure = Figure(figsize=(width, height))
    for x, y, word in ((0, 0, "sw"), (0, 1, "nw"), (1, 0, "se"), (1, 1, "ne")):
        figure.text(x, y, f"corner-{word}", ha="left" if x == 0 else "right", va="bottom" if y == 0 else "top")
    figure.savefig(path)
    return path


@pytest.mark.parametrize(("width", "height"), [(7.0, 3.0), (7.0, 9.0), (7.0, 20.0), (30.0, 5.0)])
def test_a_picture_and_its_caption_fit_on_one_page(width, height, tmp_path):
    file = picture(tmp_path / "in.pdf", width, height)
    caption = typst_markup.text("caption " * 200 + "last word")
    reader = written(tmp_path / "out.pdf", "before\n" + typst_markup.figure("p.pdf", caption), {"p.pdf": file})
    (page,) = [page for page in reader.pages if "corner" in words(page)]
    (box,) = pages.pictures(page)
    assert pages.cut_off(page) == []
    assert "lastword" in words(page)
    left, bottom, right, top = box
    assert (right - left) / (top - bottom) == pytest.approx(width / height, rel=1e-3)
    scale = (right - left) / (72 * width)
    assert scale == pytest.approx(1.0, rel=1e-3) if (width, height) == (7.0, 3.0) else 0.1 < scale < 1


def test_pdf_bytes_do_not_depend_on_the_folder(tmp_path):
    (tmp_path / "other").mkdir()
    contents = []
    for folder in (tmp_path, tmp_path / "other"):
        figure = plt.figure(figsize=(2, 2))
        figure.savefig(folder / "in.pdf", metadata={"CreationDate": None, "ModDate": None})
        plt.close(figure)
        written(folder / "out.pdf", typst_markup.figure("p.pdf", "x"), {"p.pdf": folder / "in.pdf"})
        contents.append((folder / "out.pdf").read_bytes())
    assert contents[0] == contents[1]


def test_headings_are_bookmarks_and_link_targets(tmp_path):
    body = (
        typst_markup.heading(1, "One")
        + typst_markup.link("two", "there")
        + "#pagebreak()"
        + typst_markup.heading(2, "Two", "two")
    )
    reader = written(tmp_path / "one.pdf", body)
    first, (second,) = reader.outline
    assert (first.title, second.title) == ("One", "Two")
    assert reader.get_destination_page_number(second) == 1
    assert [note.get_object()["/Subtype"] for note in reader.pages[0]["/Annots"]] == ["/Link"]


def test_landscape_pages_swap_width_and_height(tmp_path):
    turned = written(tmp_path / "one.pdf", "a" + typst_markup.landscape("b") + "c").pages
    sizes = [tuple(round(float(side)) for side in page.mediabox.upper_right) for page in turned]
    assert sizes == [(595, 842), (842, 595), (595, 842)]


LINE = st.text(st.sampled_from("abcWi0123456789·⁻[], σχ"), min_size=1, max_size=40)


@SHORT
@given(LINE.filter(lambda value: "··" not in value), st.sampled_from([5.5, 7.0, 12.0]))  # Typst kerns two dots
def test_measured_widths_are_at_least_those_of_typst(value, size):
    shown = typst_markup.text(value)
    source = (
        f'#set text(font: "DejaVu Sans", size: {size}pt)\n'
        f"#context [#metadata((pt: measure([{shown}]).width.pt())) <mark>]"
    )
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.typ")
        main.write_text(source, encoding="utf-8")
        found = typst.query(main, "<mark>", field="value", one=True, font_paths=[typst_markup._fonts()])
    points = json.loads(found)["pt"]
    expected = points * 25.4 / 72
    assert expected - 0.02 <= typst_markup.width(" ".join(value.split()), size) <= 1.06 * expected + 0.1


def test_a_document_has_a_title_and_no_date(tmp_path):
    reader = written(tmp_path / "one.pdf", "text")
    assert reader.metadata.title == "title"
    assert reader.metadata.creation_date is None
