"""The page of a scorecard as Typst markup; all numbers and verdicts come from the table of the activation."""

import pandas as pd

from rectified.formulas.activation import Activation
from reproduction.exhibits.scorecards import sections
from reproduction.exhibits.scorecards.peers import ERRORS, short_name
from reproduction.rendering import typst_markup
from reproduction.rendering.typst_markup import quoted, text
from reproduction.storage.results import Result

FIGURE = "figure.pdf"
# Scales the figure to the width of the page, or to the height that the text leaves.
FITTED = """#set heading(numbering: none)
#let fitted(head, file, rest) = layout(size => {
  let words = measure(block(width: size.width, head + rest)).height + 8mm
  let whole = measure(image(file, width: size.width)).height
  head
  align(center, image(file, width: size.width * calc.max(0.6, calc.min(1, (size.height - words) / whole))))
  rest
})
"""
SETTINGS = ("problem", "target", "width", "hidden_layers", "points", "batch", "learning_rate", "epochs", "seeds")
NOTES = (
    "Numbers are medians over seeds [smallest, largest], for the references medians only. A diverged run counts as an "
    "infinite error in ranks and is left out of medians. Ranks are by median, smallest error first; brackets give the "
    "ranks that pairwise tests (Mann–Whitney, corrected by Holm) do not rule out at 95 %.",
    "Audit: relative mismatch between the derivatives used in training and finite differences of the network; "
    "parameter: between the gradient and finite differences of the integral; jumps and kinks per line.",
    "Roughness: standard deviation of second differences over the range, on planes of Hessian eigenvectors, median "
    "over the planes.",
)


def page_markup(table: pd.DataFrame, results: list[Result], activation: Activation, tier: str) -> str:
    """Return the markup of the page.

    Args:
        table: of the activation, as ``scorecard_table`` returns it.
        results: those the table is made from, for the numbers of the references and the settings.
    """
    left = [sections.smoothness(table, activation), sections.criticality(table)]
    right = [sections.derivative_audit(table), sections.landscape(table)]
    right += [sections.initialization(table), sections.refused_cases(table)]
    columns = ", ".join(f"[{''.join(filter(None, column))}]" for column in (left, right))
    head = (
        f'= {text(activation.label)} #h(1fr) #text(size: 8pt, weight: "regular")[{text(tier)} tier]\n'
        f'#text(size: 9pt, font: "DejaVu Sans Mono")[σ(x) \\= {text(activation.formula)}]\n#v(1mm)\n'
    )
    rest = (
        f"#v(1mm)\n#grid(columns: (1fr, 1.25fr), column-gutter: 5mm, {columns})\n"
        + sections.errors(table, results, activation.name)
        + _foot(results, activation.name, tier)
    )
    title = f"Scorecard of {activation.name}"
    body = FITTED + f"#fitted([\n{head}], {quoted(FIGURE)}, [\n{rest}])\n"
    return typst_markup.document(title, f"{title}, {tier} tier", body)


def _foot(results: list[Result], activation: str, tier: str) -> str:
    """Definitions of the numbers, and the settings of the cases."""
    settings = dict.fromkeys(_settings(r) for r in results if r.job.settings.activation == activation)
    lines = [*NOTES, f"{tier} tier. " + "".join(f"{words}. " for words in settings if words)]
    words = " \\\n".join(text(line) for line in lines)
    return f"#v(1fr)\n#line(length: 100%, stroke: 0.4pt)\n#text(size: 6pt, fill: luma(60))[{words}]\n"


def _settings(result: Result) -> str:
    s = result.job.settings
    if s.task not in (*ERRORS, "landscape"):
        return ""
    values = {name: getattr(s, name, None) for name in SETTINGS}
    given = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items() if value is not None)
    return f"{short_name(result.job.experiment)}: {given}" if given else ""
