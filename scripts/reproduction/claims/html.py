"""Web page of the verdicts on published claims, from the same rows as the Markdown page."""

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
# In a frame of the report, relative links to pictures have no target.
UNLINK_IN_FRAME = (
    '<script>if (location.protocol === "data:")'
    ' document.querySelectorAll("a").forEach((link) => link.replaceWith(link.textContent));</script>'
)
HEADINGS = ("claim", "statement", "verdict", "numbers", "shown in", "source")


def page(decided: pd.DataFrame, document: str, numbers: Callable[[Any], str]) -> str:
    """Return the page: counts of the verdicts, then one row per claim.

    Args:
        decided: one row per part.
        document: its name.
        numbers: formats the numbers of a part.
    """
    (tier,) = decided.tier.unique()
    claims = [parts for _, parts in decided.groupby("claim", sort=False)]
    counted = Counter(parts.verdict.iloc[0] for parts in claims)
    counts = ", ".join(f"{counted[name]} {styled_verdict(name)}" for name in VERDICTS if counted[name])
    note = (
        f"{web_page.text(tier)} tier. {len(claims)} claims: {counts}. Numbers: median over n seeds "
        f"[interval of at least {100 * CONFIDENCE:.0f} % coverage, unless stated]."
    )
    table = web_page.table(HEADINGS, [_cells(parts, numbers) for parts in claims])
    title = f"Published claims: {readable(document)}"
    return web_page.page(title, f"<p>{note}</p>\n{table}\n{UNLINK_IN_FRAME}", STYLE)


def styled_verdict(name: str) -> str:
    """Return a verdict as a coloured sign and a word, as HTML."""
    mark = VERDICTS[name]
    return f'<span style="color: {mark.colour}">{web_page.text(mark.sign)}</span> {web_page.text(name)}'


def _cells(parts: pd.DataFrame, numbers: Callable[[Any], str]) -> list[str]:
    first = parts.iloc[0]
    lines = "".join(f"<div>{web_page.text(numbers(part))}</div>" for part in parts.itertuples())
    stated = [web_page.text(first[name]) for name in ("claim", "statement")]
    return [*stated, styled_verdict(first.verdict), lines, _exhibit(first.figure), web_page.text(first.source)]


def _exhibit(name: str) -> str:
    """Return a link to the picture of a figure or the page of a table."""
    if not name:
        return ""
    kind, suffix = ("tables", "html") if name.split("/")[1].startswith("table") else ("figures", "png")
    return f'<a href="../{kind}/{name}.{suffix}">{web_page.text(name)}</a>'
