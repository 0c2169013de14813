"""Training of Ritz networks with several inputs."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from rectified.formulas import expressions
from rectified.formulas.activation import Activation
from rectified.formulas.piecewise_polynomial import LARGEST_DEGREE, piecewise_polynomial
from rectified.problems.diffusion import names
from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import ActivationName, Count, Formula, Name, Positive
from reproduction.config.task import ROWAN, Equation, Task
from reproduction.config.words import Phrase, formula, setting, used_setting

POINT_RULES = ("grid", "monte_carlo")
QUADRATURES = {
    "grid": "autodiff on a grid",
    "monte_carlo": "autodiff at random points",
    "lines": "kink-aware",
    "random_lines": "kink-aware, random lines",
    "cells": "kink-aware, on cells",
}
LARGEST_FIXED = 3  # inputs of a box with lines at fixed offsets
CELL_INPUTS = 2


def _uses(*quadratures: str):
    return lambda s: s.quadrature in quadratures


class RitzBoxSettings(Task):
    """Training of a Ritz network on the energy on a box of any dimension."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equations: ClassVar = ("diffusion",)
    equation: ClassVar[Equation] = Equation(
        "Π[û] = ∫ (½κ|∇û|² − fû) dx over û = D(x) Σ cᵢ σ(aᵢ·x + bᵢ), minimized over a, b, c",
        f"{ROWAN}, eqs. 2 and 4, in several dimensions",
        ("ritz/boxes/energy", "ritz/boxes/line_energy", "kink_aware/integration"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.PROBLEM,
        phrases.ACTIVATION,
        Phrase("smoothed over a width ε = {}", setting("smoothing"), "in some cases"),
        phrases.HIDDEN,
        phrases.WIDTH,
        Phrase("D(x) = {}", lambda job: formula(job.settings.distance or "∏ 4xᵢ(1 − xᵢ) on the unit box")),
        Phrase("gradient of the energy: {}", lambda job: QUADRATURES[job.settings.quadrature]),
        Phrase("{} points", used_setting("points", _uses(*POINT_RULES)), "by autodiff"),
        Phrase("{} lines per axis", used_setting("lines", _uses("lines", "random_lines")), "kink-aware"),
        Phrase("polynomials of degree {} exact", used_setting("degree", _uses("cells")), "on cells"),
        *phrases.TRAINING,
        phrases.EPOCHS,
        phrases.SEEDS,
    )

    task: Literal["ritz_box"] = "ritz_box"
    problem: Name
    """An entry of `problems`, of equation diffusion."""
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    smoothing: Positive | None = None
    """Width ε; with activation relu, ε·softplus(z/ε) replaces it."""
    width: Count = 60
    """Neurons per hidden layer."""
    hidden_layers: Count = 1
    """Number of hidden layers."""
    distance: Formula | None = None
    """Distance function D(x1, …, xd); null takes the product of 4(x − low)(high − x)/(high − low)² over the inputs."""
    quadrature: Literal["grid", "monte_carlo", "lines", "random_lines", "cells"] = "grid"
    """Grid of midpoints, points drawn at every step, lines cut at kinks, fixed or drawn, or cells between kinks."""
    points: Count = 4096
    """Points of grid (a power of the number of inputs) and monte_carlo."""
    lines: Count = 48
    """Lines along each axis per input across them; of random_lines, lines along each axis."""
    order: Annotated[Count, Field(le=64)] = 3
    """Gauss–Legendre nodes per piece of a line."""
    panels: Count = 8
    """Equal parts of a line before the cuts at kinks; must divide `lines` of fixed lines."""
    degree: Annotated[int, Field(ge=0, le=30)] = 8
    """Degree up to which polynomials are integrated exactly on each of the cells."""
    learning_rate: Positive = 5e-3
    """Learning rate of Adam at the first epoch."""
    final_learning_rate: Positive | None = None
    """Learning rate at the last epoch, reached exponentially; null keeps the rate constant."""
    epochs: Count = 800
    """Optimizer steps."""
    record_every: Count = 50
    """Epochs between two records of the history."""
    seeds: Count = 6
    """Number of networks; more seeds add networks and leave the first ones unchanged."""

    @property
    def along_lines(self) -> bool:
        """True if the energy is integrated along lines that are cut at kinks."""
        return self.quadrature in ("lines", "random_lines")

    @property
    def needs_kinks(self) -> bool:
        """True if the energy is integrated between kinks, along lines or on cells."""
        return self.quadrature not in POINT_RULES

    @property
    def cells(self) -> int:
        """Cells of a grid of two inputs along each; for labels."""
        return round(self.points**0.5)

    def nodes(self, inputs: int) -> int:
        """Return the number of points at which the field of one network is evaluated, with one kink per neuron."""
        if self.quadrature == "cells":
            return (self.width**2 + self.width + 2) * (self.degree // 2 + 1) ** 2  # if all kinks cross each other
        if not self.along_lines:
            return self.points
        lines = self.lines if self.quadrature == "random_lines" else self.lines ** (inputs - 1)
        return inputs * lines * (self.panels + self.width * self.hidden_layers) * self.order

    def work(self, config: Any) -> float:
        inputs = len(config.problems[self.problem].domain)
        per_node = 20 if self.along_lines else self.width * (1 + (self.hidden_layers - 1) * self.width)
        return self.epochs * self.seeds * self.nodes(inputs) * per_node

    @property
    def memory_keys(self) -> str:
        return "lines, width or seeds"

    def check_activation(self, activation: Activation) -> None:
        if activation.kinks and activation.kinks[0].order == 0:
            raise ConfigError(f"activation {self.activation!r} jumps: û would have no finite energy")
        if self.quadrature == "random_lines" and activation.kinks and piecewise_polynomial(activation) is None:
            raise ConfigError(
                f"activation must consist of polynomials of degree at most {LARGEST_DEGREE} between kinks with "
                f"quadrature 'random_lines'; got {self.activation!r}"
            )
        if self.needs_kinks and not activation.kinks and self.smoothing is None:
            raise ConfigError(f"activation {self.activation!r} is smooth: there are no kinks to follow")

    def check_problem(self, name: str, problem: Any) -> None:
        inputs = len(problem.domain)
        if self.quadrature == "grid" and round(self.points ** (1 / inputs)) ** inputs != self.points:
            raise ConfigError(f"points of a grid must be n^{inputs} for {inputs} inputs; got {self.points}")
        if self.quadrature == "lines" and inputs > LARGEST_FIXED:
            raise ConfigError(
                f"quadrature 'lines' is for at most {LARGEST_FIXED} inputs; problem {name!r} has {inputs}: use "
                "'random_lines'"
            )
        if self.quadrature == "cells" and inputs != CELL_INPUTS:
            raise ConfigError(f"quadrature 'cells' is for {CELL_INPUTS} inputs; problem {name!r} has {inputs}")
        if self.quadrature == "lines" and inputs > 1 and self.lines % self.panels:
            raise ConfigError(f"lines must be a multiple of panels, which is {self.panels}; got {self.lines}")
        formula_of_distance = expressions.parse(self.distance, names(inputs)) if self.distance else None
        problem.build().check_boundary(formula_of_distance)

    @model_validator(mode="after")
    def _combinations(self):
        if self.smoothing is not None and (self.activation != "relu" or self.needs_kinks):
            raise ValueError(
                "smoothing must be null unless activation is 'relu' and quadrature is 'grid' or 'monte_carlo'; got "
                f"{self.smoothing:g} with {self.activation!r} and {self.quadrature!r}"
            )
        if self.quadrature in ("random_lines", "cells") and self.hidden_layers > 1:
            raise ValueError(f"hidden_layers must be 1 with quadrature {self.quadrature!r}; got {self.hidden_layers}")
        return self
