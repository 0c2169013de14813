"""Errors of the variants of a physics-informed network over seeds, beside the result of the derivative audit."""

from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from rectified.statistics.summaries import summarize
from reproduction.config.errors import ConfigError
from reproduction.exhibits import style
from reproduction.exhibits.audit_summary import (
    JUDGED,
    UNDETERMINED,
    audited_seeds,
    hidden_singularities,
    judged_measures,
    summarize_audits,
)
from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.panels import set_log_scale
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

ROW_HEIGHT, FRAME = 0.24, 0.95  # inches: height of a row, and of everything around the rows
LOWEST, HIGHEST = 1e-6, 3.0  # limits of the mismatches shown
TICKS = {LOWEST: r"$\leq 10^{-6}$", 1e-4: "$10^{-4}$", 1e-2: "$10^{-2}$", 1.0: "1"}
JITTER = 0.2  # of the seeds across a row, in rows
PLACES = {"y": "place", "orient": "y", "native_scale": True}
SEEDS = {"color": "0.55", "size": 3.2, "linewidth": 0.3, "edgecolor": "white"}
MEDIAN = {"color": "black", "marker": "|", "markersize": 12, "markeredgewidth": 1.8, "linestyle": "none"}
QUARTILES = {"errorbar": ("pi", 50), "err_kws": {"linewidth": 0.9}}
SMALLEST_RANGE, FEW_DECADES = 3.0, 500.0  # of the error axis: highest over lowest error
VERDICTS = {"consistent": ("o", "#0072b2"), "inconsistent": ("X", "#d55e00"), UNDETERMINED: ("s", "#777777")}
NAMES = {UNDETERMINED: "undetermined"}
SHORT = {"first": "$u_x$", "second": "$u_{xx}$", "off_diagonal": "other points", "parameter": "parameters"}


class Row(NamedTuple):
    """A row of the figure: a case, or the heading of a problem."""

    place: int
    text: str
    result: Result | None

    @property
    def label(self) -> str:
        """The text, with the number of diverged seeds if there are any."""
        diverged = self.result.diverged if self.result else 0
        return f"{self.text} ({diverged} of {self.result.job.settings.seeds} diverged)" if diverged else self.text


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left the error of every seed; right, if there is an audit, the largest mismatch of every audited seed."""
    trained = [result for result in results if result.job.settings.task == "collocation"]
    audits = [result for result in results if result.job.settings.task == "audit"]
    if not trained:
        raise ConfigError("family 'variants' needs cases of task collocation; got cases of task audit only")
    groups = _groups(trained)
    rows = [row for group in groups for row in group]
    figure, axes = _axes(len(rows), bool(audits))
    _errors(axes[0], [[row for row in group if row.result] for group in groups], data)
    _label_rows(axes, groups)
    data.notes += seeds_note(trained, "dots: single seeds, bars: median and quartiles")
    data.notes.append("dashed line: median of the first row of a problem")
    if audits:
        verdicts = _audits(*axes[1:], [row for row in rows if row.result], audits, data)
        style.letters(list(axes[:2]))
        _legend(axes[1], verdicts)
    return figure


def _groups(results: list[Result]) -> list[list[Row]]:
    """The rows of each problem, in order of appearance, with headings if there are several problems."""
    problems: dict[str, list[tuple[Result | None, str]]] = {}
    for result, name in zip(results, variant_labels([result.job for result in results])):
        problems.setdefault(result.job.problem.solution_key, []).append((result, name))
    groups, place = [], 0
    for cases in problems.values():
        heading = [(None, cases[0][0].job.problem.label)] if len(problems) > 1 else []
        named = [*heading, *cases]
        groups.append([Row(place + n, text, result) for n, (result, text) in enumerate(named)])
        place += len(named)
    return groups


def _axes(rows: int, audited: bool) -> tuple[Figure, np.ndarray]:
    """One panel, or two panels and a column for remarks."""
    ratios = [1.25, 0.95, 0.8] if audited else [1]
    size = (style.PAGE if audited else style.MIDDLE, ROW_HEIGHT * rows + FRAME)
    figure, axes = plt.subplots(1, len(ratios), figsize=size, sharey=True, squeeze=False, width_ratios=ratios)
    if audited:
        axes[0, 2].set_axis_off()
    return figure, axes[0]


def _label_rows(axes: np.ndarray, groups: list[list[Row]]) -> None:
    """Labels at the left, bold for problems, and lines between problems."""
    rows = [row for group in groups for row in group]
    axes[0].set(ylim=(len(rows) - 0.5, -0.5), ylabel=None)
    axes[0].set_yticks([row.place for row in rows], [row.label for row in rows])
    axes[0].tick_params("y", length=0)
    for row, tick in zip(rows, axes[0].get_yticklabels()):
        tick.set_fontweight("normal" if row.result else "bold")
    for axis in axes[:2]:
        for group in groups[1:]:
            axis.axhline(group[0].place - 0.5, color="0.75", linewidth=0.6)


def _errors(axis: Axes, groups: list[list[Row]], data: PlottedData) -> None:
    """Seeds with their median and quartiles, and a dashed line at the median of the first case of each problem."""
    seeds = []
    for group in groups:
        medians = []
        for row in group:
            errors = row.result.arrays("fields").relative_l2
            medians.append(float(summarize(errors).median))
            columns = {"seed": errors.seed, "relative_l2": errors, "median": np.full(len(errors), medians[-1])}
            data.add("error", row.result.series, variant=[row.text] * len(errors), **columns)
            seeds.append(pd.DataFrame({"place": row.place, "error": errors}))
        ends = [group[0].place - 0.5, group[-1].place + 0.5]
        axis.plot(medians[:1] * 2, ends, color="black", linewidth=0.6, linestyle=(0, (4, 3)), zorder=1)
    table = pd.concat(seeds, ignore_index=True).replace([np.inf, -np.inf], np.nan)
    _strip(axis, table, "error", **SEEDS)
    sns.pointplot(table, x="error", estimator="median", ax=axis, **PLACES, **MEDIAN, **QUARTILES)
    set_log_scale(axis, "x", table.error)
    _scale(axis)


def _strip(axis: Axes, table: pd.DataFrame, x: str, **look: Any) -> None:
    """Draw seeds as points with the same jitter in every run."""
    state = np.random.get_state()  # noqa: NPY002, the generator of seaborn's jitter
    np.random.seed(0)  # noqa: NPY002
    sns.stripplot(table, x=x, jitter=JITTER, ax=axis, **PLACES, **look)
    np.random.set_state(state)  # noqa: NPY002


def _scale(axis: Axes) -> None:
    """Widen a small range of errors, and set ticks at 1, 2 and 5 if there are few decades."""
    axis.set_xlabel("relative $L^2$ error")
    low, high = axis.get_xlim()
    margin = max(1.0, (SMALLEST_RANGE * low / high) ** 0.5)
    axis.set_xlim(low / margin, high * margin)
    few = high / low < FEW_DECADES
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)


def _audits(axis: Axes, margin: Axes, rows: list[Row], audits: list[Result], data: PlottedData) -> set[str]:
    """The largest judged mismatch of every seed; in the margin, measures above the threshold and hidden singularities.

    Returns the verdicts that appear.
    """
    seeds, summary = _shown(rows, audits)
    for row in rows:
        series = row.result.series
        if series in summary.index:
            mine = seeds[seeds.case == series]
            columns = {"largest": mine.largest, "verdict": mine.verdict, **mine[list(JUDGED)].to_dict("list")}
            data.add("audit", series, seed=mine.seed, **columns)
            margin.text(0, row.place, _remark(summary.loc[series]), fontsize=6, va="center", linespacing=0.95)
    _mismatches(axis, seeds.assign(largest=seeds.largest.clip(LOWEST, HIGHEST / 1.2)))
    thresholds = sorted(summary.threshold.dropna().unique())
    for threshold in thresholds:
        axis.axvline(threshold, color="black", linewidth=0.8, linestyle="--", zorder=1)
    text = " and ".join(f"{threshold:g}" for threshold in thresholds)
    data.notes += [
        f"(b): audited seeds, dashed line: threshold of the audit, {text}",
        "remarks: measures above the threshold, and jumps and kinks that pointwise derivatives miss",
    ]
    return set(seeds.verdict)


def _shown(rows: list[Row], audits: list[Result]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Audited seeds with their largest judged mismatch and their place, and summaries by case, of the cases shown."""
    places = {row.result.series: row.place for row in rows}
    seeds, summary = audited_seeds(audits), summarize_audits(audits).set_index("case")
    seeds = seeds.assign(**judged_measures(seeds), place=seeds.case.map(places))
    seeds = seeds.assign(largest=seeds[list(JUDGED)].max(axis=1))
    return seeds[seeds.case.isin(places)], summary[summary.index.isin(places)]


def _mismatches(axis: Axes, seeds: pd.DataFrame) -> None:
    """One point per seed, in the colour and marker of its verdict."""
    for verdict, (marker, colour) in VERDICTS.items():
        _strip(axis, seeds[seeds.verdict == verdict], "largest", marker=marker, color=colour, size=4.5)
    set_log_scale(axis, "x", seeds.largest)
    axis.set(xlim=(LOWEST / 2, HIGHEST), xlabel="largest mismatch of derivatives", ylabel=None)
    axis.set_xticks(list(TICKS), list(TICKS.values()))
    axis.minorticks_off()
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.tick_params("y", length=0)


def _remark(case: pd.Series) -> str:
    """The measures above the threshold, and the jumps and kinks that pointwise derivatives miss."""
    if not any(case[f"{name}_worst"] >= 0 for name in JUDGED):
        return "not measured"
    exceeding = ", ".join(SHORT[name] for name in JUDGED if case[f"{name}_verdict"] == "inconsistent")
    hidden = " and ".join(f"{case[name]:.2g} {name}" for name in hidden_singularities(case))
    return "\n".join(filter(None, [exceeding, f"misses {hidden} per line" if hidden else ""]))


def _legend(axis: Axes, verdicts: set[str]) -> None:
    """Name the verdicts shown, above the panel."""
    look = {"linestyle": "none", "markersize": 4.5, "markeredgewidth": 0}
    handles = [
        Line2D([], [], marker=marker, color=colour, label=NAMES.get(verdict, verdict), **look)
        for verdict, (marker, colour) in VERDICTS.items()
        if verdict in verdicts
    ]
    place = {"loc": "lower left", "bbox_to_anchor": (0.1, 1.0), "ncols": max(1, len(handles))}
    legend = axis.legend(handles=handles, borderaxespad=0.1, handletextpad=0.1, columnspacing=1.0, **place)
    legend.set_in_layout(False)  # it may extend into the margin
