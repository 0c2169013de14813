"""Pages set by Typst: text made safe, tables, figures with captions, and a PDF that is the same for the same pages.

A page is Typst markup in a string. Whatever comes from results or config goes through ``text`` or ``quoted``, so that
no name or formula can end the markup it stands in.
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
PORTRAIT, LANDSCAPE = 178, 265  # mm of the text's width: a figure over both columns of a journal stands in its own size
MARGINS = "(x: 16mm, top: 17mm, bottom: 16mm)"
HEIGHT = 264  # mm of the text
BODY, SMALL = 9.0, 8.0  # pt of text and of captions
INSET = 3.0  # pt at the left and right of a cell
SLACK = 1.02  # of measured widths: the measure rounds to pixels

# A picture in its own size, or as large as the page leaves room for, above what is said of it.
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
    """Any text as Typst markup that shows just that text, on one line."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in " ".join(str(value).split()))


def quoted(value: object) -> str:
    """Any text as a Typst string."""
    return '"' + " ".join(str(value).split()).replace("\\", r"\\").replace('"', r"\"") + '"'


def prose(rest: str) -> str:
    """Paragraphs of reST as Typst markup: plain text, ``*emphasis*`` and literals in double backquotes, no more."""
    return "\n\n".join(_paragraph(paragraph) for paragraph in rest.split("\n\n"))


def _paragraph(rest: str) -> str:
    parts = re.split(r"(``.+?``|(?<![\w*])\*(?=\S)[^*]+(?<=\S)\*(?![\w*]))", " ".join(rest.split()))
    return "".join(_inline(part) for part in parts)


def _inline(part: str) -> str:
    if part.startswith("``"):
        return f"#raw({quoted(part.strip('`'))})"
    return f"#emph[{text(part.strip('*'))}]" if part.startswith("*") else _spaced(part)


def _spaced(part: str) -> str:
    """Text that keeps the space at its ends, where it borders on something else."""
    return " " * part.startswith(" ") + text(part) + " " * (part.endswith(" ") and bool(part.strip()))


def heading(level: int, title: str, label: str = "") -> str:
    """A heading, which is a bookmark too; the label, if any, is what ``link`` leads to."""
    return f"#heading(level: {level})[{title}]" + (f" #label({quoted(label)})" if label else "") + "\n"


def link(label: str, shown: str) -> str:
    """Markup that leads to the heading with that label."""
    return f"#link(label({quoted(label)}))[{shown}]"


def anchor(label: str) -> str:
    """A place that shows nothing, for ``link`` to lead to."""
    return f"#metadata(none)#label({quoted(label)})"


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    columns: Sequence[str],
    size: float = 7.0,
) -> str:
    """A table with a rule under its headings, broken over pages with the headings repeated.

    Args:
        headings, rows: cells, markup already.
        columns: width of each column as Typst has it: ``auto``, ``1fr``, ``20mm``.
        size: of the type, in pt.
    """
    return _table(headings, "".join(map(_cells, rows)), columns, size)


def grouped_table(
    headings: Sequence[str], groups: Mapping[str, Iterable[Sequence[str]]], columns: Sequence[str], size: float = 7.0
) -> str:
    """A table whose rows, parted by thin rules and never broken, stand below the names of their groups.

    Args:
        headings, columns, size: as in ``table``.
        groups: name → rows, markup already; the name is repeated on every page that the group goes on to.
    """
    rule, within = "table.hline(stroke: 0.3pt + luma(200)), ", len(columns)
    body = "".join(
        f"table.header(level: 2, table.cell(colspan: {within}, inset: (x: {INSET}pt, top: 5pt, bottom: 2.5pt))"
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
    """A line in small type below a table, from plain text."""
    return f"#block(above: 1.5mm, below: 7mm)[#text(size: {SMALL - 1:g}pt)[{text(shown)}]]\n"


def small(body: str) -> str:
    """Markup in the type of captions."""
    return f"#[#set text(size: {SMALL:g}pt)\n#set par(spacing: 0.9em)\n{body}\n]\n"


def kept_with_next(body: str) -> str:
    """Markup that is never the last on a page, set off from what is above it: it wants room for some rows below."""
    room = "18mm"  # blocks that stick do so to text, not to tables
    return f"#v(5mm, weak: true)\n#block(breakable: false, width: 100%, below: 0pt)[{body}#v({room})]#v(3mm - {room})\n"


def figure(file: str, below: str) -> str:
    """A picture in its own size, smaller only if it would not fit a page with what is said of it below.

    Args:
        file: its name among the files given to ``compile_pdf``.
        below: markup; it stays on one page with the picture.
    """
    return f"#picture({quoted(file)}, [{below}])\n"


def landscape(body: str) -> str:
    """A page, or pages, turned by a right angle."""
    return f"#page(flipped: true)[{body}]\n"


def document(title: str, running: str, body: str) -> str:
    """A whole document: A4, the fonts of the figures, numbered pages with a running head, no date."""
    return (
        f"#set document(title: {quoted(title)}, date: none)\n"
        f'#set page(paper: "a4", margin: {MARGINS}, numbering: "1",\n'
        f"  header: text(size: 7pt, fill: luma(110))[{text(running)}])\n"
        f'#set text(font: {quoted(FONT)}, size: {BODY:g}pt, lang: "en")\n'
        "#set par(justify: false, leading: 0.6em)\n"
        "#show heading.where(level: 1): set text(size: 15pt)\n#show heading.where(level: 2): set text(size: 11pt)\n"
        f"#show heading.where(level: 3): set text(size: {BODY:g}pt)\n"
        "#show heading.where(level: 3): set block(above: 1.5mm, below: 1.8mm)\n"
        f"#show link: set text(fill: rgb({quoted('#0a4d8c')}))\n"
        f"{PICTURE}{body}"
    )


def width(shown: str, size: float) -> float:
    """Width of plain text in mm, set in regular type of a size in pt."""
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
        path: where to.
        source: markup, as ``document`` makes it.
        files: name in the markup → picture (PDF or PNG) to be found under it.

    Raises:
        typst.TypstError: if the markup is not Typst's, which is a mistake of ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, file in files.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_bytes(Path(file).read_bytes())
        main = Path(folder, "main.typ")
        main.write_text(source)
        content = typst.compile(main, root=folder, font_paths=[_fonts()], ignore_system_fonts=True, timestamp=0)
    write_atomically(path, lambda file: file.write_bytes(content))


def _fonts() -> str:
    """The folder of the fonts that come with Matplotlib: the same on every machine."""
    return str(Path(matplotlib.get_data_path(), "fonts", "ttf"))
