"""Audit all cases of the study, one row of a CSV per case; an interrupted study continues after the last row.

python -m audit_study.study FOLDER [DRAW], with the number of a draw of all networks, 0 by default.
"""

import csv
import hashlib
import sys
import time
from math import isnan, nan
from pathlib import Path

import torch

from audit_study.case import Case
from audit_study.population import population
from rectified.audit import audit
from rectified.audit.measures import worst
from rectified.audit.result import Audits
from rectified.errors import InvalidInputError

MEASURES = {
    "first": "first derivatives",
    "second": "second derivatives",
    "third": "third derivatives",
    "fourth": "fourth derivatives",
    "mixed": "mixed derivatives",
    "points": "derivatives in other points",
    "parameter": "parameter gradient",
}
MEASURED = tuple(column for name in MEASURES for column in (name, f"{name}_uncertainty"))
COLUMNS = ("case", "kind", "right", "truth", "order", "loss", *MEASURED, "missed", "verdict", "seconds", "note")
REJECTED, FAILED = "rejected", "failed"
CODE = ("scripts/rectified", "tests/audit_study")
WITHOUT_EFFECT = ("page.py", "rates.py")  # on the rows
ROOT = Path(__file__).parents[2]


def row(case: Case) -> dict[str, object]:
    """Audit a case and return its row; the verdict is ``rejected`` or ``failed`` if the audit raises an error."""
    start = time.perf_counter()
    entry = dict.fromkeys((*MEASURED, "missed"), nan)
    try:
        found = audit(case.network, case.points, **case.options)
        audits = list(found.values()) if isinstance(found, Audits) else [found]
        for short, name in MEASURES.items():
            if measures := [one.measures[name] for one in audits if name in one.measures]:
                decisive = worst(measures, audits[0].threshold)
                entry |= {short: decisive.mismatch, f"{short}_uncertainty": decisive.uncertainty}
        notes = dict.fromkeys(note for one in audits for note in one.notes)
        missed = max(one.missed for one in audits)
        entry |= {"missed": missed, "verdict": found.verdict, "note": "; ".join(notes)}
    except InvalidInputError as error:
        entry |= {"verdict": REJECTED, "note": str(error)}
    except Exception as error:  # a fault of the audit, which must not end the study
        entry |= {"verdict": FAILED, "note": repr(error)}
    seconds = time.perf_counter() - start
    order, loss = case.options.get("order", 2), int("loss" in case.options)
    entry |= {"case": case.name, "kind": case.kind, "right": int(case.right), "truth": case.truth()}
    return entry | {"order": order, "loss": loss, "seconds": f"{seconds:.1f}"}


def written(entry: dict[str, object]) -> dict[str, object]:
    """Return a row with three digits of each number; unknown numbers are empty."""
    return {
        name: ("" if isnan(value) else f"{value:.3g}") if isinstance(value, float) else value
        for name, value in entry.items()
    }


def done(file: Path) -> set[str]:
    """Names of the cases that a file has."""
    if not file.exists():
        return set()
    with file.open(newline="", encoding="utf-8") as lines:
        return {entry["case"] for entry in csv.DictReader(lines)}


def file_in(folder: Path) -> Path:
    """The CSV of the study in a folder; its name has a digest of the code, so that only its rows are resumed."""
    digest = hashlib.blake2b(digest_size=6)
    for part in CODE:
        for module in sorted((ROOT / part).rglob("*.py")):
            if module.name in WITHOUT_EFFECT:
                continue
            digest.update(module.read_bytes())
    return folder / f"audit_study_{digest.hexdigest()}.csv"


def run(file: Path, cases: list[Case]) -> None:
    """Append the missing cases to a CSV, and print progress."""
    file.parent.mkdir(parents=True, exist_ok=True)
    finished = done(file)
    with file.open("a", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        if not finished:
            table.writeheader()
        for place, case in enumerate(cases, 1):
            if case.name in finished:
                continue
            entry = written(row(case))
            table.writerow(entry)
            lines.flush()
            expected = "right" if case.right else f"wrong by {entry['truth']}"
            print(
                f"{place}/{len(cases)} {case.name} ({expected}): {entry['verdict']}, {entry['seconds']} s", flush=True
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    run(file_in(Path(sys.argv[1])), population(int((*sys.argv, 0)[2])))
