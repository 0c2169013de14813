"""Entries of published claims in config: the statements of a document, and the measurements that decide them."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from rectified.statistics.looks import require_looks
from reproduction.config.field_types import CaseRef, Name, Number, Strict

EXPONENT_FORM = r"^[+-]?[0-9.]+[eE][+-]?[0-9]+$"


def _coordinate(value: Any) -> Any:
    """Return a coordinate; text such as 1e-3, which YAML reads as a string, becomes a number."""
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"must be a number or a name; got {value!r}")
    return float(value) if isinstance(value, str) and re.match(EXPONENT_FORM, value) else value


def _coordinates(value: list) -> list:
    """Return coordinates after checking that a list contains two or more different ones."""
    if len(value) < 2 or len(set(value)) < len(value):
        raise ValueError(f"a list must contain two or more different coordinates; got {value!r}")
    return value


def _no_seeds(selection: dict) -> dict:
    if "seed" in selection:
        raise ValueError("seed cannot be selected; claims are decided by all seeds")
    return selection


def _ascending(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"the first bound must be below the second; got {list(bounds)}")
    return bounds


def _decidable(looks: dict[int, int]) -> dict[int, int]:
    require_looks(looks)
    return dict(sorted(looks.items()))


Looks = Annotated[dict[int, int], AfterValidator(_decidable)]  # by number of seeds, how many on one side decide
Text = Annotated[str, StringConstraints(min_length=1)]
Coordinate = Annotated[bool | int | float | str, BeforeValidator(_coordinate)]
CoordinateList = Annotated[list[Coordinate], AfterValidator(_coordinates)]
Place = Annotated[
    Annotated[Coordinate, Tag("one")] | Annotated[CoordinateList, Tag("several")],
    Discriminator(lambda given: "several" if isinstance(given, list) else "one"),
]
Selection = Annotated[dict[str, Place], AfterValidator(_no_seeds)]
Threshold = Annotated[
    Number,
    Field(allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": EXPONENT_FORM}]}),
]
Other = Annotated[
    Annotated[CaseRef, Tag("case")] | Annotated[Selection, Tag("selection")],
    Discriminator(lambda given: "case" if isinstance(given, str) else "selection"),
]
ExhibitRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]


class Part(Strict):
    """A measurement, one number per seed or network, and the bound on a statistic of these numbers."""

    what: Text
    """The measurement in words."""
    measure: Name
    """A quantity, a variable or a table column of the case; of a history, the value at the last epoch."""
    of: CaseRef
    """The measured case."""
    over: Other | None = None
    """Divisor, seed by seed: another case, or coordinates as in `at` for another value of the same case."""
    less: Other | None = None
    """Subtrahend, seed by seed: another case, or coordinates as in `at` for another value of the same case."""
    at: Selection = {}
    """Coordinates, or values of columns, of the measure; a list takes all of them, each with every seed."""
    reduce: Literal["smallest", "largest", "mean", "median", "first", "last"] | None = None
    """Reduction of the values of one seed, if `at` leaves several."""
    file: Name | None = None
    """File of the measure, without suffix, if several files contain it."""
    statistic: Literal["median", "mean", "share", "shift", "distance"] = "median"
    """The estimated statistic. `median`: over seeds; `mean`: of ten or more seeds; `share`: of ones among zeros and
    ones; `shift`: factor (`over`) or difference (`less`) of two independent samples, not paired by seed; `distance`:
    largest distance of the distribution functions of two samples (`over`)."""
    above: Threshold | None = None
    """Lower bound."""
    below: Threshold | None = None
    """Upper bound."""
    within: Annotated[tuple[Threshold, Threshold], AfterValidator(_ascending)] | None = None
    """Lower and upper bound; the whole confidence interval must lie between them."""
    deterministic: bool = False
    """The number is the same for every seed and needs no test. True for measures without seeds."""
    diverged: Literal["infinite", "unknown"] | None = None
    """Value of the measure for a diverged run; the default is infinite in a ratio and unknown otherwise."""

    @model_validator(mode="after")
    def _is_decidable(self) -> "Part":
        bounds = [name for name in ("above", "below", "within") if getattr(self, name) is not None]
        if len(bounds) != 1:
            names = " and ".join(f"`{name}`" for name in bounds) or "none"
            raise ValueError(f"exactly one of `above`, `below` and `within` is required; got {names}")
        if self.over is not None and self.less is not None:
            raise ValueError("at most one of `over` and `less` is allowed; got both")
        if self.of in (self.over, self.less) or self.at in (self.over, self.less):
            raise ValueError(f"`over` and `less` must name another case or other coordinates; got {self.of!r} itself")
        if self.statistic == "shift" and self.over is None and self.less is None:
            raise ValueError("statistic 'shift' compares two samples; it requires `over` or `less`")
        if self.statistic == "distance" and self.over is None:
            raise ValueError("statistic 'distance' compares two samples; it requires `over`")
        if self.statistic != "median" and self.deterministic:
            raise ValueError(f"statistic of a deterministic number must be 'median'; got {self.statistic!r}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """The claimed lower and upper bound; infinite where there is none."""
        if self.within is not None:
            return self.within
        return (-math.inf, self.below) if self.above is None else (self.above, math.inf)

    @property
    def threshold(self) -> float:
        """The claimed bound; NaN for two bounds, which a single test cannot decide."""
        bound = self.below if self.above is None else self.above
        return math.nan if bound is None else bound

    @property
    def divergence_is_infinite(self) -> bool:
        """True if a diverged run counts as infinite, false if it counts as unknown."""
        return (self.diverged or ("unknown" if self.over is None else "infinite")) == "infinite"

    @property
    def cases(self) -> list[str]:
        """The cases that the part reads."""
        return [case for case in (self.of, self.over, self.less) if isinstance(case, str)]

    @property
    def places(self) -> list[dict]:
        """The coordinates at which the part reads cases."""
        return [place for place in (self.at, self.over, self.less) if isinstance(place, dict)]


class Claim(Strict):
    """A claim of a document, and its measured parts."""

    statement: Text
    """The claim in our words."""
    source: Text
    """Place in the document."""
    figure: ExhibitRef | None = None
    """The figure or table that shows it, as `document/name`."""
    parts: Annotated[list[Part], Field(min_length=1)]
    """Measurements; the claim is reproduced if all of them meet their criteria."""


Claims = Annotated[dict[Name, Claim], Field(min_length=1)]
CLAIMS = TypeAdapter(Claims)


def cases_of(claims: Mapping[str, Claim]) -> list[str]:
    """Return the cases that the claims of a document read, in order, without duplicates."""
    return list(dict.fromkeys(case for claim in claims.values() for part in claim.parts for case in part.cases))


def to_text(claims: Mapping[str, Claim]) -> str:
    """Return the claims of a document as JSON, a parameter of their job."""
    return CLAIMS.dump_json(dict(claims)).decode()


def from_text(text: str) -> dict[str, Claim]:
    """Return the claims of a document from JSON."""
    return CLAIMS.validate_json(text)
