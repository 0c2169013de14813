"""Figure and tables of the study of the audit.

python -m audit_study.page FOLDER: reads the CSV of the study in a folder, and writes audit_study.csv, audit_study.png
and the tables in audit_study.md, all in workflow/docs.
"""

import re
import shutil
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from audit_study import rates
from audit_study.rates import FACTOR, FACTORS, THRESHOLD, THRESHOLDS, Rates
from audit_study.study import file_in
from rectified.statistics.summaries import Interval
from reproduction.exhibits import style
from reproduction.storage.atomic_write import write_atomically

DOCS = Path(__file__).parents[2] / "workflow/docs"
BEGIN, END = "<!-- audit study: made by `make audit-study` -->", "<!-- end of audit study -->"
RIGHT, WRONG = style.ACTIVATION_COLOURS["tanh"], style.ACTIVATION_COLOURS["relu"]
SMALLEST, LARGEST = 1e-10, 10.0  # range of the axes; values beyond are drawn at its ends
TICKS = [0, 0.01, 0.05, 0.1, 0.2, 0.4]  # of rates
CURVES = {0.0: ("0.6", "-"), 1.0: ("0.4", ":"), 3.0: ("black", "-"), 5.0: ("0.4", "--")}


def percent(interval: Interval) -> str:
    """A share with its interval, in percent."""
    return f"{100 * interval.value:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def line(name: str, found: Rates) -> str:
    """A row of a table."""
    return f"| {name} | " + " | ".join(percent(interval) for interval in found) + " |"


def tables(rows: pd.DataFrame) -> str:
    """Rates of the audit's verdicts, and of rules with other thresholds and factors, as Markdown."""
    right = int(rows.right.sum())
    head = "| {} | false alarms | misses | undetected | right, undetermined |\n|---|---|---|---|---|"
    parts = [f"{right} right and {len(rows) - right} wrong cases.", "", head.format("rule")]
    parts.append(line("verdict of the audit", rates.rates(rows, rows.verdict.to_numpy())))
    for factor in FACTORS:
        name = f"mismatch > {THRESHOLD:g} and > {factor:g} × uncertainty"
        parts.append(line(name, rates.rates(rows, rates.verdicts(rows, THRESHOLD, factor))))
    parts += ["", head.format("threshold, with the factor 3")]
    parts += [line(f"{size:g}", rates.rates(rows, rates.verdicts(rows, size, FACTOR))) for size in THRESHOLDS]
    parts += ["", head.format("threshold alone")]
    parts += [line(f"{size:g}", rates.rates(rows, rates.verdicts(rows, size, 0.0))) for size in THRESHOLDS]
    return "\n".join(parts)


def draw(rows: pd.DataFrame, file: Path) -> None:
    """Draw rates as the threshold varies, and mismatches against uncertainties."""
    style.use()
    figure, axes = plt.subplots(1, 2, figsize=(style.PAGE, 3.3))
    draw_rates(axes[0], rows)
    draw_cases(axes[1], rows)
    style.letters(list(axes))
    figure.savefig(file, metadata={"Software": None})
    plt.close(figure)


def draw_rates(axis: Axes, rows: pd.DataFrame) -> None:
    """Undetected wrong cases against false alarms, on scales of the square root."""
    for factor, (colour, dashes) in CURVES.items():
        shares = rates.curve(rows, factor, np.geomspace(1e-6, 1, 241))
        label = f"and > {factor:g} × uncertainty" if factor else "mismatch > t"
        axis.plot(*shares.T, dashes, color=colour, label=label)
    marked = rates.curve(rows, FACTOR, np.array(THRESHOLDS))
    axis.plot(*marked.T, ".", color="black", clip_on=False)
    for size, place in zip(THRESHOLDS, marked):
        if place[1] > 0:
            axis.annotate(f"t = {size:g}", place, (11, 2), textcoords="offset points", fontsize=6.5)
    (chosen,) = marked[[size == THRESHOLD for size in THRESHOLDS]]
    label = f"t = {THRESHOLD:g}, {FACTOR:g} × uncertainty"
    axis.plot(*chosen, "o", color=WRONG, markersize=5, label=label, clip_on=False)
    for scale, limits in ((axis.set_xscale, axis.set_xlim), (axis.set_yscale, axis.set_ylim)):
        scale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
        limits(0, TICKS[-1])
    axis.set_xticks(TICKS)
    axis.set_yticks(TICKS)
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.set_xlabel("right cases called inconsistent")
    axis.set_ylabel("wrong cases not called inconsistent")
    axis.legend(loc="upper right")


def draw_cases(axis: Axes, rows: pd.DataFrame) -> None:
    """The measure of each case that is closest to inconsistent, its uncertainty, and the borders of the verdicts."""
    mismatch, uncertainty = rates.sizes(rows)
    score = np.minimum(mismatch / THRESHOLD, mismatch / (FACTOR * np.maximum(uncertainty, SMALLEST)))
    worst = np.where(np.isnan(score), -1, score).argmax(1)
    place = np.arange(len(rows)), worst
    x, y = (np.clip(part[place], SMALLEST, LARGEST) for part in (uncertainty, mismatch))
    for right, colour, marker, label in ((1, RIGHT, "o", "right"), (0, WRONG, "^", "wrong")):
        chosen = (rows.right == right).to_numpy()
        axis.plot(x[chosen], y[chosen], marker, color=colour, markersize=3, alpha=0.6, label=label, markeredgewidth=0)
    corner = THRESHOLD / FACTOR
    axis.plot([SMALLEST, corner, LARGEST / FACTOR], [THRESHOLD, THRESHOLD, LARGEST], color="black", linewidth=0.9)
    axis.plot([THRESHOLD] * 2, [SMALLEST, THRESHOLD], color="black", linewidth=0.9, linestyle="--")
    axis.plot([corner, THRESHOLD], [THRESHOLD] * 2, color="black", linewidth=0.9, linestyle="--")
    for where, text in (((2e-7, 0.06), "inconsistent"), ((2e-9, 2e-4), "consistent"), ((0.03, 1e-6), "undetermined")):
        axis.text(*where, text, fontsize=7, color="0.3", rotation=90 if text == "undetermined" else 0)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(SMALLEST / 2, LARGEST)
    axis.set_ylim(SMALLEST / 2, LARGEST)
    axis.set_xlabel("uncertainty")
    axis.set_ylabel("mismatch")
    axis.legend(loc="lower right")


def replaced(text: str, block: str) -> str:
    """Return a page with another text between the marks."""
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: f"{BEGIN}\n{block}\n{END}", text, flags=re.DOTALL)


def write(file: Path, docs: Path = DOCS) -> None:
    """Write the figure, a copy of the CSV and the tables into the documentation."""
    rows = rates.read(file)
    draw(rows, docs / "audit_study.png")
    shutil.copyfile(file, docs / "audit_study.csv")
    page = docs / "audit_study.md"
    text = replaced(page.read_text(encoding="utf-8"), tables(rows))
    write_atomically(page, lambda file: file.write_text(text, encoding="utf-8"))


if __name__ == "__main__":
    write(file_in(Path(sys.argv[1])))
