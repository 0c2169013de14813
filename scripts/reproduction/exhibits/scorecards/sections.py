"""Sections of the page of a scorecard as Typst markup, from the table of the activation."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from rectified.formulas.activation import Activation, label
from reproduction.exhibits.audit_summary import UNDETERMINED
from reproduction.exhibits.scorecards.peers import ERRORS, errors_by_seed, peers, short_name, variant
from reproduction.exhibits.scorecards.table import MEASURES, summary_columns
from reproduction.exhibits.scorecards.value_text import (
    case_name,
    median,
    median_and_range,
    rank_text,
    rounded,
    six_digits,
    variant_name,
)
from reproduction.rendering import typst_markup
from reproduction.rendering.typst_markup import text
from reproduction.storage.results import Result

PRIMES = ("σ", "σ′", "σ″", "σ‴")
SIZE = 6.5  # of tables, in points
TITLES = {
    "ritz": "Deep Ritz",
    "ritz_box": "Deep Ritz in two dimensions",
    "regression": "regression",
    "collocation": "PINN",
}
DERIVATIVES = {1: "u′", 2: "u_xx"}  # by order
INITIALIZATION = {
    "collocation": "PINN: Glorot for every activation, weights from N(0, 2/(fan-in + fan-out)), C_b = 0",
    "ritz": "Deep Ritz: the same draw for every activation",
}
SMOOTHNESS = {
    "smooth": "smooth: all derivatives are continuous",
    "jumps": "jumps: σ is discontinuous",
}
SYMBOLS = {"critical_weight_variance": "C_W", "critical_bias_variance": "C_b", "critical_kernel": "K*"}
VERDICTS = {UNDETERMINED: "undetermined"}


def smoothness(table: pd.DataFrame, activation: Activation) -> str:
    """Order of continuity, jumps of derivatives, and the deltas that automatic differentiation omits."""
    rows = table[table.section == "formula"]
    kind = rows[rows.quantity == "smoothness"].text.iloc[0]
    lines = [SMOOTHNESS.get(kind, f"{kind}: continuous with its derivatives up to order {kind[1:]}")]
    for row in rows[rows.quantity.str.startswith("jump")].to_dict("records"):
        order = int(row["quantity"].removeprefix("jump"))
        name = PRIMES[order] if order < len(PRIMES) else f"derivative {order} of σ"
        lines.append(f"at {row['variant']}: {name} jumps by {six_digits(row['median'])}")
    if any(any(kink.jumps[:2]) for kink in activation.kinks):
        lines.append("automatic differentiation omits the deltas of σ′ and σ″, arrows in (a)")
    return _heading("Smoothness") + _lines(map(text, lines))


def criticality(table: pd.DataFrame) -> str:
    """Universality class, critical numbers, and explosion of the kernel."""
    rows = table[table.section == "criticality"].set_index("quantity")
    if rows.empty:
        return ""
    kind, stability, reason = (rows.text[name] for name in ("universality_class", "stability", "reason"))
    numbers = rows["median"]
    fixed_point = f", {stability}" if stability not in ("", kind) else ""
    lines = [f"class: *{text(kind)}*{text(fixed_point)} \\({text(reason)}\\)"]
    if numbers[list(SYMBOLS)].notna().any():
        critical = ", ".join(f"{symbol} = {six_digits(numbers[name])}" for name, symbol in SYMBOLS.items())
        lines.append(text(f"critical: {critical}"))
    safe, first = numbers["largest_safe_weight_variance"], numbers["largest_first_kernel"]
    limit = "for no C_W" if np.isnan(safe) else f"for C_W above {six_digits(safe)}"
    lines.append(text(f"from inputs with |x|²/n₀ = 1, K explodes {limit}"))
    if not np.isnan(first):
        lines.append(text(f"at the critical C_W, K less than doubles over ten layers for K¹ up to {six_digits(first)}"))
    return _heading("Criticality") + _lines(lines)


def initialization(table: pd.DataFrame) -> str:
    """Variances of the initial weights, with the rule that gives them."""
    lines = [*_variances(table)]
    lines += [words for task, words in INITIALIZATION.items() if (table.section == task).any()]
    return _heading("Initialization") + _lines(map(text, lines)) if lines else ""


def _variances(table: pd.DataFrame) -> Iterator[str]:
    """C_W and C_b of the regressions; cases with equal variances share a line."""
    starts = table[table.section == "start"]
    variants: dict[tuple[str, str], list[str]] = {}
    for (experiment, name), group in starts.groupby(["experiment", "variant"], sort=False):
        value = group.set_index("quantity")["median"]
        weight, first, bias = (value[f"{kind}_variance"] for kind in ("weight", "first_weight", "bias"))
        first_layer = "" if first == weight else f" (first layer {six_digits(first)})"
        reason = next(filter(None, group.text), "")
        words = f"C_W = {six_digits(weight)}{first_layer}, C_b = {six_digits(bias)} by rule ({reason})"
        variants.setdefault((short_name(experiment), words), []).append(name)
    for (experiment, words), names in variants.items():
        yield f"{' '.join([experiment, ', '.join(filter(None, names))]).strip()}: {words}"


def derivative_audit(table: pd.DataFrame) -> str:
    """Measures and verdict of each audited case, and the reasons."""
    audits = table[table.section == "audit"]
    if audits.empty:
        return ""
    rows, reasons = [], []
    for (experiment, name), group in audits.groupby(["experiment", "variant"], sort=False):
        numbers, words = group.set_index("quantity")["median"], group.set_index("quantity").text
        case, verdict = case_name(experiment, name), words["verdict"]
        cells = [case, DERIVATIVES.get(numbers["order"], "–"), *(rounded(numbers[key]) for key in MEASURES)]
        rows.append([*map(text, cells), f"*{text(VERDICTS.get(verdict, verdict))}*"])
        if words["because"]:
            reasons.append(text(f"{case}: {words['because']}"))
    heads = ["case", "uses", "u′", "u″", "param.", "jumps", "kinks", "verdict"]
    return (
        _heading("Derivative audit") + typst_markup.table(heads, rows, ["auto"] * 7 + ["1fr"], SIZE) + _lines(reasons)
    )


def errors(table: pd.DataFrame, results: list[Result], activation: str) -> str:
    """All errors of the activation with their ranks, and the medians of the references."""
    compared = {(r.job.experiment, variant(r)): peers(r, results) for r in results if r.job.settings.task in ERRORS}
    references = list(dict.fromkeys(name for group in compared.values() for name in group if name != activation))
    rows = []
    for row in table[table.section.isin(ERRORS)].to_dict("records"):
        group, quantity = compared[row["experiment"], row["variant"]], row["quantity"]
        case = case_name(row["experiment"], row["variant"])
        medians = [_reference(group.get(name), quantity) for name in references]
        cells = [case, ERRORS[row["section"]][quantity], median_and_range(row), rank_text(row), *medians]
        rows.append([text(cell) for cell in cells])
    heads = [text(head) for head in ("case", "error", label(activation), "rank", *map(label, references))]
    widths = [*["auto"] * 4, *["1fr"] * len(references)]
    refused = [TITLES[task] for task in ERRORS if not (table.section == task).any()]
    return (
        _heading("Errors")
        + (typst_markup.table(heads, rows, widths, SIZE) if rows else "")
        + (_lines([text(f"{', '.join(refused)}: refused")]) if refused else "")
    )


def _reference(result: Result | None, quantity: str) -> str:
    return "–" if result is None else median(summary_columns(errors_by_seed(result, quantity)))


def landscape(table: pd.DataFrame) -> str:
    """Roughness of the energy landscape."""
    rows = table[table.section == "landscape"].to_dict("records")
    lines = [f"roughness, {variant_name(row['variant'])}: {median_and_range(row)}" for row in rows] or ["refused"]
    return _heading("Landscape") + _lines(map(text, lines))


def refused_cases(table: pd.DataFrame) -> str:
    """Refused cases by reason."""
    lines = []
    for reason, group in table[table.section == "refused"].groupby("text", sort=False):
        cases = [case_name(row["experiment"], row["variant"]) for row in group.to_dict("records")]
        lines.append(f"{text(', '.join(cases))}: {text(reason)}")
    return _heading("Left out") + _lines(lines) if lines else ""


def _heading(words: str) -> str:
    return f"== {text(words)}\n"


def _lines(lines: Iterable[str]) -> str:
    return "#block[#set text(size: 7.5pt)\n" + " \\\n".join(lines) + "]\n"
