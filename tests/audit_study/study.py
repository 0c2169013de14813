"""Audit all cases of the study, one row of a CSV per case; an interrupted study continues after the last row.

python -m audit_study.study FOLDER
"""

import csv
import sys
import time
from math import isnan, nan
from pathlib import Path

import torch

from audit_study.case import Case
from audit_study.population import population
from rectified.audit import audit
from rectified.errors import InvalidInputError

MEASURES = ("first", "second", "parameter")
MEASURED = tuple(column for name in MEASURES for column in (name, f"{name}_uncertainty"))
COLUMNS = ("case", "kind", "right", "truth", "order", "loss", *MEASURED, "off_diagonal", "verdict", "seconds", "note")
FILE = "audit_study.csv"


def row(case: Case) -> dict[str, object]:
    """Audit a case and return its row; the verdict is ``rejected`` if the audit raises ``InvalidInputError``."""
    start = time.perf_counter()
    entry = dict.fromkeys((*MEASURED, "off_diagonal"), nan)
    try:
        found = audit(case.network, case.points, **case.options)
        entry |= {name: getattr(found, name, nan) for name in entry}
        entry |= {"verdict": found.verdict, "note": "; ".join(found.notes)}
    except InvalidInputError as error:
        entry |= {"verdict": "rejected", "note": str(error)}
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


def run(folder: Path, cases: list[Case]) -> Path:
    """Append the missing cases to the CSV in a folder, and print progress."""
    file = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
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
    return file


if __name__ == "__main__":
    torch.set_num_threads(1)
    run(Path(sys.argv[1]), population())
