"""Result of an audit: measures, singularities, verdict and text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from math import isnan, nan
from typing import TYPE_CHECKING

from torch import Tensor

from rectified.audit.derivatives.derivative_measures import NAMES, Compared
from rectified.audit.fault.cause import Cause
from rectified.audit.measures import CONSISTENT, INCONSISTENT, UNDETERMINED, Measure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARAMETER, OTHER_POINTS = "parameter gradient", "derivatives in other points"
MISSED = 0.1  # share of the variation of u that derivatives at the points may miss
SEVERITY = (INCONSISTENT, UNDETERMINED, CONSISTENT)


@dataclass(frozen=True)
class AuditData:
    """Points of an audit and what was found at them.

    Attributes:
        points: [points, inputs].
        labels: names of the inputs.
        compared: derivatives used and differences, by kind.
        jump_positions, kink_positions: coordinates of the singularities, [found, inputs].
        parameters: mismatch of the gradient of each parameter tensor, if there is a loss.
    """

    points: Tensor
    labels: tuple[str, ...]
    compared: tuple[Compared, ...]
    jump_positions: Tensor
    kink_positions: Tensor
    parameters: Mapping[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Measures of an audit of one output; NaN if not applicable or not measurable, with the reason in ``notes``.

    Attributes:
        points: number of points.
        order: highest pure input derivative in the loss.
        derivatives: ``reverse``, ``forward`` or ``given``.
        threshold: relative mismatch above which a measure is inconsistent.
        measures: mismatch and uncertainty by name: ``first derivatives`` to ``fourth derivatives`` and ``mixed
            derivatives``, the difference between the derivatives used and finite differences of the function that is
            evaluated, relative to the larger of both, over the points and inputs, lengths in extents of the points;
            ``derivatives in other points``, for reverse mode the off-diagonal share; ``parameter gradient``, the
            mismatch of the parameter tensor that decides, see ``parameter_mismatch``.
        value: relative difference between the network and the function that is evaluated, on the points; not judged.
        off_diagonal: Σ_{i≠j}|∂u_i/∂x_j| / Σ|∂u_i/∂x_j| of the network over the batch; judged in reverse mode only.
        jumps, jump_size, kinks, kink_size: those of the function that is evaluated, see ``Singularities``.
        missed: share of the variation of the function, along lines and between its jumps, where it is at least three
            times as steep as at any of the points.
        dropped: number of points excluded from first and second derivatives because differences do not resolve them.
        notes: why measures are missing, and further remarks.
        cause: module at fault and remedy; None if nothing is inconsistent.
        data: derivatives point by point, for plots.
    """

    points: int
    order: int
    derivatives: str
    threshold: float
    measures: Mapping[str, Measure] = field(default_factory=dict)
    value: float = nan
    off_diagonal: float = nan
    jumps: float = nan
    jump_size: float = nan
    kinks: float = nan
    kink_size: float = nan
    missed: float = nan
    dropped: int = 0
    notes: tuple[str, ...] = ()
    cause: Cause | None = None
    data: AuditData | None = field(default=None, repr=False, compare=False)

    def measure(self, name: str) -> Measure:
        """Return a measure by name; NaN with infinite uncertainty if there is none."""
        return self.measures.get(name, Measure())

    @property
    def first(self) -> float:
        """Mismatch of the first derivatives."""
        return self.measure(NAMES[1]).mismatch

    @property
    def first_uncertainty(self) -> float:
        """Uncertainty of ``first``."""
        return self.measure(NAMES[1]).uncertainty

    @property
    def second(self) -> float:
        """Mismatch of the second derivatives."""
        return self.measure(NAMES[2]).mismatch

    @property
    def second_uncertainty(self) -> float:
        """Uncertainty of ``second``."""
        return self.measure(NAMES[2]).uncertainty

    @property
    def parameter(self) -> float:
        """Mismatch of the parameter gradient."""
        return self.measure(PARAMETER).mismatch

    @property
    def parameter_uncertainty(self) -> float:
        """Uncertainty of ``parameter``."""
        return self.measure(PARAMETER).uncertainty

    @property
    def reasons(self) -> tuple[str, ...]:
        """The inconsistent measures, in words."""
        return tuple(f"{name} {measure.mismatch:.2g}" for name, measure in self._with(INCONSISTENT).items())

    @property
    def undetermined(self) -> tuple[str, ...]:
        """The undetermined measures and other reasons for no verdict, in words."""
        words = list(self._with(UNDETERMINED))
        if self.order >= 1 and self.missed > MISSED:
            words.append(f"too few points: {self.missed:.0%} of the variation of u lies between them")
        return tuple(words)

    def _with(self, verdict: str) -> dict[str, Measure]:
        return {name: one for name, one in self.measures.items() if one.verdict(self.threshold) == verdict}

    @property
    def verdict(self) -> str:
        """``inconsistent``, ``undetermined`` if nothing is inconsistent but a measure undecided, or ``consistent``."""
        return INCONSISTENT if self.reasons else UNDETERMINED if self.undetermined else CONSISTENT

    @property
    def hides(self) -> str:
        """The jumps, kinks and steep transitions that derivatives of the order used miss, in words; empty if none."""
        found = [(self.jumps, "jumps")] * (self.order >= 1) + [(self.kinks, "kinks")] * (self.order >= 2)
        words = [per_line(count, name) for count, name in found if count > 0]
        return " and ".join(words + ["steep transitions"] * (self.order >= 1 and self.missed > MISSED))

    def __str__(self) -> str:
        return text(self)

    def plot(self) -> "Figure":
        """Return a figure of the derivatives used against differences, with jumps and kinks marked.

        Raises:
            InvalidInputError: if matplotlib is not installed or there are no derivatives to draw.
        """
        return _plot(self)


class Audits(dict[str, Audit]):
    """Audits of a network with several outputs, by output."""

    @property
    def verdict(self) -> str:
        """The most severe verdict of all outputs."""
        verdicts = {audit.verdict for audit in self.values()}
        return next(verdict for verdict in SEVERITY if verdict in verdicts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The inconsistent measures of all outputs, in words."""
        return tuple(f"{name}: {reason}" for name, audit in self.items() for reason in audit.reasons)

    @property
    def hides(self) -> str:
        """What the derivatives of the outputs miss, in words; empty if nothing."""
        return "; ".join(f"{name}: {audit.hides}" for name, audit in self.items() if audit.hides)

    def plot(self) -> "dict[str, Figure]":
        """Return a figure for each output, as ``Audit.plot``."""
        return {name: _plot(audit, name) for name, audit in self.items()}

    def __str__(self) -> str:
        parts = [f"output {name}: {audit}" for name, audit in self.items()]
        found = [name for name, audit in self.items() if audit.verdict == self.verdict]
        return "\n".join([f"{self.verdict} in {', '.join(found)} of {len(self)} outputs", *parts])


def _plot(audit: Audit, output: str = "") -> "Figure":
    """Figure of an audit. Its module is imported by name: it needs matplotlib, and audits do not depend on it."""
    return import_module("rectified.audit.plot").plot_audit(audit, output)


def text(audit: Audit) -> str:
    """Return the report of an audit: the verdict with its reasons, one line per measure, the notes, the remedy."""
    rows = [(name, str(one) + f", {one.remark}" * bool(one.remark)) for name, one in audit.measures.items()]
    if audit.derivatives != "reverse" and not isnan(audit.off_diagonal):
        rows.append((OTHER_POINTS, f"{audit.off_diagonal:.2g} (not judged)"))
    rows += [("values", f"{audit.value:.1e} from the function that is evaluated")] * (audit.value > 0)
    rows += [
        ("jumps per line", _counted(audit.jumps, audit.jump_size, "rms of u")),
        ("kinks per line", _counted(audit.kinks, audit.kink_size, "rms of the slope")),
    ]
    if audit.dropped:
        rows.append(("points", f"{audit.dropped} of {audit.points} excluded, since differences do not resolve them"))
    rows += [("note", note) for note in audit.notes]
    if audit.cause is not None:
        rows += [("cause", audit.cause.where), ("remedy", audit.cause.remedy)]
    return "\n".join([headline(audit), *(f"  {name:28}{words}" for name, words in rows)])


def per_line(count: float, name: str) -> str:
    """Return a mean number of jumps or kinks per line in words."""
    number = f"{count:.3g}"
    return f"{number} {name.removesuffix('s') if number == '1' else name} per line"


def headline(audit: Audit) -> str:
    """Return the verdict and its reasons in one line."""
    between = f" between {audit.hides} that it hides" if audit.hides else ""
    if audit.verdict == INCONSISTENT:
        return f"{audit.verdict}{between} ({', '.join(audit.reasons)}; threshold {audit.threshold:g})"
    if audit.verdict == UNDETERMINED:
        return f"{audit.verdict}{between} ({', '.join(audit.undetermined)})"
    uncounted = "; jumps and kinks not counted" if audit.order >= 1 and isnan(audit.jumps) else ""
    return f"{audit.verdict}{between}{uncounted}"


def _counted(count: float, size: float, unit: str) -> str:
    return "not counted" if isnan(count) else f"{count:.3g}, at most {size:.2g} {unit}" if count else "0"
