"""Loss landscape of a trained Ritz network."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import CaseRef, Count, Distinct, Positive
from reproduction.config.ritz_network import RitzNetworkTask
from reproduction.config.task import ROWAN, Equation, Rule, Task
from reproduction.config.words import Phrase, setting, used_setting


class LandscapeSettings(RitzNetworkTask):
    """Energy on planes of Hessian eigenvectors through trained parameters."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule("hessian", local=True),
        Rule("landscape", after="hessian", local=True),
    )
    equation: ClassVar[Equation] = Equation(
        "Π(θ* + αvᵢ + βvⱼ), vᵢ and vⱼ eigenvectors of the Hessian ∂²Π/∂θ² at θ*",
        f"{ROWAN}, sec. 2",
        ("optimization/hessian", "ritz/loss_landscape", "ritz/energy", "ritz/fast_grid_energy"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        *phrases.RITZ_NETWORK,
        Phrase("energy by {} quadrature", lambda job: job.settings.quadrature.replace("_", "-")),
        Phrase("Hessian by {} quadrature", lambda job: job.settings.hessian.replace("_", "-")),
        Phrase("M = {}", used_setting("points", lambda s: "grid" in (s.quadrature, s.hessian)), "on grids"),
        Phrase("around {}", setting("start")),
        Phrase("|α|, |β| ≤ {}", setting("extent")),
        Phrase("{} values of each", setting("resolution")),
        Phrase("the first of {} seeds", phrases.seeds),
    )

    task: Literal["landscape"] = "landscape"
    start: CaseRef
    """The trained case, `experiment/case`, whose parameters are the origin of the planes."""
    quadrature: Literal["grid", "kink_aware"] = "grid"
    """Quadrature of the energy on the planes."""
    hessian: Literal["grid", "kink_aware"] = "grid"
    """Quadrature of the energy whose Hessian defines the eigenvectors."""
    planes: Annotated[list[tuple[Count, Count]], Field(min_length=1), Distinct]
    """Pairs of eigenvectors, counted from 1 in descending order of their eigenvalues."""
    extent: Positive = 0.5
    """Largest |α| and |β|."""
    resolution: Annotated[Count, Field(ge=5)] = 81
    """Number of values of α and of β."""

    @property
    def needs_kinks(self) -> bool:
        return self.quadrature == "kink_aware"

    def check_start(self, origin: Task) -> None:
        super().check_start(origin)
        parameters = self.parameters
        for plane in self.planes:
            if max(plane) > parameters or plane[0] == plane[1]:
                raise ConfigError(f"a plane must be two different numbers from 1 to {parameters}; got {list(plane)}")

    def work(self, config: Any) -> float:
        return self.seeds * len(self.planes) * self.resolution**2 * self.width
