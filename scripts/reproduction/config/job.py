"""What a job is told: the settings of its task, with problem, target and activation in full."""

from rectified.formulas import activations
from rectified.formulas.activations import Activation
from reproduction.config.collocation_tasks import Audit, Collocation, Latents
from reproduction.config.field_types import Count, Name, Strict, Task, one_of
from reproduction.config.network_tasks import EnsembleTraining, KernelEnsemble, Lemma, Pinn, Regression, Theory
from reproduction.config.problems import Problem, Target
from reproduction.config.ritz_tasks import Feature, GradientErrors, Landscape, RitzTraining

TASKS: dict[str, type[Task]] = {
    model.model_fields["task"].default: model
    for model in (
        RitzTraining,
        GradientErrors,
        Feature,
        Landscape,
        Theory,
        Lemma,
        KernelEnsemble,
        EnsembleTraining,
        Regression,
        Pinn,
        Collocation,
        Latents,
        Audit,
    )
}


class Job(Strict):
    """Everything one job depends on."""

    tier: Name
    threads: Count
    experiment: Name
    case: str
    settings: one_of(TASKS.values(), "task")
    problem: Problem | None = None
    target: Target | None = None
    formula: str | None = None

    @property
    def activation(self) -> Activation:
        return activations.get(self.settings.activation, {self.settings.activation: self.formula})
