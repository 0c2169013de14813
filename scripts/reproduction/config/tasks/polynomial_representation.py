"""Exact representation of polynomials, and approximation of functions, by MRePU."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reproduction.config.field_types import Count, Distinct, Positive
from reproduction.config.task import KIM_KANG, Equation, Rule, Task
from reproduction.config.words import Phrase, setting


class PolynomialRepresentationSettings(Task):
    """Errors of polynomials represented by MRePU_p, and of a function approximated by it."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("polynomial_representation", local=True),)
    equation: ClassVar[Equation] = Equation(
        "Σⱼ cⱼ MRePU_p(wⱼx) + c₀ = any polynomial of degree p + 1 on [−R, R], |wⱼ|R < 1",
        f"{KIM_KANG}, Lemma 7, Theorem 8 and Corollary 10",
        ("effective_theory/polynomial_representation",),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        Phrase("p = {}", setting("powers")),
        Phrase("{} polynomials of each degree", setting("polynomials")),
        Phrase("on [−R, R] with R = {}", setting("radius")),
        Phrase("networks in {} variables", setting("variables")),
    )

    task: Literal["polynomial_representation"] = "polynomial_representation"
    powers: Annotated[list[Annotated[Count, Field(le=11)]], Field(min_length=1), Distinct] = [1, 2, 3, 4, 5]
    """Distinct powers p; the polynomials have degree p + 1."""
    polynomials: Count = 20
    """Number of random polynomials per power, with coefficients N(0, 1)."""
    radius: Positive = 1.0
    """R of the interval [−R, R] of comparison."""
    variables: Count = 2
    """Input dimension of the networks of Theorem 8 and Corollary 10."""
    depths: Annotated[list[Annotated[Count, Field(le=3)]], Field(min_length=1), Distinct] = [1, 2, 3]
    """Distinct numbers of hidden layers L of these networks, with p = 1; the polynomials have degree 2ᴸ."""
