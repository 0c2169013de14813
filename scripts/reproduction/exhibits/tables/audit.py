"""The derivative audit of trained cases: one row per case, with its measures, its verdict and what that rests on."""

import numpy as np
import pandas as pd

from reproduction.storage.results import Result

JUDGED = {
    "first": "first derivatives",
    "second": "second derivatives",
    "off_diagonal": "derivatives in other points",
    "parameter": "parameter gradient",
}
HIDDEN = {"jumps": 1, "kinks": 2}  # order of the derivatives from which on they are missed
MEDIANS = ["first", "second", "value", "off_diagonal", "parameter", "parameter_uncertainty"]
MEDIANS += ["jumps", "jump_size", "kinks", "kink_size", "dropped"]
SETTINGS = ["derivatives", "order", "points", "threshold"]

HEADINGS = {
    "case": "case",
    "derivatives": "derivatives",
    "first": "$u_x$",
    "second": "$u_{xx}$",
    "off_diagonal": "off-diagonal",
    "parameter": "parameter",
    "jumps": "jumps",
    "kinks": "kinks",
    "verdict": "verdict",
}
NOTE = (
    "relative mismatches of what training uses, median over the audited seeds; off-diagonal is judged where "
    "derivatives are reverse; jumps and kinks per line; inconsistent if any seed is above the threshold"
)


def rows(results: list[Result]) -> pd.DataFrame:
    """One row per case: medians over the audited seeds that did not diverge, and the worst seed of what is judged."""
    seeds = audited_seeds(results)
    return pd.DataFrame([_row(group) for _, group in seeds.groupby("case", sort=False)])


def audited_seeds(results: list[Result]) -> pd.DataFrame:
    """One row per audited case and seed, as the audit wrote them; of diverged ones nothing is measured."""
    table = pd.concat([result.table("audit") for result in results], ignore_index=True)
    table = table.drop_duplicates(["case", "seed"])
    columns = [*MEDIANS, *SETTINGS, "hides", "notes"]
    return table.reindex(columns=[*table.columns, *(name for name in columns if name not in table)])


def judged(seeds: pd.DataFrame) -> pd.DataFrame:
    """The measures that the verdict rests on; the share off the diagonal only if derivatives are taken in reverse."""
    measures = seeds[list(JUDGED)].astype(float)
    return measures.assign(off_diagonal=measures.off_diagonal.where(seeds.derivatives == "reverse"))


def _row(seeds: pd.DataFrame) -> dict:
    """Of one case; verdicts go by the seeds, ``inconsistent`` if any is."""
    healthy = seeds[seeds.verdict != "diverged"]
    found = seeds.iloc[0][["document", "case"]].to_dict()
    found |= {"seeds": len(seeds), "diverged": len(seeds) - len(healthy)}
    found |= {name: healthy[name].iloc[0] if len(healthy) else np.nan for name in SETTINGS}
    found |= healthy[MEDIANS].astype(float).median().to_dict()
    worst = judged(healthy).max()
    found |= {f"{name}_worst": worst[name] for name in JUDGED}
    inconsistent = int((healthy.verdict == "inconsistent").sum())
    verdicts = ("inconsistent", "undetermined", "consistent", "diverged")  # the first that any seed has
    verdict = next(one for one in verdicts if (seeds.verdict == one).any())
    return found | {"inconsistent_seeds": inconsistent, "verdict": verdict} | _words(found, healthy)


def _words(found: dict, healthy: pd.DataFrame) -> dict[str, str]:
    """Reasons by the worst seed, what is hidden by the median over seeds, and the notes of all seeds."""
    worst = {text: found[f"{name}_worst"] for name, text in JUDGED.items()}
    beyond = [f"{text} {size:.2g}" for text, size in worst.items() if size > found["threshold"]]
    hidden = [f"{found[what]:.3g} {what} per line" for what in hidden_in(found)]
    notes = dict.fromkeys(note for text in healthy.notes for note in text.split("; ") if note)
    return {"reasons": "; ".join(beyond), "hides": " and ".join(hidden), "notes": "; ".join(notes)}


def hidden_in(row: dict) -> list[str]:
    """Which of jumps and kinks the derivatives of a case do not see, though they are there."""
    return [what for what, order in HIDDEN.items() if row["order"] >= order and row[what] > 0]
