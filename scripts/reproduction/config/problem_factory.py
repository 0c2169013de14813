"""Problems of two variables made from their entries in config."""

from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.burgers import BurgersProblem
from rectified.problems.poisson import PoissonProblem
from reproduction.config.problems import BuckleyLeverett, Burgers, Poisson


def posed(entry: Burgers | Poisson | BuckleyLeverett) -> BurgersProblem | PoissonProblem | BuckleyLeverettProblem:
    """The problem that an entry describes.

    Raises:
        ConfigError: if it cannot be posed.
    """
    if isinstance(entry, Burgers):
        return BurgersProblem(entry.viscosity)
    if isinstance(entry, Poisson):
        return PoissonProblem(entry.solution, entry.domain)
    return BuckleyLeverettProblem(entry.mobility, entry.viscosity, entry.flux, entry.final_time)
