"""Audit networks of other packages: `make audit-networks`.

Writes workflow/docs/audited_networks.md. With names of modules as arguments, only their entries are audited, nothing is
written, and the full reports are printed.
"""

import importlib
import os
import sys
import time
import traceback
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from math import isnan
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
os.environ.setdefault("DDE_BACKEND", "pytorch")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import torch  # noqa: E402

from audited_networks.entry import SEED, Entry  # noqa: E402
from rectified.audit import Audit, audit  # noqa: E402
from rectified.audit.result import Audits  # noqa: E402
from rectified.errors import InvalidInputError  # noqa: E402

MODULES = (
    "pde_networks",
    "pina_networks",
    "coordinate_networks",
    "kan_networks",
    "operators",
    "quantized_networks",
    "coupled_networks",
    "implicit_networks",
    "structured_networks",
)
PAGE = ROOT / "workflow/docs/audited_networks.md"
INTRODUCTION = """\
# Networks of other packages under the derivative audit

Written by `make audit-networks` from `tests/audited_networks`, which installs the pins of `requirements-audited.txt`
into `.venv-audited`. Networks are at their random initialization. The worst mismatch is the largest of the measures
that are judged, at a threshold of 1 %; *hides* counts jumps and kinks per line, which pointwise derivatives miss.
Every verdict is compared with the one that the formulas imply, for which the remark gives the reason; one that differs
is bold.

| network | package | what it is | verdict | worst mismatch | hides | seconds | remark |
|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """An entry, the result of its audit or the error that it raised, and the time."""

    entry: Entry
    found: Audit | Audits | Exception
    seconds: float

    @property
    def verdict(self) -> str:
        return type(self.found).__name__ if isinstance(self.found, Exception) else self.found.verdict

    @property
    def as_expected(self) -> bool:
        """Whether verdict and hidden singularities are those expected."""
        if self.verdict != self.entry.verdict:
            return False
        hides = getattr(self.found, "hides", "")
        return all((word in hides) == (word in self.entry.hides) for word in ("jumps", "kinks"))


def audited(entry: Entry) -> Row:
    """Return the result of one audit; messages of the package are discarded."""
    torch.manual_seed(SEED)
    torch.set_default_dtype(torch.float32)  # a package may have changed it
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), redirect_stdout(open(os.devnull, "w", encoding="utf-8")):
            warnings.simplefilter("ignore")
            case = entry.make()
            start = time.perf_counter()
            found = audit(case.network, case.points, **case.options)
    except Exception as error:
        found = error
        if not isinstance(error, InvalidInputError):
            traceback.print_exc()
    return Row(entry, found, time.perf_counter() - start)


def single(found: Audit | Audits) -> Audit:
    """Return the audit that decides, of several outputs the first with the overall verdict."""
    return next(one for one in found.values() if one.verdict == found.verdict) if isinstance(found, Audits) else found


def worst_measure(found: Audit) -> str:
    """Return the measure that decides with its name: the largest of those that are known."""
    known = {name: one for name, one in found.measures.items() if not isnan(one.mismatch)}
    if not known:
        return ""
    name = max(known, key=lambda key: known[key].mismatch)
    return f"{known[name].mismatch:.1e} ± {known[name].uncertainty:.0e} ({name.replace(' derivatives', '')})"


def remark(row: Row) -> str:
    """Return the reason of the verdict and what the audit says about it."""
    words = [row.entry.because]
    if isinstance(row.found, Exception):
        words.append(f"Message: *{row.found}*")
    else:
        found = single(row.found)
        if found.undetermined:
            words.append(f"Undetermined: {', '.join(found.undetermined)}.")
        if found.cause:
            words.append(f"Cause found: {found.cause.where}.")
    if not row.as_expected:
        hidden = f", hides {' and '.join(row.entry.hides)}" if row.entry.hides else ""
        words.append(f"**Expected: {row.entry.verdict}{hidden}.**")
    return " ".join(words)


def line(row: Row) -> str:
    """Return the row of the table."""
    entry, failed = row.entry, isinstance(row.found, Exception)
    columns = [
        entry.name,
        f"{entry.package} {version(entry.package).split('+')[0]}",
        entry.what,
        row.verdict if row.as_expected else f"**{row.verdict}**",
        "" if failed else worst_measure(single(row.found)),
        "" if failed else single(row.found).hides,
        f"{row.seconds:.1f}",
        remark(row),
    ]
    return "| " + " | ".join(column.replace("|", "\\|").replace("\n", " ") for column in columns) + " |"


def main(names: list[str]) -> None:
    """Audit the entries of the modules named, or of all."""
    torch.set_num_threads(1)
    rows = []
    for name in names or MODULES:
        for entry in importlib.import_module(f"audited_networks.{name}").ENTRIES:
            rows.append(audited(entry))
            mark = " " if rows[-1].as_expected else "!"
            print(
                f"{mark} {name}: {entry.name} [{entry.package}]: {rows[-1].verdict} {rows[-1].seconds:.1f} s",
                flush=True,
            )
            if names or not rows[-1].as_expected:
                print("   ", str(rows[-1].found).replace("\n", "\n    "), flush=True)
    if not names:
        PAGE.write_text(INTRODUCTION + "\n".join(map(line, rows)) + "\n", encoding="utf-8")
    print(f"{sum(row.as_expected for row in rows)} of {len(rows)} as expected")


if __name__ == "__main__":
    main(sys.argv[1:])
