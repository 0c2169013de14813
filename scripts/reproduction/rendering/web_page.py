"""Self-contained web pages: one file, no external resources, escaped text.

The pages are shown in a browser on their own or in a frame of the HTML report.
"""

import html
from collections.abc import Iterable, Sequence

from reproduction.rendering import typography

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1f2937; background: #fff; margin: 1.5rem; }
h1 { font-size: 1.25rem; margin: 0 0 .3rem; }
p { max-width: 62rem; margin: .3rem 0 1rem; color: #4b5563; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: #f3f4f6; text-align: left; border-bottom: 2px solid #9ca3af; }
th, td { padding: .3rem .7rem; vertical-align: top; }
td { border-bottom: 1px solid #e5e7eb; }
sup, sub { line-height: 0; }
"""


def text(value: object) -> str:
    """Escape a text for HTML."""
    return html.escape(str(value))


def page(title: str, body: str, style: str = "") -> str:
    """Return a complete page with a heading.

    Args:
        title: plain text.
        body: HTML.
        style: CSS, added to ``STYLE``.
    """
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{text(title)}</title>\n'
        f"<style>{STYLE}{style}</style>\n</head>\n<body>\n<h1>{text(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with sticky headings; headings and cells are HTML."""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>", *lines, "</tbody>\n</table>"])


def number(value: float) -> str:
    """Format a number as HTML."""
    mantissa, exponent = typography.digits(value)
    shown = mantissa if exponent is None else f"{mantissa}·10<sup>{exponent}</sup>"
    return shown.replace("-", "−")


def heading(tex: str) -> str:
    r"""Convert a column heading from TeX to HTML: ``$C_W^{\max}$`` to C with subscript W and superscript max."""
    return typography.heading(tex, text, _below, _above)


def _below(value: str) -> str:
    return f"<sub>{text(value)}</sub>"


def _above(value: str) -> str:
    return f"<sup>{text(value)}</sup>"
