"""Typst markup: escaped text, tables, figures with captions, and reproducible PDF files.

Markup is held in strings. All text from results or config is escaped by ``text`` or ``quoted``.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import matplotlib
import typst
from matplotlib.ft2font import FT2Font

from reproduction.storage.atomic_write import write_atomically

SPECIAL = r"\`*_{}[]()#+-.!~$<>@/:;=\"'"
FONT = "DejaVu Sans"
PORTRAIT, LANDSCAPE = 178, 265  # text width in mm; a double-column figure of a journal fits unscaled
MARGINS = "(x: 16mm, top: 17mm, bottom: 16mm)"
TEXT_HEIGHT = 264  # mm
BODY_SIZE, CAPTION_SIZE = 9.0, 8.0  # pt
INSET = 3.0  # pt, left and right of a cell
SLACK = 1.02  # factor on measured widths, which are rounded to pixels

# A picture above its caption, in natural size or scaled to the space left on a page.
PICTURE = """#let picture(file, below) = layout(size => {
  let room = size.height - measure(block(width: size.width, below)).height - 8mm
  let natural = measure(image(file))
  let scale = calc.min(1, room / natural.height, size.width / natural.width)
  block(breakable: false, width: 100%, {
    align(center, image(file, width: natural.width * scale))
    v(1.5mm, weak: true)
    below
  })
  v(6mm, weak: true)
})
"""


def text(value: object) -> str:
    """Escape a text for Typst markup, as one line."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in " ".join(str(value).split()))


def quoted(value: object) -> str:
    """Return a text as a Typst string literal, as one line."""
    return '"' + " ".join(str(value).split()).replace("\\", r"\\").replace('"', r"\"") + '"'


def prose(rest: str) -> str:
    """Convert paragraphs of reStructuredText to Typst markup; only emphasis and literals are supported."""
    return "\n\n".join(_paragraph(paragraph) for paragraph in rest.split("\n\n"))


def _paragraph(rest: str) -> str:
    parts = re.split(r"(``.+?``|(?<![\w*])\*(?=\S)[^*]+(?<=\S)\*(?![\w*]))", " ".join(rest.split()))
    return "".join(_inline(part) for part in parts)


def _inline(part: str) -> str:
    if part.startswith("``"):
        return f"#raw({quoted(part.strip('`'))})"
    return f"#emph[{text(part.strip('*'))}]" if part.startswith("*") else _spaced(part)


def _spaced(part: str) -> str:
    """Escape a text but keep a space at its ends, where other markup follows."""
    return " " * part.startswith(" ") + text(part) + " " * (part.endswith(" ") and bool(part.strip()))


def heading(level: int, title: str, label: str = "") -> str:
    """Return a heading, which is also a bookmark.

    Args:
        level: from 1.
        title: markup.
        label: target for ``link``, if any.
    """
    return f"#heading(level: {level})[{title}]" + (f" #label({quoted(label)})" if label else "") + "\n"


def link(label: str, shown: str) -> str:
    """Return a link to the heading or anchor with a label; the shown text is markup."""
    return f"#link(label({quoted(label)}))[{shown}]"


def anchor(label: str) -> str:
    """Return an invisible target for ``link``."""
    return f"#metadata(none)#label({quoted(label)})"


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    columns: Sequence[str],
    size: float = 7.0,
) -> str:
    """Return a table that may break over pages, with repeated headings.

    Args:
        headings, rows: cells, as markup.
        columns: width of each column in Typst: ``auto``, ``1fr``, ``20mm``.
        size: of the type, in pt.
    """
    return _table(headings, "".join(map(_cells, rows)), columns, size)


def grouped_table(
    headings: Sequence[str], groups: Mapping[str, Iterable[Sequence[str]]], columns: Sequence[str], size: float = 7.0
) -> str:
    """Return a table with grouped rows, which are separated by thin rules and never broken.

    Args:
        headings, columns, size: as in ``table``.
        groups: name → rows, as markup; the name is repeated on every page of the group.
    """
    rule, span = "table.hline(stroke: 0.3pt + luma(200)), ", len(columns)
    body = "".join(
        f"table.header(level: 2, table.cell(colspan: {span}, inset: (x: {INSET}pt, top: 5pt, bottom: 2.5pt))"
        f"[*{name}*]), {rule}{rule.join(map(_cells, rows))}"
        for name, rows in groups.items()
    )
    return f"#[#set table.cell(breakable: false)\n{_table(headings, body, columns, size)}]\n"


def _cells(row: Sequence[str]) -> str:
    return ", ".join(f"[{cell}]" for cell in row) + ", "


def _table(headings: Sequence[str], body: str, columns: Sequence[str], size: float) -> str:
    head = ", ".join(f"[*{heading}*]" for heading in headings)
    return (
        f"#[#set text(size: {size:g}pt)\n#set par(leading: 0.5em)\n"
        f"#table(columns: ({', '.join(columns)},), stroke: none, align: left + top, inset: (x: {INSET}pt, y: 2.2pt),\n"
        f"  table.hline(stroke: 0.7pt), table.header({head}), table.hline(stroke: 0.4pt),\n"
        f"  {body}table.hline(stroke: 0.7pt))]\n"
    )


def remark(shown: str) -> str:
    """Return a remark in small type below a table.

    Args:
        shown: plain text.
    """
    return f"#block(above: 1.5mm, below: 7mm)[#text(size: {CAPTION_SIZE - 1:g}pt)[{text(shown)}]]\n"


def small(body: str) -> str:
    """Return markup in the type size of captions."""
    return f"#[#set text(size: {CAPTION_SIZE:g}pt)\n#set par(spacing: 0.9em)\n{body}\n]\n"


def unbroken(body: str) -> str:
    """Return markup that is kept on one page."""
    return f"#block(breakable: false, width: 100%)[{body}]\n"


def kept_with_next(body: str) -> str:
    """Return markup that is kept on one page with the first rows of the table below it."""
    room = "18mm"  # Typst's sticky blocks do not work with tables
    return f"#v(5mm, weak: true)\n#block(breakable: false, width: 100%, below: 0pt)[{body}#v({room})]#v(3mm - {room})\n"


def figure(file: str, below: str) -> str:
    """Return a figure in natural size, scaled down only if it does not fit a page with its caption.

    Args:
        file: name of the picture among the files of ``compile_pdf``.
        below: caption, as markup; kept on the page of the picture.
    """
    return f"#picture({quoted(file)}, [{below}])\n"


def landscape(body: str) -> str:
    """Return markup on landscape pages."""
    return f"#page(flipped: true)[{body}]\n"


def document(title: str, running: str, body: str) -> str:
    """Return a complete document: A4, the font of the figures, numbered pages with a running head, no date.

    Args:
        title: plain text, for the metadata.
        running: plain text of the running head.
        body: markup.
    """
    return (
        f"#set document(title: {quoted(title)}, date: none)\n"
        f'#set page(paper: "a4", margin: {MARGINS}, numbering: "1",\n'
        f"  header: text(size: 7pt, fill: luma(110))[{text(running)}])\n"
        f'#set text(font: {quoted(FONT)}, size: {BODY_SIZE:g}pt, lang: "en")\n'
        "#set par(justify: false, leading: 0.6em)\n"
        "#show heading.where(level: 1): set text(size: 15pt)\n#show heading.where(level: 2): set text(size: 11pt)\n"
        f"#show heading.where(level: 3): set text(size: {BODY_SIZE:g}pt)\n"
        "#show heading.where(level: 3): set block(above: 1.5mm, below: 1.8mm)\n"
        f"#show link: set text(fill: rgb({quoted('#0a4d8c')}))\n"
        f"{PICTURE}{body}"
    )


def width(shown: str, size: float) -> float:
    """Return the width of plain text in mm, in regular type of a size in pt."""
    font = _font()
    font.set_text(shown)
    return font.get_width_height()[0] / 64 * size / 100 * SLACK * 25.4 / 72


@cache
def _font() -> FT2Font:
    font = FT2Font(str(Path(_fonts(), "DejaVuSans.ttf")))
    font.set_size(100, 72)
    return font


def compile_pdf(path: str | Path, source: str, files: Mapping[str, str | Path]) -> None:
    """Write a document as PDF.

    Args:
        path: of the PDF file.
        source: markup, as from ``document``.
        files: name in the markup → picture file, PDF or PNG.

    Raises:
        typst.TypstError: if the markup is invalid.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, file in files.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_bytes(Path(file).read_bytes())
        main = Path(folder, "main.typ")
        main.write_text(source, encoding="utf-8")
        content = typst.compile(main, root=folder, font_paths=[_fonts()], ignore_system_fonts=True, timestamp=0)
    write_atomically(path, lambda file: file.write_bytes(content))


def _fonts() -> str:
    """Return the folder of the fonts shipped with Matplotlib, which are the same on every machine."""
    return str(Path(matplotlib.get_data_path(), "fonts", "ttf"))
