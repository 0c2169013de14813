"""LaTeX markup for pdfLaTeX with booktabs: escaped text, numbers aligned on the decimal point, tables."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from reproduction.config.words import superscript
from reproduction.rendering.printed_numbers import Printed

PACKAGES = "% Requires \\usepackage{booktabs}, and \\usepackage{longtable} for long tables.\n"
LONGEST = 40  # rows of a table that fits a page
ESCAPES = {letter: f"\\{letter}" for letter in "_%&#${}"} | {letter: f"${letter}$" for letter in "<>|"}
ESCAPES |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
ESCAPES |= {
    "−": "$-$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "∞": r"$\infty$",
    "√": r"$\surd$",
    "–": "--",
    "…": r"\dots{}",
}
ESCAPES |= {"≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$", "∂": r"$\partial$", "∥": r"$\parallel$", "⊥": r"$\perp$"}
RAISED = {superscript(digit): str(digit) for digit in range(10)} | {"⁻": "-"}
LOWERED = {chr(ord("₀") + digit): str(digit) for digit in range(10)}
LATIN = 0x180  # letters below are known to pdfLaTeX


def text(value: object) -> str:
    """Escape a text; letters unknown to pdfLaTeX become their code point."""
    escaped = "".join(_escaped(letter) for letter in str(value))
    return re.sub(r"(?<!\\)\$(?<!\\\$)([_^]){(.)}\$(?:\$\1{(.)}\$)*", _joined, escaped)


def _joined(match: re.Match) -> str:
    """Join the digits of a run of subscripts or superscripts."""
    return f"${match[1]}{{{''.join(re.findall('{(.)}', match[0]))}}}$"


def _escaped(letter: str) -> str:
    if letter in RAISED:
        return f"$^{{{RAISED[letter]}}}$"
    if letter in LOWERED:
        return f"$_{{{LOWERED[letter]}}}$"
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(letter, ""))
    if letter in ESCAPES or not greek:
        return ESCAPES.get(letter, letter if ord(letter) < LATIN else f"[U+{ord(letter):04X}]")
    return _greek(letter, greek[2].replace("LAMDA", "LAMBDA").lower())


def _greek(letter: str, name: str) -> str:
    """Return a Greek letter; TeX has no command for omicron and for capitals that look like Latin letters."""
    if letter.islower():
        return "o" if name == "omicron" else rf"$\{name}$"
    known = name in ["gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"]
    return rf"$\{name.capitalize()}$" if known else {"chi": "X", "eta": "H", "rho": "P"}.get(name, name[0].upper())


def number(value: Printed) -> tuple[str, str]:
    """Return the parts of a number left and right of its decimal point, which belongs to the right one.

    The right part also contains the range and the power of ten. The number is bold if it is the best one.
    """
    if value.number == "–":
        return "--", ""
    whole, point, decimals = value.number.replace("∞", r"\infty").partition(".")
    ends = r",\,".join(f"{digits}{_power(own)}" for digits, own in value.ends).replace("∞", r"\infty")
    span = rf"\;[{ends}]" if ends else ""
    power = _power(value.exponent)
    left, right = (rf"\mathbf{{{part}}}" if value.best and part else part for part in (whole, point + decimals))
    right += power + span if value.wide else span + power
    return f"${left}$", f"${right}$" if right else ""


def _power(exponent: int | None) -> str:
    return "" if exponent is None else rf"{{\cdot}}10^{{{exponent}}}"


def table(headings: Sequence[str], columns: Sequence[Sequence[str | Printed]], groups: Sequence[object]) -> str:
    """Return a table with booktabs rules; one with more rows than a page has breaks over pages.

    Args:
        headings: TeX.
        columns: cells, texts or numbers; numbers are aligned on the decimal point.
        groups: a value per row; a small space separates rows with different values.
    """
    laid_out = [_column(heading, cells) for heading, cells in zip(headings, columns)]
    preamble, head = ("".join(part[0] for part in laid_out), " & ".join(part[1] for part in laid_out))
    long = len(groups) > LONGEST
    rows = _grouped([" & ".join(row) + r" \\" for row in zip(*(part[2] for part in laid_out))], groups)
    start = [r"\toprule", head + r" \\", r"\midrule"]
    if long:
        start += [r"\endhead", r"\bottomrule", r"\endfoot"]
    name = "longtable" if long else "tabular"
    lines = [rf"\begin{{{name}}}{{{preamble}}}", *start, *rows, *([] if long else [r"\bottomrule"]), rf"\end{{{name}}}"]
    return PACKAGES + "\n".join(lines) + "\n"


def _column(heading: str, cells: Sequence[str | Printed]) -> tuple[str, str, list[str]]:
    """Return the column type, the heading and the cells of a column."""
    if all(isinstance(cell, str) for cell in cells):
        return "l", heading, [str(cell) for cell in cells]
    parts = [number(cell) if isinstance(cell, Printed) else (cell, "") for cell in cells]
    if not any(right for _, right in parts):
        return "r", heading, [left for left, _ in parts]
    shown = [rf"\multicolumn{{2}}{{c}}{{{left}}}" if left == "--" else f"{left} & {right}" for left, right in parts]
    return "r@{}l", rf"\multicolumn{{2}}{{c}}{{{heading}}}", shown


def _grouped(rows: Sequence[str], groups: Sequence[object]) -> list[str]:
    lines: list[str] = []
    for index, row in enumerate(rows):
        lines += [r"\addlinespace"] if index and groups[index] != groups[index - 1] else []
        lines.append(row)
    return lines


def note(sentences: Iterable[str]) -> str:
    """Return a note below a table, as wide as the text.

    Args:
        sentences: TeX.
    """
    return "\n\\par\\smallskip\n{\\footnotesize " + "; ".join(sentences) + ".\\par}\n"
