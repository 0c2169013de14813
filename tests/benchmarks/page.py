"""Measurements as CSV, as Markdown and as a figure."""

import platform
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from reproduction.exhibits import style
from reproduction.report.run_facts import machine
from reproduction.storage.atomic_write import write_atomically


def duration(seconds: float) -> str:
    """Format a time to three digits in a suitable unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def factor(ratio: float) -> str:
    return f"{ratio:.3g}"


def comparison_table(rows: pd.DataFrame) -> str:
    """Format the comparisons in Markdown; faster peers and missed targets are marked."""
    lines = ["| work | peer | ours | peer | ratio [interval] | aim |", "|---|---|---|---|---|---|"]
    for row in rows.itertuples():
        if pd.isna(row.ratio):
            lines.append(f"| {row.work} | {row.peer} | | | {row.note} | {_aim(row)} |")
            continue
        ratio = f"{factor(row.ratio)}× [{factor(row.low)}, {factor(row.high)}]"
        lines.append(
            f"| {row.work} | {row.peer} | {duration(row.ours)} | {duration(row.theirs)} | {ratio} | {_aim(row)} |"
        )
    return "\n".join(lines)


def _aim(row) -> str:
    if pd.isna(row.target):
        return "the peer is faster" if row.high < 1 else ""
    if pd.isna(row.ratio):
        return f"≥ {row.target:g}×"
    outcome = "met" if row.low >= row.target else "missed" if row.high < row.target else "within the interval"
    return "; ".join([f"≥ {row.target:g}×: {outcome}", *([row.note] if isinstance(row.note, str) and row.note else [])])


def limit_table(rows: pd.DataFrame) -> str:
    """Format the hot paths in Markdown: shares of this machine's limits, and exponents of the cost."""
    lines = [
        "| hot path | sizes | time | products | passes | normals | together | calls | calling | memory | cost grows |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows.itertuples():
        shares = [_percent(getattr(row, name)) for name in ("products", "passes", "normals", "limit")]
        slopes = ", ".join(f"{name}^{value:.2f}" for name, value in row.slopes.items())
        numbers = [duration(row.seconds), *shares, str(row.calls), _percent(row.calling), f"{row.megabytes:.3g} MB"]
        lines.append(f"| {row.name} | {row.sizes} | {' | '.join(numbers)} | {slopes} |")
    return "\n".join(lines)


def _percent(share: float) -> str:
    return "" if pd.isna(share) or share == 0 else f"{100 * share:.0f} %"


def write(
    folder: Path, comparisons: pd.DataFrame, limits: pd.DataFrame, rates: dict[str, float], versions: dict[str, str]
) -> None:
    """Write benchmarks.csv, benchmarks_limits.csv, benchmarks.md, benchmarks.pdf and benchmarks.png to a folder."""
    found = {**machine(), "python": platform.python_version(), **versions}
    here = ", ".join(f"{name} {value}" for name, value in found.items())
    reached = ", ".join(f"{value:.3g} {name}" for name, value in rates.items())
    rounds = int(comparisons.rounds.max())
    parts = [
        "# Comparison with peer packages",
        f"{here}. One thread; sides alternate; {rounds} rounds (fewer for time to accuracy); medians; intervals of "
        "the median ratio by the sign test, 95 % for six or more rounds.",
        comparison_table(comparisons),
        "## Shares of the machine's limits",
        f"Peak rates of this machine in the same run: {reached}. Each column is the share of the time explained by a "
        "lower bound of the work: matrix products of its shapes, element-wise passes over its arrays, normal samples; "
        "and by the overhead of its operator calls. Exponents are fitted between one and four times the default "
        "size.",
        limit_table(limits),
    ]
    folder.mkdir(exist_ok=True)
    write_atomically(folder / "benchmarks.csv", lambda file: comparisons.to_csv(file, index=False))
    flat = limits.assign(slopes=[str(slopes) for slopes in limits.slopes])
    write_atomically(folder / "benchmarks_limits.csv", lambda file: flat.to_csv(file, index=False))
    write_atomically(folder / "benchmarks.md", lambda file: file.write_text("\n\n".join(parts) + "\n"))
    _draw(folder, comparisons.dropna(subset="ratio"), found["processor"])


def _draw(folder: Path, rows: pd.DataFrame, processor: str) -> None:
    style.use()
    rows = rows.sort_values("ratio")
    places = np.arange(len(rows))
    figure, axes = plt.subplots(figsize=(style.MIDDLE, 0.9 + 0.24 * len(rows)))
    spread = np.abs(rows[["low", "high"]].to_numpy().T - rows.ratio.to_numpy())
    dark, light = style.shades(3)[::2]
    axes.errorbar(rows.ratio, places, xerr=spread, fmt="o", color=dark, markersize=3.5, capsize=2, label="measured")
    axes.plot(rows.target, places, "|", color=light, markersize=11, markeredgewidth=2, label="aim")
    axes.axvline(1, color="0.5", linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yticks(places, rows.key + ": " + rows.peer)
    axes.set_xlabel("time of the peer / ours")
    axes.legend(loc="lower right")
    style.stamp(figure, "medians and their intervals", processor, "one thread")
    style.save(figure, str(folder / "benchmarks.pdf"), str(folder / "benchmarks.png"))
