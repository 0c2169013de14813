"""Pages set by Typst: text made safe, tables, figures with captions, and a PDF that is the same for the same pages.

A page is Typst markup in a string. Whatever comes from results or config goes through ``text``, so that no name
or formula can end the markup it stands in.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import matplotlib
import typst

from rectified.atomic import write_atomically

SPECIAL = r"\`*_{}[]()#+-.!~$<>@/:;=\"'"
FONTS = '"DejaVu Sans"'
WIDTH = "178mm"  # of the text: a figure over both columns of a journal stands in its own size


def text(value: object) -> str:
    """Any text as Typst markup that shows just that text, on one line."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in " ".join(str(value).split()))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], columns: Sequence[str], size: str = "7pt") -> str:
    """A table with a rule under its headings, broken over pages with the headings repeated.

    Args:
        headings, rows: cells, markup already.
        columns: width of each column as Typst has it: ``auto``, ``1fr``, ``20mm``.
    """
    cells = [f"[{cell}]" for row in rows for cell in row]
    head = ", ".join(f"[*{heading}*]" for heading in headings)
    return (
        f"#block[#set text(size: {size})\n"
        f"#table(columns: ({', '.join(columns)},), stroke: none, inset: (x: 3pt, y: 2pt),\n"
        f"  table.hline(stroke: 0.6pt), table.header({head}), table.hline(stroke: 0.4pt),\n"
        f"  {', '.join(cells)}{',' if cells else ''} table.hline(stroke: 0.6pt))]\n"
    )


def figure(file: str, caption: str, label: str) -> str:
    """A picture in its own size, not wider than the text, with its caption; the two stay on one page.

    Args:
        file: its name among the files given to ``compile_pdf``.
        caption, label: markup; the label, as ``Figure 3``, goes before the caption.
    """
    return (
        f'#block(breakable: false, width: 100%)[#align(center, image("{file}"))\n'
        f"#block(inset: (x: 4pt))[#set text(size: 8pt)\n*{label}* #h(0.4em) {caption}]]\n#v(4mm)\n"
    )


def document(title: str, body: str) -> str:
    """A whole document: A4, the fonts of the figures, numbered pages, no date."""
    return (
        f'#set document(title: "{title.replace(chr(34), "")}", date: none)\n'
        f'#set page(paper: "a4", margin: (x: 16mm, top: 15mm, bottom: 17mm), numbering: "1")\n'
        f'#set text(font: {FONTS}, size: 9pt, lang: "en")\n#set par(justify: false)\n'
        "#show heading.where(level: 1): set text(size: 15pt)\n#show heading.where(level: 2): set text(size: 11pt)\n"
        f"{body}"
    )


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
