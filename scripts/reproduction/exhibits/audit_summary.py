"""The derivative audit of trained cases, summarized over seeds: measures, verdict, and the reasons for it."""

import numpy as np
import pandas as pd

from reproduction.storage.results import Result

JUDGED = {
    "first": "first derivatives",
    "second": "second derivatives",
    "off_diagonal": "derivatives in other points",
    "parameter": "parameter gradient",
}
SINGULARITIES = {"jumps": 1, "kinks": 2}  # lowest order of derivative that misses them when taken pointwise
UNDETERMINED = "undetermined"
SEVERITY = ("inconsistent", UNDETERMINED, "consistent", "diverged")  # a case takes the first that any seed has
MEDIANS = ["first", "second", "value", "off_diagonal", "parameter", "missed"]
MEDIANS += ["jumps", "jump_size", "kinks", "kink_size", "dropped"]
SETTINGS = ["derivatives", "order", "points", "threshold"]
VERDICTS = {name: f"{name}_verdict" for name in JUDGED}


def summarize_audits(results: list[Result]) -> pd.DataFrame:
    """One row per case: medians over the audited seeds that did not diverge, and the worst seed of each judged measure.

    Columns besides those of the audit: ``seeds``, ``diverged``, ``<measure>_worst``, ``inconsistent_seeds``,
    ``verdict``, ``reasons``, ``hides`` and ``notes``; ``<measure>_verdict`` is the most severe one of the seeds.
    """
    seeds = audited_seeds(results)
    return pd.DataFrame([_summary(group) for _, group in seeds.groupby("case", sort=False)])


def audited_seeds(results: list[Result]) -> pd.DataFrame:
    """One row per audited case and seed, as the audit wrote them; measures of diverged seeds are NaN."""
    table = pd.concat([result.table("audit") for result in results], ignore_index=True)
    table = table.drop_duplicates(["case", "seed"])
    columns = [*MEDIANS, *SETTINGS, *VERDICTS.values(), "hides", "notes"]
    return table.reindex(columns=[*table.columns, *(name for name in columns if name not in table)])


def judged_measures(seeds: pd.DataFrame) -> pd.DataFrame:
    """The measures that decide the verdict; the off-diagonal share counts only if derivatives are taken in reverse."""
    measures = seeds[list(JUDGED)].astype(float)
    return measures.assign(off_diagonal=measures.off_diagonal.where(seeds.derivatives == "reverse"))


def hidden_singularities(row: dict) -> list[str]:
    """Return the singularities of a case, jumps or kinks, that its pointwise derivatives do not detect."""
    return [name for name, order in SINGULARITIES.items() if row["order"] >= order and row[name] > 0]


def _summary(seeds: pd.DataFrame) -> dict:
    """Summary of one case."""
    healthy = seeds[seeds.verdict != "diverged"]
    row = seeds.iloc[0][["document", "case"]].to_dict()
    row |= {"seeds": len(seeds), "diverged": len(seeds) - len(healthy)}
    row |= {name: healthy[name].iloc[0] if len(healthy) else np.nan for name in SETTINGS}
    row |= healthy[MEDIANS].astype(float).median().to_dict()
    worst = judged_measures(healthy).max()
    row |= {f"{name}_worst": worst[name] for name in JUDGED}
    row |= {column: _most_severe(healthy[column]) for column in VERDICTS.values()}
    inconsistent = int((healthy.verdict == "inconsistent").sum())
    row |= {"inconsistent_seeds": inconsistent, "verdict": _most_severe(seeds.verdict)}
    return row | _explanations(row, healthy)


def _most_severe(verdicts: pd.Series) -> str:
    """Return the most severe of some verdicts; empty if there is none."""
    return next((verdict for verdict in SEVERITY if (verdicts == verdict).any()), "")


def _explanations(row: dict, healthy: pd.DataFrame) -> dict[str, str]:
    """Reasons by the worst inconsistent seed, singularities by the median over seeds, and the notes of all seeds."""
    wrong = {name: healthy[name][healthy[column] == "inconsistent"] for name, column in VERDICTS.items()}
    reasons = [f"{JUDGED[name]} {sizes.astype(float).max():.2g}" for name, sizes in wrong.items() if len(sizes)]
    hidden = [f"{row[name]:.3g} {name} per line" for name in hidden_singularities(row)]
    notes = dict.fromkeys(note for text in healthy.notes for note in text.split("; ") if note)
    return {"reasons": "; ".join(reasons), "hides": " and ".join(hidden), "notes": "; ".join(notes)}
