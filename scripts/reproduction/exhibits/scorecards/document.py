"""The page of a scorecard as Typst markup; every number and every verdict in it comes from the table of ``rows``."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from rectified.formulas.activation import Activation, label
from reproduction.exhibits.labels import GRADIENTS
from reproduction.exhibits.scorecards.rows import ERRORS, peers, per_seed, short, summary_of, variant
from reproduction.rendering import typst_markup
from reproduction.rendering.typst_markup import quoted, text
from reproduction.storage.results import Result

FIGURE = "figure.pdf"
PRIMES = ("σ", "σ′", "σ″", "σ‴")
SIZE = 6.5
# The figure as wide as the page, or as large as what is said leaves room for.
FITTED = """#set heading(numbering: none)
#let fitted(head, file, rest) = layout(size => {
  let said = measure(block(width: size.width, head + rest)).height + 8mm
  let whole = measure(image(file, width: size.width)).height
  head
  align(center, image(file, width: size.width * calc.max(0.6, calc.min(1, (size.height - said) / whole))))
  rest
})
"""
TITLES = {"ritz": "Deep Ritz", "regression": "regression", "collocation": "PINN"}
USES = {1: "u′", 2: "u_xx"}
SETTINGS = ("problem", "target", "width", "hidden_layers", "points", "batch", "learning_rate", "epochs", "seeds")
STARTS = {
    "collocation": "PINN: Glorot for every activation, weights from N(0, 2/(fan-in + fan-out)), C_b = 0",
    "ritz": "Deep Ritz: the same draw for every activation",
}
CLASSES = {
    "smooth": "smooth: every derivative is continuous",
    "jumps": "jumps: σ itself is not continuous",
}
NOTES = (
    "Numbers are medians over seeds [smallest, largest], of the references medians alone; a diverged run counts as an "
    "infinite error in ranks and is left out of medians. Ranks are by median, smallest error first; in brackets the "
    "places that pairwise tests (Mann–Whitney, corrected by Holm) do not rule out, at 95 %.",
    "Audit: relative mismatch of what training uses with differences of what is evaluated; parameter: of the gradient "
    "with differences of the integral; jumps and kinks per line.",
    "Roughness: standard deviation of second differences over the range, on planes of Hessian eigenvectors; "
    "median over the planes.",
)


def markup_of(table: pd.DataFrame, results: list[Result], activation: Activation, tier: str) -> str:
    """The whole page.

    Args:
        table: as ``rows.table`` makes it.
        results: what it was made from, for the numbers of the references and the settings.
    """
    left = [_formula(table, activation), _criticality(table)]
    right = [_audit(table), _landscape(table), _starts(table), _refused(table)]
    sides = ", ".join(f"[{''.join(filter(None, side))}]" for side in (left, right))
    head = (
        f'= {text(activation.label)} #h(1fr) #text(size: 8pt, weight: "regular")[{text(tier)} tier]\n'
        f'#text(size: 9pt, font: "DejaVu Sans Mono")[σ(x) \\= {text(activation.formula)}]\n#v(1mm)\n'
    )
    rest = (
        f"#v(1mm)\n#grid(columns: (1fr, 1.25fr), column-gutter: 5mm, {sides})\n"
        + _errors(table, results, activation.name)
        + _foot(results, activation.name, tier)
    )
    title = f"Scorecard of {activation.name}"
    return typst_markup.document(
        title, f"{title}, {tier} tier", FITTED + f"#fitted([\n{head}], {quoted(FIGURE)}, [\n{rest}])\n"
    )


def number(value: float) -> str:
    """Two digits."""
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def exact(value: float) -> str:
    """Six digits, for what is computed without seeds."""
    return "none" if np.isnan(value) else f"{value:.6g}".replace("-", "−")


def over_seeds(row: Mapping) -> str:
    """Median [smallest, largest], and how many diverged."""
    if row["diverged"] == row["seeds"]:
        return f"every one of {int(row['seeds'])} seeds diverged"
    return f"{number(row['median'])} [{number(row['low'])}, {number(row['high'])}]{_lost(row)}"


def middle(row: Mapping) -> str:
    """The median alone, and how many diverged."""
    return "diverged" if row["diverged"] == row["seeds"] else number(row["median"]) + _lost(row)


def _lost(row: Mapping) -> str:
    return f" ({int(row['diverged'])} of {int(row['seeds'])} diverged)" if row["diverged"] else ""


def placed(row: Mapping) -> str:
    """``3 of 5 [2–4]``: the place, and the places that the seeds do not rule out."""
    if pd.isna(row["place"]):
        return "–"
    low, high = int(row["place_low"]), int(row["place_high"])
    return f"{int(row['place'])} of {int(row['of'])} [{low}–{high}]" if low < high else f"{low} of {int(row['of'])}"


def heading(words: str) -> str:
    return f"== {text(words)}\n"


def _lines(lines: Sequence[str]) -> str:
    return "#block[#set text(size: 7.5pt)\n" + " \\\n".join(lines) + "]\n"


def _formula(table: pd.DataFrame, activation: Activation) -> str:
    found = table[table.section == "formula"]
    kinks = found[found.quantity.str.startswith("jump")]
    kind = found[found.quantity == "smoothness"].text.iloc[0]
    lines = [text(CLASSES.get(kind, f"{kind}: continuous with its derivatives up to order {kind[1:]}"))]
    for row in kinks.to_dict("records"):
        order = int(row["quantity"].removeprefix("jump"))
        name = PRIMES[order] if order < len(PRIMES) else f"derivative {order} of σ"
        lines.append(text(f"at {row['variant']}: {name} jumps by {exact(row['median'])}"))
    deltas = [k for k in activation.kinks if any(k.jumps[:2])]
    if deltas:
        lines.append(text("automatic differentiation leaves out the deltas of σ′ and σ″, arrows in (a)"))
    return heading("Smoothness") + _lines(lines)


def _criticality(table: pd.DataFrame) -> str:
    found = table[table.section == "criticality"].set_index("quantity")
    if found.empty:
        return ""
    kind, stability, reason = (found.text[name] for name in ("universality_class", "stability", "reason"))
    value = found["median"]
    lines = [
        f"class: *{text(kind)}*{text(', ' + stability if stability not in ('', kind) else '')} \\({text(reason)}\\)"
    ]
    names = {"critical_weight_variance": "C_W", "critical_bias_variance": "C_b", "critical_kernel": "K*"}
    if value[list(names)].notna().any():
        numbers = ", ".join(f"{symbol} = {exact(value[name])}" for name, symbol in names.items())
        lines.append(text(f"critical: {numbers}"))
    safe, first = value["largest_safe_weight_variance"], value["largest_first_kernel"]
    limit = "at no C_W" if np.isnan(safe) else f"above C_W = {exact(safe)}"
    lines.append(text(f"from inputs with |x|²/n₀ = 1, K explodes {limit}"))
    if not np.isnan(first):
        lines.append(text(f"ten layers at the critical C_W do not double K up to {exact(first)}"))
    return heading("Criticality") + _lines(lines)


def _starts(table: pd.DataFrame) -> str:
    """What weights were drawn with, and why."""
    lines = [*map(text, _variances(table))]
    lines += [text(words) for task, words in STARTS.items() if (table.section == task).any()]
    return heading("Start") + _lines(lines) if lines else ""


def _variances(table: pd.DataFrame) -> Iterator[str]:
    """With which C_W and C_b the regressions started, by the rule for the class of the activation."""
    starts, cases = table[table.section == "start"], {}
    for (experiment, name), group in starts.groupby(["experiment", "variant"], sort=False):
        value = group.set_index("quantity")["median"]
        weight, first, bias = (value[f"{kind}_variance"] for kind in ("weight", "first_weight", "bias"))
        own = "" if first == weight else f" (first layer {exact(first)})"
        reason = next(filter(None, group.text), "")
        words = f"C_W = {exact(weight)}{own}, C_b = {exact(bias)} by rule ({reason})"
        cases.setdefault((short(experiment), words), []).append(name)
    for (experiment, words), names in cases.items():
        yield f"{' '.join([experiment, ', '.join(filter(None, names))]).strip()}: {words}"


def _audit(table: pd.DataFrame) -> str:
    found = table[table.section == "audit"]
    if found.empty:
        return ""
    rows, words = [], []
    for (experiment, name), group in found.groupby(["experiment", "variant"], sort=False):
        row, said = group.set_index("quantity")["median"], group.set_index("quantity").text
        title = f"{short(experiment)} {_word(name)}".strip()
        uses = USES.get(row["order"], "–") if not np.isnan(row["order"]) else "–"
        cells = [title, uses, *(number(row[key]) for key in ("first", "second", "parameter", "jumps", "kinks"))]
        rows.append([*map(text, cells), f"*{text(said['verdict'])}*"])
        if said["because"]:
            words.append(text(f"{title}: {said['because']}"))
    heads = ["case", "uses", "u′", "u″", "param.", "jumps", "kinks", "verdict"]
    return heading("Derivative audit") + typst_markup.table(heads, rows, ["auto"] * 7 + ["1fr"], SIZE) + _lines(words)


def _errors(table: pd.DataFrame, results: list[Result], activation: str) -> str:
    """One table of all errors: of the activation with its rank, and of the references beside it."""
    compared = {(r.job.experiment, variant(r)): peers(r, results) for r in results if r.job.settings.task in ERRORS}
    others = list(dict.fromkeys(name for group in compared.values() for name in group if name != activation))
    rows = []
    for row in table[table.section.isin(ERRORS)].to_dict("records"):
        group = compared[row["experiment"], row["variant"]]
        beside = [_beside(group.get(name), row["quantity"]) for name in others]
        case = f"{short(row['experiment'])} {_word(row['variant'])}".strip()
        rows.append([case, ERRORS[row["section"]][row["quantity"]], over_seeds(row), placed(row), *beside])
    heads = ["case", "error", label(activation), "rank", *map(label, others)]
    cells = [[text(cell) for cell in row] for row in rows]
    widths = [*["auto"] * 4, *["1fr"] * len(others)]
    missing = [TITLES[task] for task in ERRORS if not (table.section == task).any()]
    lost = _lines([text(f"{', '.join(missing)}: refused")]) if missing else ""
    return (
        heading("Errors")
        + (typst_markup.table([text(head) for head in heads], cells, widths, SIZE) if rows else "")
        + lost
    )


def _beside(result: Result | None, quantity: str) -> str:
    return "–" if result is None else middle(summary_of(per_seed(result, quantity)))


def _landscape(table: pd.DataFrame) -> str:
    found = table[table.section == "landscape"]
    if found.empty:
        return heading("Landscape") + _lines([text("refused")])
    lines = [text(f"roughness, {_word(r['variant'])}: {over_seeds(r)}") for r in found.to_dict("records")]
    return heading("Landscape") + _lines(lines)


def _refused(table: pd.DataFrame) -> str:
    """What could not be, by reason."""
    found = table[table.section == "refused"]
    if found.empty:
        return ""
    lines = []
    for reason, group in found.groupby("text", sort=False):
        cases = [f"{short(r['experiment'])} {_word(r['variant'])}".strip() for r in group.to_dict("records")]
        lines.append(f"{text(', '.join(cases))}: {text(reason)}")
    return heading("Left out") + _lines(lines)


def _word(name: str) -> str:
    return GRADIENTS.get(name, name.replace("kink_aware", "kink-aware").replace("_", " "))


def _foot(results: list[Result], activation: str, tier: str) -> str:
    """What the numbers mean, and the settings they were computed with."""
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
    return f"{short(result.job.experiment)}: {given}" if given else ""
