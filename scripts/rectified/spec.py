"""What a job is told: the settings of its task, with problem, target and activation in full."""

from rectified import activations
from rectified.activations import Activation
from rectified.collocation_tasks import Audit, Collocation, Latents
from rectified.network_tasks import EnsembleTraining, KernelEnsemble, Lemma, Pinn, Regression, Theory
from rectified.problem_entries import Problem, Target
from rectified.ritz_tasks import Feature, GradientErrors, Landscape, RitzTraining
from rectified.settings import Count, Name, Strict, Task, one_of

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
