"""Web pages that stand alone: one file, nothing fetched, text made safe.

They are read in a browser, by themselves or inside the HTML report, which shows each page in a frame of its own.
"""

import html
import re
from collections.abc import Iterable, Sequence

LETTERS = {"sigma": "σ", "varepsilon": "ε", "Pi": "Π", "chi": "χ", "hat": "\u0302", "max": "max"}
NAMES = {"ritz": "Ritz", "pinn": "PINN", "pinns": "PINNs"}
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
    """Any text as HTML that shows just that text."""
    return html.escape(str(value))


def page(title: str, body: str, style: str = "") -> str:
    """A whole page with a heading; body and style are HTML and CSS already."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{text(title)}</title>\n'
        f"<style>{STYLE}{style}</style>\n</head>\n<body>\n<h1>{text(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose headings stay in sight; headings and cells are HTML already."""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>", *lines, "</tbody>\n</table>"])


def number(value: float) -> str:
    """A number with four digits that count; a dash for one that is missing."""
    if value != value:
        return "–"
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "−")
    if abs(value) >= 1e-2 and "e" not in (short := f"{value:.4g}"):
        return short.replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}·10<sup>{int(exponent)}</sup>".replace("-", "−")


def heading(tex: str) -> str:
    r"""The heading of a column, written for TeX, as HTML: ``$C_W^{\max}$`` becomes C with W below and max above."""
    shown = text(tex.replace("$", "").replace(r"\ ", " "))
    shown = re.sub(r"\\hat (\w)", rf"\1{LETTERS['hat']}", shown)
    shown = re.sub(r"\\(\w+)", lambda match: LETTERS[match[1]], shown)
    for sign, tag in (("_", "sub"), ("^", "sup")):
        shown = re.sub(rf"{re.escape(sign)}(?:{{([^}}]*)}}|(\S))", rf"<{tag}>\1\2</{tag}>", shown)
    return shown.replace("-", "−") if "$" in tex else shown


def readable(document: str) -> str:
    """The name of a document as a heading: ``deep_ritz`` is Deep Ritz."""
    first, *others = document.split("_")
    return " ".join([first.capitalize(), *(NAMES.get(word, word) for word in others)])
