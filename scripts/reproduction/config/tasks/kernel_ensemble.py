"""Kernels of random networks at initialization."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.formulas.activation import Activation
from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import ActivationName, Count, Distinct, NonNegative, Positive
from reproduction.config.task import GIB, KIM_KANG, Equation, Rule, Task
from reproduction.config.words import Phrase, setting, used_setting

BLOCK = 1 << 16  # numbers that kernel_sampling.py processes at a time


class KernelEnsembleSettings(Task):
    """Kernels of networks at initialization, layer by layer."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("kernel_ensemble", device=True),)
    equation: ClassVar[Equation] = Equation(
        "Ĝ′ = C_b + C_W/n Σⱼ σ(zⱼ)², z ~ N(0, Ĝ) independent over neurons",
        f"{KIM_KANG}, eqs. 1–4",
        ("effective_theory/kernel_sampling",),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.ACTIVATION,
        phrases.HIDDEN,
        Phrase("width {}", setting("widths")),
        Phrase("C_W = {}", used_setting("weight_variances", lambda s: not s.in_critical_units), "in some cases"),
        Phrase("C_W = {} times the critical one", used_setting("weight_variances", lambda s: s.in_critical_units)),
        Phrase("C_b = {}", setting("bias_variance"), usual=0.0),
        Phrase("n₀ = {}", setting("inputs")),
        Phrase("|x|²/n₀ = {}", setting("input_scales")),
        Phrase("{} random inputs", setting("data"), "in some cases"),
        Phrase("{} networks", setting("networks")),
    )

    task: Literal["kernel_ensemble"] = "kernel_ensemble"
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    widths: Annotated[list[Count], Field(min_length=1), Distinct] = [512]
    """Neurons per hidden layer; every width is sampled."""
    hidden_layers: Count = 10
    """Number of hidden layers."""
    inputs: Count = 2
    """Input dimension n₀."""
    input_scales: Annotated[list[Positive], Field(min_length=1), Distinct] = [1.0]
    """r = |x|²/n₀ of the fixed input, or variance of the components of random inputs; every r is sampled."""
    data: Count | None = None
    """Number of random inputs per network; null takes one fixed input."""
    weight_variances: Annotated[list[Positive], Field(min_length=1), Distinct] = [1.0]
    """C_W of every layer; every C_W is sampled."""
    in_critical_units: bool = False
    """Interpret weight_variances as multiples of the critical C_W (powers of ReLU only)."""
    bias_variance: NonNegative = 0.0
    """C_b of every layer."""
    networks: Annotated[Count, Field(ge=2)] = 1000
    """Number of networks."""
    shard: Count = 1000
    """Number of networks sampled at a time. It affects the random numbers."""
    sampling: Literal["exact", "brute_force", "random_signs"] = "exact"
    """Sample preactivations neuron by neuron from their exact distribution, or draw all weights, normal or as signs."""

    @model_validator(mode="after")
    def _critical_without_biases(self):
        if self.in_critical_units and self.bias_variance > 0:
            raise ValueError(f"bias_variance must be 0 with in_critical_units; got {self.bias_variance:g}")
        return self

    def memory(self, grid: int) -> float:
        layers, inputs, width = self.hidden_layers + 1, self.data or 1, max(self.widths)
        settings = len(self.widths) * len(self.weight_variances) * len(self.input_scales)
        kept = settings * self.networks * layers * inputs
        at_a_time = max(BLOCK, width * inputs) * (4 + (width / inputs if self.sampling != "exact" else 0))
        return 8 * (2 * kept + at_a_time) + GIB / 2

    @property
    def memory_keys(self) -> str:
        return "networks, data or widths"

    def check_activation(self, activation: Activation) -> None:
        if not self.in_critical_units:
            return
        power = homogeneous(activation)
        if power is None or power.degree <= 1:
            raise ConfigError(
                "in_critical_units requires an activation with a critical C_W at every input scale, such as the "
                f"powers of ReLU from 2 on; {self.activation!r} has none"
            )

    def work(self, config: Any) -> float:
        cells = len(self.weight_variances) * len(self.input_scales) * self.networks * self.hidden_layers
        return cells * sum(width * (self.data or 1) ** 2 for width in self.widths)
