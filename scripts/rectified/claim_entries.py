"""The entries of published claims in config.yaml: what a document says, and what must hold of cases for it to be so."""

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

from rectified.settings import CaseRef, Name, Strict

EXPONENT_FORM = r"^[+-]?[0-9.]+e[+-]?[0-9]+$"


def _coordinate(value: Any) -> Any:
    """YAML reads 1e-3 as text; take it for the number that it is."""
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{value!r} given; a number or a name is wanted")
    return float(value) if isinstance(value, str) and re.match(EXPONENT_FORM, value) else value


def _no_seeds(selection: dict) -> dict:
    if "seed" in selection:
        raise ValueError("seeds cannot be selected; a claim is decided by all of them")
    return selection


Text = Annotated[str, StringConstraints(min_length=1)]
Coordinate = Annotated[bool | int | float | str, BeforeValidator(_coordinate)]
Selection = Annotated[dict[str, Coordinate], AfterValidator(_no_seeds)]
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
    """One number per seed, and the threshold that its median must be beyond."""

    what: Text
    """What is measured, in words."""
    measure: Name
    """A variable, or a column of a table, that the case has by seed; of a history, at the last epoch."""
    of: CaseRef
    """The case that is measured."""
    over: CaseRef | None = None
    """A case to divide by, seed by seed."""
    less: Other | None = None
    """A case to take off, seed by seed; or coordinates as in `at`, to take off another value of the same case."""
    at: Selection = {}
    """Coordinates, or values of columns, where the measure is taken."""
    file: Name | None = None
    """The file that the measure is in, without its ending, where more than one has it."""
    above: Threshold | None = None
    """The number must be above this."""
    below: Threshold | None = None
    """The number must be below this."""
    deterministic: bool = False
    """Whether the number is computed, the same for every seed, so that no test is wanted."""
    diverged: Literal["infinite", "unknown"] | None = None
    """What a diverged run has of the measure; if not given, infinite in a ratio, as errors are, and else unknown."""

    @model_validator(mode="after")
    def _is_decidable(self) -> "Part":
        if (self.above is None) == (self.below is None):
            given = "neither" if self.above is None else "both"
            raise ValueError(f"{given} of `above` and `below` given; exactly one is wanted")
        if self.over is not None and self.less is not None:
            raise ValueError("`over` and `less` both given; at most one is allowed")
        if self.of in (self.over, self.less) or self.less == self.at:
            raise ValueError(f"{self.of!r} is compared with itself; another case or another place is wanted")
        return self

    @property
    def threshold(self) -> float:
        """The number given as `above` or `below`."""
        return self.below if self.above is None else self.above

    @property
    def null(self) -> float:
        """What values are tested against: 1 for a factor that is claimed to be beyond 1, otherwise the threshold."""
        factor = self.over is not None and (self.threshold > 1 if self.above is not None else self.threshold < 1)
        return 1.0 if factor else self.threshold

    @property
    def direction(self) -> str:
        """On which side of the threshold the claim has the median: "above" or "below"."""
        return "below" if self.above is None else "above"

    @property
    def divergence_is_infinite(self) -> bool:
        """Whether a diverged run counts as infinite, not as unknown."""
        return (self.diverged or ("unknown" if self.over is None else "infinite")) == "infinite"

    @property
    def cases(self) -> list[str]:
        """The cases that are read."""
        return [case for case in (self.of, self.over, self.less) if isinstance(case, str)]


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
