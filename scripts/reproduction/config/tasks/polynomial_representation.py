"""Polynomials as networks of one layer."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config.field_types import Count, Positive
from reproduction.config.task import KIM_KANG, Equation, Rule, Task
from reproduction.config.words import Term, setting


class PolynomialRepresentationSettings(Task):
    """Polynomials represented exactly by one layer of MRePU_p."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("polynomial_representation", local=True),)
    equation: ClassVar[Equation] = Equation(
        "Σⱼ cⱼ MRePU_p(wⱼx) + c₀ = any polynomial of degree p + 1 on [−R, R], |wⱼ|R < 1",
        f"{KIM_KANG}, Lemma 7",
        ("effective_theory/polynomial_representation",),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        Term("p = {}", setting("powers")),
        Term("{} polynomials of each degree", setting("polynomials")),
        Term("on [−R, R] with R = {}", setting("radius")),
    )

    task: Literal["polynomial_representation"] = "polynomial_representation"
    powers: Annotated[list[Annotated[Count, Field(le=11)]], Field(min_length=1)] = [1, 2, 3, 4, 5]
    """p, each once; the polynomials have degree p + 1."""
    polynomials: Count = 20
    """Random polynomials per power, coefficients N(0, 1)."""
    radius: Positive = 1.0
    """R: the polynomials are compared on [−R, R]."""

    @model_validator(mode="after")
    def _each_once(self):
        if len(set(self.powers)) < len(self.powers):
            raise ValueError(f"powers {self.powers}: each may be given once")
        return self
