"""Derivatives of a single neuron."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config import phrases
from reproduction.config.field_types import ActivationName, Count, Domain, Number
from reproduction.config.task import ROWAN, Equation, Rule, Task
from reproduction.config.words import Phrase, setting, written


class SingleNeuronSettings(Task):
    """Derivatives of one neuron σ(ax + b), in closed form with the discrete delta and by automatic differentiation."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("single_neuron", local=True),)
    equation: ClassVar[Equation] = Equation(
        "f = σ(ax + b): ∂f/∂x, ∂f/∂a, ∂f/∂b and ∂²f/∂b∂x, with δ at x = −b/a or without it",
        f"{ROWAN}, eqs. 6–10",
        ("ritz/single_neuron", "ritz/discrete_delta"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.ACTIVATION,
        Phrase("a = {}", setting("slope")),
        Phrase("b = {}", setting("bias")),
        Phrase("{} points", setting("points")),
        Phrase("x from {}", lambda job: " to ".join(map(written, job.settings.domain))),
    )

    task: Literal["single_neuron"] = "single_neuron"
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    slope: Annotated[Number, Field(allow_inf_nan=False)] = 1.0
    """Slope a, nonzero."""
    bias: Annotated[Number, Field(allow_inf_nan=False)] = -0.5
    """Bias b."""
    points: Annotated[Count, Field(ge=2)] = 101
    """Points of the uniform grid."""
    domain: Domain = (0.0, 1.0)
    """The two ends of the interval."""

    @model_validator(mode="after")
    def _varies(self):
        if self.slope == 0:
            raise ValueError("slope must be nonzero; got 0")
        return self
