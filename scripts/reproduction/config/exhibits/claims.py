"""The entries of published claims in config.yaml: what a document says, and what must hold of cases for it to be so."""

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

from reproduction.config.field_types import CaseRef, Name, Strict

EXPONENT_FORM = r"^[+-]?[0-9.]+e[+-]?[0-9]+$"


def _coordinate(value: Any) -> Any:
    """YAML reads 1e-3 as text; take it for the number that it is."""
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{value!r} given; a number or a name is wanted")
    return float(value) if isinstance(value, str) and re.match(EXPONENT_FORM, value) else value


def _coordinates(value: Any) -> Any:
    """A list of coordinates that differ; one that is alone is left to be checked as such."""
    if isinstance(value, list) and len({str(entry) for entry in value}) < max(len(value), 2):
        raise ValueError(f"{value!r} given; a list here has two or more coordinates that differ")
    return value


def _no_seeds(selection: dict) -> dict:
    if "seed" in selection:
        raise ValueError("seeds cannot be selected; a claim is decided by all of them")
    return selection


def _rising(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"{list(bounds)} given; the first bound must be below the second")
    return bounds


Text = Annotated[str, StringConstraints(min_length=1)]
Coordinate = Annotated[bool | int | float | str, BeforeValidator(_coordinate)]
Coordinates = Annotated[list[Coordinate], BeforeValidator(_coordinates)]
Place = Annotated[
    Annotated[Coordinate, Tag("one")] | Annotated[Coordinates, Tag("several")],
    Discriminator(lambda given: "several" if isinstance(given, list) else "one"),
]
Selection = Annotated[dict[str, Place], AfterValidator(_no_seeds)]
Threshold = Annotated[
    float,
    Field(allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": EXPONENT_FORM}]}),
]
Other = Annotated[
    Annotated[CaseRef, Tag("case")] | Annotated[Selection, Tag("selection")],
    Discriminator(lambda given: "case" if isinstance(given, str) else "selection"),
]
ExhibitRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]


class Part(Strict):
    """One number per seed or network, and what a statistic of them must be."""

    what: Text
    """What is measured, in words."""
    measure: Name
    """A quantity, a variable, or a column of a table, that the case has; of a history, at the last epoch."""
    of: CaseRef
    """The case that is measured."""
    over: Other | None = None
    """A case to divide by, seed by seed; or coordinates as in `at`, to divide by another value of the same case."""
    less: Other | None = None
    """A case to take off, seed by seed; or coordinates as in `at`, to take off another value of the same case."""
    at: Selection = {}
    """Coordinates, or values of columns, where the measure is taken; a list takes all, each with every seed."""
    reduce: Literal["smallest", "largest", "mean", "median", "first", "last"] | None = None
    """What is taken of the values of one seed, where `at` leaves several."""
    file: Name | None = None
    """The file that the measure is in, without its ending, where more than one has it."""
    statistic: Literal["median", "mean", "share", "shift", "distance"] = "median"
    """What is estimated: the median over seeds; the mean, of ten or more; the share of ones among zeros and ones;
    the factor (`over`) or shift (`less`) between two independent samples, not paired by their seeds; the largest
    distance of the distribution functions of two samples (`over`)."""
    above: Threshold | None = None
    """The number must be above this."""
    below: Threshold | None = None
    """The number must be below this."""
    within: Annotated[tuple[Threshold, Threshold], AfterValidator(_rising)] | None = None
    """The number must lie between these, with the whole of its interval."""
    deterministic: bool = False
    """Whether the number is computed, the same for every seed: no test is wanted. It is if there are no seeds."""
    diverged: Literal["infinite", "unknown"] | None = None
    """What a diverged run has of the measure; if not given, infinite in a ratio, as errors are, and else unknown."""

    @model_validator(mode="after")
    def _is_decidable(self) -> "Part":
        given = [name for name in ("above", "below", "within") if getattr(self, name) is not None]
        if len(given) != 1:
            names = " and ".join(f"`{name}`" for name in given) or "none of `above`, `below` and `within`"
            raise ValueError(f"{names} given; exactly one is wanted")
        if self.over is not None and self.less is not None:
            raise ValueError("`over` and `less` both given; at most one is allowed")
        if self.of in (self.over, self.less) or self.at in (self.over, self.less):
            raise ValueError(f"{self.of!r} is compared with itself; another case or another place is wanted")
        if self.statistic == "shift" and self.over is None and self.less is None:
            raise ValueError("statistic 'shift' is of two samples; `over` or `less` must give the other")
        if self.statistic == "distance" and self.over is None:
            raise ValueError("statistic 'distance' is of two samples; `over` must give the other")
        if self.statistic != "median" and self.deterministic:
            raise ValueError(f"statistic {self.statistic!r} is an estimate; what is deterministic needs none")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Between what the claim has the number."""
        if self.within is not None:
            return self.within
        return (-math.inf, self.below) if self.above is None else (self.above, math.inf)

    @property
    def null(self) -> float:
        """What values are tested against: 1 for a factor that is claimed to be beyond 1, otherwise the threshold.

        NaN for a number that is claimed to lie between two others, which one test cannot tell.
        """
        if self.within is not None:
            return math.nan
        threshold = self.below if self.above is None else self.above
        factor = self.over is not None and (threshold > 1 if self.above is not None else threshold < 1)
        return 1.0 if factor and self.statistic != "distance" else threshold

    @property
    def divergence_is_infinite(self) -> bool:
        """Whether a diverged run counts as infinite, not as unknown."""
        return (self.diverged or ("unknown" if self.over is None else "infinite")) == "infinite"

    @property
    def cases(self) -> list[str]:
        """The cases that are read."""
        return [case for case in (self.of, self.over, self.less) if isinstance(case, str)]

    @property
    def places(self) -> list[dict]:
        """The coordinates at which cases are read."""
        return [place for place in (self.at, self.over, self.less) if isinstance(place, dict)]


class Claim(Strict):
    """A claim of a document, and the parts of it that are measured."""

    statement: Text
    """The claim in our words."""
    source: Text
    """Where it stands in the document."""
    figure: ExhibitRef | None = None
    """The figure or table that shows it, as `document/name`."""
    parts: Annotated[list[Part], Field(min_length=1)]
    """What must hold: all of them for the claim to be reproduced."""


Claims = Annotated[dict[Name, Claim], Field(min_length=1)]
CLAIMS = TypeAdapter(Claims)


def cases_of(claims: Mapping[str, Claim]) -> list[str]:
    """The cases that the claims of a document read, in order, each once."""
    return list(dict.fromkeys(case for claim in claims.values() for part in claim.parts for case in part.cases))


def to_text(claims: Mapping[str, Claim]) -> str:
    """The claims of a document as JSON: what its job is told."""
    return CLAIMS.dump_json(dict(claims)).decode()


def from_text(text: str) -> dict[str, Claim]:
    """The claims of a document from JSON."""
    return CLAIMS.validate_json(text)
