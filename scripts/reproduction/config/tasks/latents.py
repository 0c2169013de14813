"""Latents of networks with different objectives."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import CaseRef, Count, Positive
from reproduction.config.task import BISCHOF, Equation, Files, Rule, Task, start_files
from reproduction.config.words import Phrase, setting


class LatentsSettings(Task):
    """Latents of a trained physics-informed network, compared with those of networks with other objectives."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("latents"),)
    equation: ClassVar[Equation] = Equation(
        "distances of hidden-layer values against those of points and of outputs; t-SNE of all layers together",
        f"{BISCHOF}, introduction",
        ("statistics/representations",),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        Phrase("network: {}", setting("start")),
        Phrase("{} points", setting("points")),
        Phrase("others trained by {}", phrases.optimizer),
        *phrases.TRAINING[1:],
        Phrase("for at most {} epochs", setting("epochs")),
    )

    task: Literal["latents"] = "latents"
    start: CaseRef
    """The trained case, `experiment/case`, of task collocation."""
    points: Annotated[Count, Field(ge=50, le=2000)] = 250
    """Number of collocation points whose latents are compared."""
    learning_rate: Positive = 5e-3
    """Learning rate of Adam for regressor and classifier at the first epoch."""
    final_learning_rate: Positive | None = 1e-4
    """Learning rate at the last epoch, reached exponentially; null keeps the rate constant."""
    epochs: Count = 4000
    """Steps of the classifier; the regressor stops earlier if it reaches the error of the trained network."""

    def input_files(self, config: Any) -> Files:
        return start_files(self, config, "weights", "fields")

    def read_tasks(self, config: Any) -> list[str]:
        return ["collocation"]

    def check_start(self, origin: Task) -> None:
        dense = origin.task == "collocation" and (origin.architecture, origin.normalization) == ("dense", "none")
        if not dense:
            raise ConfigError(
                f"start must be a dense network of task 'collocation' without normalization; got {self.start!r}"
            )
        if self.points > origin.collocation_points:
            raise ConfigError(
                f"points must be at most {origin.collocation_points}, the collocation points of the start; "
                f"got {self.points}"
            )

    def work(self, config: Any) -> float:
        return self.epochs * self.points
