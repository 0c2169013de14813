"""Printed form of tables: digits, best values, shared settings, layout, TeX."""

import math
import re
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reproduction.exhibits.printed_form import printed_table, tex_formula
from reproduction.exhibits.tables import kernels
from reproduction.exhibits.tables.table_page import latex
from reproduction.rendering import tex_markup
from reproduction.rendering.printed_numbers import Printed, plain, printed, printed_range

PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
VALUES = st.floats(-1e300, 1e300, allow_subnormal=False)
POSITIVE = st.floats(1e-12, 1e12)


def read(text: str) -> float:
    return float(re.sub(r"·10", "e", text).translate(PLAIN))


def exact(digits: str, exponent: int | None) -> float:
    return float(digits if exponent is None else f"{digits}e{exponent}")


@settings(deadline=None)
@given(VALUES)
@example(9.999e-3)
@example(99999.6)
@example(1e-300)
def test_a_number_is_rounded_to_three_digits_and_integers_are_exact(value):
    shown = read("".join(plain(printed(value))))
    assert shown == (value if value.is_integer() and abs(value) < 1e6 else float(f"{value:.3g}")) or (
        shown == pytest.approx(value, rel=5e-3)
        and len(re.sub(r"[-.]", "", printed(value).number).lstrip("0")) in (3, 4, 5, 6)
    )


@settings(deadline=None)
@given(st.lists(POSITIVE, min_size=3, max_size=3), st.booleans())
@example([1e-4, 1.09e-5, 220.57], False)
@example([9.996, 9.9951, 10.004], False)
@example([2e-5, 3e-3, 5.0], True)
def test_a_range_has_the_values_of_its_ends_and_one_power_of_ten_unless_it_is_wide(values, negative):
    low, middle, high = sorted(values)
    low = -low if negative else low
    number = printed_range(middle, low, high)
    assert exact(number.number, number.exponent) == pytest.approx(middle, rel=5.1e-3)
    for (digits, own), end in zip(number.ends, (low, high)):
        assert exact(digits, own if number.wide else number.exponent) == pytest.approx(end, rel=5.1e-2)
        assert number.wide or len(re.sub("[-.]", "", digits).strip("0")) <= 4
    if number.wide:
        assert abs(low) < 1.01e-2 * middle or high > 0.99e3 * middle or high >= 9e3
    assert "".join(plain(number)).count("·10") <= (3 if number.wide else 1)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((5.97e-4, 5.46e-4, 9.87e-4), "5.97 [5.46, 9.87]·10⁻⁴"),
        ((0.23151, 0.14937, 0.36605), "0.232 [0.149, 0.366]"),
        ((-2.4662, -2.4665, -2.4648), "−2.47 [−2.47, −2.46]"),
        ((1e-4, 1.09e-5, 220.57), "1.00·10⁻⁴ [1.1·10⁻⁵, 221]"),
        ((-3e-5, -math.inf, 2.0), "−3.00·10⁻⁵ [−∞, 2.0]"),
        ((3e-3, 0.0, 5.0), "3.00·10⁻³ [0, 5.0]"),
        ((1e-308, 0.0, 1.0), "1.00·10⁻³⁰⁸ [0, 1.0]"),
        ((math.nan, math.nan, math.nan), "–"),
        ((math.inf, math.inf, math.inf), "∞ [∞, ∞]"),
        ((0.0, 0.0, 2e-13), "0.00 [0, 2.00]·10⁻¹³"),
    ],
)
def test_ranges_are_printed_as_in_a_journal(values, text):
    assert "".join(plain(printed_range(*values))) == text


@settings(deadline=None)
@given(st.text(max_size=30))
@example("MRePU₁₂, |x|² ≤ 1_000 & σ → û")
def test_texts_contain_only_letters_that_pdflatex_knows(text):
    shown = tex_markup.text(text)
    assert all(ord(letter) < tex_markup.LATIN for letter in shown)
    assert not re.search(r"(?<!\\)[&%#]", shown)
    assert shown.count("{") - shown.count(r"\{") == shown.count("}") - shown.count(r"\}")


def test_runs_of_raised_and_lowered_digits_are_joined():
    assert tex_markup.text("MRePU₁₂ at 10⁻³") == "MRePU$_{12}$ at 10$^{-3}$"


TABLE = pd.DataFrame(
    {
        "target": ["f", "g", "f", "g", "h"],
        "name": ["ReLU²", "tanh", "tanh", "ReLU²", "tanh"],
        "seeds": 6,
        "error_median": [1.5e-3, 2.0, 1.4e-3, np.inf, 1.0],
        "error_low": [1e-3, 1.25, 1e-3, np.inf, 1.0],
        "error_high": [2e-3, 3.5, 2e-3, np.inf, 1.0],
        "function": ["x**2", "relu(x)*y", "x**2", "relu(x)*y", "sin(x)"],
    }
)
FAMILY = ModuleType("family")
FAMILY.__dict__.update(
    HEADINGS={"target": "target", "name": r"$\sigma$", "seeds": "seeds", "error": "error"},
    RANKED=("error",),
    RANKED_WITHIN=("target",),
    DEFINITIONS=("target", "function"),
    NOTE="a note",
)


def test_the_best_of_each_group_is_bold_and_rows_are_ordered_by_group():
    shown = printed_table(TABLE, FAMILY)
    assert shown.columns["target"] == ["f", "f", "g", "g", "h"]
    assert [cell.best for cell in shown.columns["error"]] == [False, True, True, False, False]


def test_values_that_print_alike_are_bold_alike():
    table = TABLE.assign(error_median=[1.4004e-3, 2.0, 1.4e-3, 3.0, 1.0])
    assert [cell.best for cell in printed_table(table, FAMILY).columns["error"]] == [True, True, True, False, False]


def test_settings_that_all_rows_share_move_into_the_note():
    shown = printed_table(TABLE, FAMILY)
    assert "seeds" not in shown.columns
    assert shown.shared == {"seeds": Printed("6")}
    assert "seeds" in printed_table(TABLE[:1], FAMILY).columns


def test_tex_aligns_on_the_point_and_explains_itself():
    lines = latex(TABLE, FAMILY, "smoke_tier").splitlines()
    assert lines[1] == r"\begin{tabular}{llr@{}l}"
    assert lines[3] == r"target & $\sigma$ & \multicolumn{2}{c}{error} \\"
    assert lines[5] == r"f & ReLU$^{2}$ & $1$ & $.50\;[1.00,\,2.00]{\cdot}10^{-3}$ \\"
    assert lines[6] == r"f & tanh & $\mathbf{1}$ & $\mathbf{.40}\;[1.00,\,2.00]{\cdot}10^{-3}$ \\"
    assert lines[7] == r"\addlinespace"
    for part in (r"smoke\_tier tier; seeds: $6$; a note", "f: $x^{2}$", r"g: $y \max\left(0, x\right)$"):
        assert part in lines[-1]


def test_long_tables_break_over_pages():
    long = pd.concat([TABLE] * 10, ignore_index=True)
    assert r"\begin{longtable}" in latex(long, FAMILY, "draft")
    assert latex(long, FAMILY, "draft").count(r" \\") == len(long) + 1


def test_formulas_need_no_package():
    assert tex_formula("x*sigmoid(x)") == r"$x \mathrm{sigmoid}(x)$"


def test_epochs_are_columns_of_the_tables_of_kernels():
    rows = [
        {"case": case, "name": "ReLU²", "weight_variance": 0.2, "hidden_layers": hidden, "layer": layer}
        | {"epoch": epoch, "networks": 12, "diverged": epoch // 250, "mean": 10.0 * layer + epoch, "variance": 0.5}
        for case, hidden in (("one", 1), ("two", 2))
        for layer in range(1, hidden + 1)
        for epoch in (0, 250)
    ]
    shown = printed_table(pd.DataFrame(rows), kernels)
    assert [*shown.headings.values()] == ["hidden", "layer", "kernel", "epoch 0", "epoch 250"]
    assert shown.columns["quantity"] == ["mean", "variance"] * 3
    assert [cell.number for cell in shown.columns["epoch 250"]] == ["260", "0.5", "260", "0.5", "270", "0.5"]
    assert shown.shared["diverged"] == Printed("1")
