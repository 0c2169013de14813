"""Errors of the gradients of a Ritz energy by several rules."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from reproduction.config import phrases
from reproduction.config.field_types import Count, DistinctList, Positive
from reproduction.config.ritz_network import RitzNetworkTask
from reproduction.config.task import ROWAN, Equation, Rule
from reproduction.config.words import Phrase, setting


class GradientErrorsSettings(RitzNetworkTask):
    """Gradients by several rules at the same parameters, compared with the gradient of the exact energy."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("gradient_errors", "parquet", local=True),)
    equation: ClassVar[Equation] = Equation(
        "∂Π/∂θ by each rule, less that of the exact integral; ∂û′/∂a and ∂û′/∂b hold σ″, a delta at every kink",
        f"{ROWAN}, eqs. 5–10",
        ("ritz/gradients", "ritz/closed_form_gradient"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        *phrases.RITZ_NETWORK,
        Phrase("grids of {} points", setting("grids")),
        Phrase("finite differences with ε = {}", setting("steps")),
        Phrase("on {} points", setting("points")),
        phrases.START,
        phrases.SEEDS,
    )

    task: Literal["gradient_errors"] = "gradient_errors"
    grids: DistinctList[Annotated[Count, Field(ge=2)]] = [100, 1000, 100_000]
    """Sizes of the grids for autodiff and the discrete delta."""
    steps: DistinctList[Positive] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5]
    """Steps ε of the finite differences, on a grid of `points` points."""

    def work(self, config: Any) -> float:
        return self.seeds * self.width * (sum(self.grids) + len(self.steps) * self.points)
