"""Errors of the variants of a physics-informed network over seeds, beside what the derivative audit says of each."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from rectified.statistics.summaries import summarize
from reproduction.config.errors import ConfigError
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.tables.audit import JUDGED, audited_seeds, hidden_in, judged, rows
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

ROW, FRAME = 0.24, 0.95  # height of a row and of what is around the rows, in inches
FLOOR, CEILING = 1e-6, 3.0  # of mismatches that are told apart
TICKS = {FLOOR: r"$\leq 10^{-6}$", 1e-4: "$10^{-4}$", 1e-2: "$10^{-2}$", 1.0: "1"}
DOTS = {"color": "0.55", "markersize": 3.2, "markeredgewidth": 0.3, "markeredgecolor": "white", "zorder": 3}
LEAST_RANGE, FEW_DECADES = 3.0, 500.0  # of an axis: high over low
VERDICTS = {"consistent": ("o", "#0072b2"), "inconsistent": ("X", "#d55e00"), "undetermined": ("s", "#777777")}
SHORT = {"first": "$u_x$", "second": "$u_{xx}$", "off_diagonal": "other points", "parameter": "parameters"}


class Line(NamedTuple):
    """A row of the figure: a case, or the heading of a problem."""

    place: int
    text: str
    result: Result | None


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """On the left the error of every seed, on the right, if there is an audit, the largest mismatch of its seeds."""
    trained = [result for result in results if result.job.settings.task == "collocation"]
    audits = [result for result in results if result.job.settings.task == "audit"]
    if not trained:
        raise ConfigError("family 'variants' shows trained cases beside their audit; only audits are given")
    groups = _groups(trained)
    lines = [line for group in groups for line in group]
    figure, axes = _page(len(lines), bool(audits))
    for group in groups:
        _errors(axes[0], [line for line in group if line.result], data)
    _scale(axes[0])
    _rows(axes[0], lines)
    _separate(axes, groups)
    data.notes += seeds_note(trained, "dots: seeds, bars: median, dashed lines: median of the first row of a problem")
    if audits:
        shown = _audits(*axes[1:], [line for line in lines if line.result], audits, data)
        style.letters(list(axes[:2]))
        _legend(axes[1], shown)
    return figure


def _groups(results: list[Result]) -> list[list[Line]]:
    """The rows of each problem, in order of appearance, with a heading if there are several problems."""
    problems: dict[str, list[tuple[Result, str]]] = {}
    for result, name in zip(results, variant_labels([result.job for result in results])):
        problems.setdefault(result.job.problem.solution_key, []).append((result, name))
    groups, place = [], 0
    for cases in problems.values():
        heading = [(None, cases[0][0].job.problem.label)] if len(problems) > 1 else []
        named = [*heading, *cases]
        groups.append([Line(place + n, text, result) for n, (result, text) in enumerate(named)])
        place += len(named)
    return groups


def _page(count: int, audited: bool) -> tuple[Figure, np.ndarray]:
    """One panel, or two with a column for remarks."""
    ratios = [1.25, 0.95, 0.8] if audited else [1]
    size = (style.PAGE if audited else style.MIDDLE, ROW * count + FRAME)
    figure, axes = plt.subplots(1, len(ratios), figsize=size, sharey=True, squeeze=False, width_ratios=ratios)
    if audited:
        axes[0, 2].set_axis_off()
    return figure, axes[0]


def _rows(axis: Axes, lines: list[Line]) -> None:
    """Labels at the left; those of problems bold, the number of diverged seeds behind the label."""
    axis.set_ylim(len(lines) - 0.5, -0.5)
    axis.set_yticks([line.place for line in lines], [_text(line) for line in lines])
    axis.tick_params("y", length=0)
    for line, tick in zip(lines, axis.get_yticklabels()):
        tick.set_fontweight("normal" if line.result else "bold")


def _separate(axes: np.ndarray, groups: list[list[Line]]) -> None:
    """A line between two problems."""
    for axis in axes[:2]:
        for group in groups[1:]:
            axis.axhline(group[0].place - 0.5, color="0.75", linewidth=0.6)


def _text(line: Line) -> str:
    diverged = line.result.diverged if line.result else 0
    return f"{line.text} ({diverged} of {line.result.job.settings.seeds} diverged)" if diverged else line.text


def _errors(axis: Axes, group: list[Line], data: PlottedData) -> None:
    """The errors of one problem, with a line at the median of its first case."""
    medians = []
    for line in group:
        errors = line.result.arrays("fields").relative_l2
        median = float(summarize(errors).median)
        medians.append(median)
        spread = line.place + np.linspace(-0.18, 0.18, len(errors))
        axis.plot(errors, spread, "o", **DOTS)
        axis.plot([median] * 2, [line.place - 0.34, line.place + 0.34], color="black", linewidth=1.8)
        columns = {"seed": errors.seed, "relative_l2": errors, "median": np.full(len(errors), median)}
        data.add("error", line.result.series, variant=[line.text] * len(errors), **columns)
    ends = [group[0].place - 0.5, group[-1].place + 0.5]
    axis.plot(medians[:1] * 2, ends, color="black", linewidth=0.6, linestyle=(0, (4, 3)), zorder=1)


def _scale(axis: Axes) -> None:
    """A logarithmic axis with labels at 1, 2 and 5 where it has few decades."""
    axis.set(xscale="log", xlabel="relative $L^2$ error")
    low, high = axis.get_xlim()
    margin = max(1.0, (LEAST_RANGE * low / high) ** 0.5)
    axis.set_xlim(low / margin, high * margin)
    few = high / low < FEW_DECADES
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)


def _audits(axis: Axes, margin: Axes, lines: list[Line], audits: list[Result], data: PlottedData) -> set[str]:
    """The largest of the judged mismatches, seed by seed, and in the margin which is too large and what none shows.

    Returns the verdicts that appear.
    """
    seeds, table = audited_seeds(audits), rows(audits).set_index("case")
    seeds = seeds.assign(**judged(seeds))
    seeds, table = (
        rows_of[names.isin([line.result.series for line in lines])]
        for rows_of, names in ((seeds, seeds.case), (table, table.index))
    )
    for line in lines:
        series = line.result.series
        if series in table.index:
            _mismatches(axis, line, seeds[seeds.case == series], data)
            margin.text(0, line.place, _remark(table.loc[series]), fontsize=6, va="center", linespacing=0.95)
    thresholds = sorted(table.threshold.dropna().unique())
    for threshold in thresholds:
        axis.axvline(threshold, color="black", linewidth=0.8, linestyle="--", zorder=1)
    axis.set(xscale="log", xlim=(FLOOR / 2, CEILING), xlabel="largest mismatch of derivatives")
    axis.set_xticks(list(TICKS), list(TICKS.values()))
    axis.minorticks_off()
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.tick_params("y", length=0)
    text = " and ".join(f"{threshold:g}" for threshold in thresholds)
    data.notes += [
        f"(b): audited seeds, dashed: threshold of the audit, {text}",
        "beside it: what is above the threshold, and what jumps and kinks derivatives at points do not see",
    ]
    return set(seeds.verdict)


def _mismatches(axis: Axes, line: Line, seeds: pd.DataFrame, data: PlottedData) -> None:
    largest = seeds[list(JUDGED)].max(axis=1)
    spread = line.place + (np.linspace(-0.18, 0.18, len(seeds)) if len(seeds) > 1 else np.zeros(1))
    for verdict, (marker, colour) in VERDICTS.items():
        mine = (seeds.verdict == verdict).to_numpy()
        if mine.any():
            places = largest[mine].clip(FLOOR, CEILING / 1.2)
            axis.plot(places, spread[mine], marker, markersize=4.5, markeredgewidth=0, color=colour)
    measures = seeds[list(JUDGED)].to_dict("list")
    data.add("audit", line.result.series, seed=seeds.seed, largest=largest, verdict=seeds.verdict, **measures)


def _remark(row: pd.Series) -> str:
    """Which measures are above the threshold, and what derivatives at points do not see."""
    beyond = [SHORT[name] for name in JUDGED if row[f"{name}_worst"] > row["threshold"]]
    hidden = [f"{row[what]:.2g} {what}" for what in hidden_in(row)]
    parts = [", ".join(beyond), f"hides {' and '.join(hidden)} per line" * bool(hidden)]
    measured = any(row[f"{name}_worst"] >= 0 for name in JUDGED)
    return "\n".join(filter(None, parts)) if measured else "not measured"


def _legend(axis: Axes, verdicts: set[str]) -> None:
    """Of the verdicts shown, above the panel."""
    looks = {"linestyle": "none", "markersize": 4.5, "markeredgewidth": 0}
    shown = {verdict: look for verdict, look in VERDICTS.items() if verdict in verdicts}
    marks = [Line2D([], [], marker=marker, color=colour, **looks) for marker, colour in shown.values()]
    place = {"loc": "lower left", "bbox_to_anchor": (0.1, 1.0), "ncols": len(shown)}
    legend = axis.legend(marks, shown, borderaxespad=0.1, handletextpad=0.1, columnspacing=1.0, **place)
    legend.set_in_layout(False)  # it may reach into the margin
