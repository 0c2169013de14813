"""Numbers and column headings in TeX and plain text; names of documents."""

import pkgutil
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.config.words import superscript
from reproduction.exhibits import tables
from reproduction.exhibits.tables import table_page
from reproduction.rendering.typography import heading, plain_numbers, readable

PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
VALUES = st.one_of(st.floats(-1e12, 1e12), st.integers(-(10**6), 10**6).map(float))


@settings(deadline=None)
@given(VALUES, VALUES)
def test_numbers_in_a_text_keep_their_values(low, high):
    text = plain_numbers(f"mean [{low:.3g}, {high:.3g}], claimed > {low:g}")
    powers = re.sub(r"(·?)10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda match: f"{'' if match[1] else '1'}e{match[2]}", text)
    read = [float(number) for number in re.findall(r"-?\d[-e.\d]*", powers.translate(PLAIN))]
    assert read == [float(f"{low:.3g}"), float(f"{high:.3g}"), float(f"{low:g}")]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("-1e-09 to 1e-09", "−10⁻⁹ to 10⁻⁹"),
        ("1.15e+03 [-inf, inf]", "1.15·10³ [−∞, ∞]"),
        ("ReLU-2, infinite", "ReLU-2, infinite"),
    ],
)
def test_numbers_in_a_text_are_formatted_as_in_tables(text, plain):
    assert plain_numbers(text) == plain


@settings(deadline=None)
@given(st.integers(-400, 400))
def test_superscripts_show_the_digits_of_the_number(number):
    assert int(superscript(number).translate(PLAIN)) == number


def shown(tex: str) -> str:
    return heading(tex, str, lambda part: f"<{part}>", lambda part: f"^{part}^")


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("seeds", "seeds"),
        (r"$C_W^{\max}$", "C<W>^max^"),
        (r"$\Pi[\hat u]-\Pi^*$", "Π[û]−Π^*^"),
        (r"rel.\ $L^2$", "rel. L^2^"),
        ("off-diagonal", "off-diagonal"),
        ("$u_{xx}$", "u<xx>"),
    ],
)
def test_headings_are_converted_from_tex(tex, text):
    assert shown(tex).replace("u\u0302", "û") == text


def test_every_table_heading_can_be_converted():
    for module in pkgutil.iter_modules(tables.__path__):
        headings = getattr(table_page.family(module.name), "HEADINGS", {})
        for tex in headings.values():
            assert not set(r"\${}_") & set(shown(tex))


def test_documents_have_readable_names():
    assert [readable(name) for name in ("deep_ritz", "effective_theory")] == ["Deep Ritz", "Effective theory"]
