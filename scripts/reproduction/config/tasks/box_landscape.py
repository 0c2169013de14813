"""Loss landscape of a trained Ritz network with several inputs, on a grid and along lines."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from reproduction.config.errors import ConfigError
from reproduction.config.field_types import CaseRef, Count, Distinct, Positive
from reproduction.config.task import ROWAN, Equation, Files, Rule, Task, start_files
from reproduction.config.words import Phrase, setting


class BoxLandscapeSettings(Task):
    """Energy on planes of Hessian eigenvectors through trained parameters, by points and along lines."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule("box_landscape", local=True),)
    equation: ClassVar[Equation] = Equation(
        "Π(θ* + αvᵢ + βvⱼ), vᵢ and vⱼ eigenvectors of the Hessian ∂²Π/∂θ² along lines at θ*",
        f"{ROWAN}, sec. 2, in several dimensions",
        ("optimization/hessian", "ritz/loss_landscape", "ritz/boxes/energy", "ritz/boxes/line_energy"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        Phrase("around {}", setting("start")),
        Phrase("grid of {} cells along each axis", setting("cells")),
        Phrase("{} lines per axis", setting("lines")),
        Phrase("|α|, |β| ≤ {}", setting("extent")),
        Phrase("{} values of each", setting("resolution")),
        Phrase("the first of {} seeds", setting("seeds")),
    )

    task: Literal["box_landscape"] = "box_landscape"
    start: CaseRef
    """The trained case of task ritz_box, `experiment/case`, whose parameters are the origin of the planes."""
    planes: Annotated[list[tuple[Count, Count]], Field(min_length=1), Distinct] = [(1, 2), (2, 10), (10, 30)]
    """Pairs of eigenvectors, counted from 1 in descending order of their eigenvalues."""
    cells: Count = 32
    """Cells along each axis of the grid."""
    lines: Count = 48
    """Lines along each axis, a multiple of the panels of the start."""
    extent: Positive = 0.1
    """Largest |α| and |β|."""
    resolution: Annotated[Count, Field(ge=5)] = 41
    """Number of values of α and of β."""
    seeds: Count = 6
    """Number of networks, the first ones of the start."""

    def input_files(self, config: Any) -> Files:
        return start_files(self, config, "weights")

    def check_start(self, origin: Task) -> None:
        if origin.task != "ritz_box":
            raise ConfigError(f"start must have task 'ritz_box'; {self.start!r} has task {origin.task!r}")
        if self.seeds > origin.seeds:
            raise ConfigError(f"seeds must be at most {origin.seeds}, as in the start {self.start!r}; got {self.seeds}")
        if self.lines % origin.panels:
            raise ConfigError(f"lines must be a multiple of panels of the start, {origin.panels}; got {self.lines}")

    def work(self, config: Any) -> float:
        return self.seeds * len(self.planes) * self.resolution**2 * (self.cells**2 + self.lines)
