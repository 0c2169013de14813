"""Verdicts on published claims as a web page, from the same rows as the Markdown page."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd

from rectified.statistics.summaries import CONFIDENCE
from reproduction.claims.markdown import VERDICTS
from reproduction.rendering import web_page
from reproduction.rendering.typography import readable

STYLE = """
td:nth-child(2) { min-width: 11rem; max-width: 24rem; }
td:nth-child(3) { min-width: 6rem; font-weight: 600; }
td:nth-child(4) { min-width: 20rem; }
td:nth-child(4) div + div { margin-top: .4rem; }
td:nth-child(n+5) { font-size: 12px; }
"""
# Pages in a frame of the report have no folder beside them: the links to pictures would lead nowhere.
UNLINKED = (
    '<script>if (location.protocol === "data:")'
    ' document.querySelectorAll("a").forEach((link) => link.replaceWith(link.textContent));</script>'
)
HEADINGS = ("claim", "statement", "verdict", "numbers", "shown in", "source")


def page(decided: pd.DataFrame, document: str, numbers: Callable[[Any], str]) -> str:
    """The page, one row per claim; counts of the verdicts come first.

    Args:
        decided: one row per part.
        numbers: the decisive numbers of a part in words.
    """
    (tier,) = decided.tier.unique()
    claims = [parts for _, parts in decided.groupby("claim", sort=False)]
    found = Counter(parts.verdict.iloc[0] for parts in claims)
    counts = ", ".join(f"{found[name]} {verdict(name)}" for name in VERDICTS if found[name])
    note = (
        f"{web_page.text(tier)} tier. {len(claims)} claims: {counts}. Numbers: median over n seeds "
        f"[its interval of {100 * CONFIDENCE:.0f} % coverage or more, if not said]."
    )
    table = web_page.table(HEADINGS, [_cells(parts, numbers) for parts in claims])
    title = f"Published claims: {readable(document)}"
    return web_page.page(title, f"<p>{note}</p>\n{table}\n{UNLINKED}", STYLE)


def verdict(name: str) -> str:
    """A verdict as a coloured sign and a word."""
    mark = VERDICTS[name]
    return f'<span style="color: {mark.colour}">{web_page.text(mark.sign)}</span> {web_page.text(name)}'


def _cells(parts: pd.DataFrame, numbers: Callable[[Any], str]) -> list[str]:
    first = parts.iloc[0]
    lines = "".join(f"<div>{web_page.text(numbers(part))}</div>" for part in parts.itertuples())
    stated = [web_page.text(first[name]) for name in ("claim", "statement")]
    return [*stated, verdict(first.verdict), lines, _exhibit(first.figure), web_page.text(first.source)]


def _exhibit(name: str) -> str:
    """A link to the picture of a figure, or to the page of a table."""
    if not name:
        return ""
    kind, suffix = ("tables", "html") if name.split("/")[1].startswith("table") else ("figures", "png")
    return f'<a href="../{kind}/{name}.{suffix}">{web_page.text(name)}</a>'
