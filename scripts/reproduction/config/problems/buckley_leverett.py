"""The Buckley–Leverett equation."""

from typing import ClassVar, Literal

from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from reproduction.config.field_types import NonNegative, Positive
from reproduction.config.problem import ProblemEntry
from reproduction.config.words import written


class BuckleyLeverett(ProblemEntry):
    """u_t + f(u)_x = ε u_xx with u(x, 0) = 0 and u(0, t) = 1, on [0, 1]; f = u²/(u² + (1 − u)²/M)."""

    remedies: ClassVar[frozenset[str]] = frozenset({"flux", "viscosity"})

    equation: Literal["buckley_leverett"]
    mobility: Positive = 2.0
    """M, ratio of mobilities."""
    viscosity: NonNegative = 0.0
    """ε."""
    flux: Literal["fractional", "hull"] = "fractional"
    """The fractional flow f, or its concave hull."""
    final_time: Positive = 0.5
    """End of the time interval."""

    def build(self) -> BuckleyLeverettProblem:
        return BuckleyLeverettProblem(self.mobility, self.viscosity, self.flux, self.final_time)

    def words(self, name: str) -> str:
        viscous = f", ε = {written(self.viscosity)}" if self.viscosity else ""
        hull = ", flux of the concave hull" if self.flux == "hull" else ""
        return f"{name} (M = {written(self.mobility)}{viscous}{hull})"

    @property
    def applied_remedies(self) -> list[str]:
        applied = {"viscosity": self.viscosity > 0, "hull": self.flux == "hull"}
        return [name for name, is_applied in applied.items() if is_applied]

    @property
    def label(self) -> str:
        return f"Buckley–Leverett, M = {self.mobility:g}"
