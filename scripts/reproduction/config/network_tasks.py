"""The tasks on fully connected networks: effective theory, ensembles, regression and PINNs."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from reproduction.config.field_types import ActivationName, Count, Name, NonNegative, Positive, Task, ascending

Range = Annotated[tuple[Positive, Positive], AfterValidator(ascending)]
GIB = 2**30
BLOCK = 1 << 16  # numbers that ensembles.py works on at a time
DRAWN = 13_000  # points in float32 that take what the float64 fields of regression.py do


class Theory(Task):
    """Susceptibilities against the kernel, and the universality class of an activation."""

    task: Literal["theory"] = "theory"
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    weight_variance: Positive = 1.0
    """C_W of the susceptibilities."""
    kernels: Range = (1e-8, 10.0)
    """Smallest and largest kernel K."""
    points: Annotated[Count, Field(ge=2)] = 121
    """Values of K."""


class Lemma(Task):
    """Polynomials represented exactly by one layer of MRePU_p."""

    task: Literal["lemma"] = "lemma"
    powers: Annotated[list[Annotated[Count, Field(le=11)]], Field(min_length=1)] = [1, 2, 3, 4, 5]
    """p, each once; the polynomials have degree p + 1."""
    polynomials: Count = 20
    """Random polynomials per power, coefficients N(0, 1)."""
    radius: Positive = 1.0
    """R: the polynomials are compared on [−R, R]."""

    @model_validator(mode="after")
    def _each_once(self):
        if len(set(self.powers)) < len(self.powers):
            raise ValueError(f"powers {self.powers}: each may be given once")
        return self


class KernelEnsemble(Task):
    """Kernels of networks at initialization, layer by layer."""

    task: Literal["kernel_ensemble"] = "kernel_ensemble"
    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    widths: Annotated[list[Count], Field(min_length=1)] = [512]
    """Neurons per hidden layer; every width is sampled."""
    hidden_layers: Count = 10
    """Number of hidden layers."""
    inputs: Count = 2
    """Components n₀ of an input."""
    input_scales: Annotated[list[Positive], Field(min_length=1)] = [1.0]
    """r = |x|²/n₀ of the one input, or the variance of the components of random inputs; every r is sampled."""
    data: Count | None = None
    """Random inputs per network; none takes one fixed input."""
    weight_variances: Annotated[list[Positive], Field(min_length=1)] = [1.0]
    """C_W of every layer; every C_W is sampled."""
    in_critical_units: bool = False
    """Whether weight_variances are multiples of the critical C_W (powers of ReLU only)."""
    bias_variance: NonNegative = 0.0
    """C_b of every layer."""
    networks: Annotated[Count, Field(ge=2)] = 1000
    """Number of networks."""
    shard: Count = 1000
    """Networks sampled at a time; part of the numbers."""
    sampling: Literal["exact", "brute_force"] = "exact"
    """Sample preactivations neuron by neuron from their exact law, or draw all weights."""

    @model_validator(mode="after")
    def _critical_without_biases(self):
        if self.in_critical_units and self.bias_variance > 0:
            raise ValueError(
                f"in_critical_units is for networks without biases; bias_variance is {self.bias_variance:g}"
            )
        return self

    def memory(self, grid: int) -> float:
        layers, inputs, width = self.hidden_layers + 1, self.data or 1, max(self.widths)
        settings = len(self.widths) * len(self.weight_variances) * len(self.input_scales)
        kept = settings * self.networks * layers * inputs
        at_a_time = max(BLOCK, width * inputs) * (4 + (width / inputs if self.sampling == "brute_force" else 0))
        return 8 * (2 * kept + at_a_time) + GIB / 2

    @property
    def memory_keys(self) -> str:
        return "networks, data or widths"


class NetworkTraining(Task):
    """What all jobs that train fully connected networks share."""

    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    width: Count = 32
    """Neurons per hidden layer."""
    hidden_layers: Count = 5
    """Number of hidden layers."""
    weight_variance: Positive = 1.0
    """C_W: weights of layer l are drawn from N(0, C_W/n_{l−1})."""
    first_weight_variance: Positive | None = None
    """C_W of the first layer, where it differs."""
    bias_variance: NonNegative = 0.0
    """C_b: variance of the biases."""
    optimizer: Literal["adam", "sgd"] = "adam"
    """The optimizer."""
    learning_rate: Positive = 1e-3
    """Rate at the first epoch."""
    final_learning_rate: Positive | None = None
    """Rate at the last epoch, reached exponentially; none keeps the rate constant."""
    epochs: Count = 1000
    """Optimizer steps."""
    record_every: Count = 250
    """Epochs between two points of the history."""
    precision: Literal["float32", "float64"] = "float32"
    """Floating-point numbers used in training."""

    def layer_variances(self) -> list[float]:
        """C_W of each layer, first to last."""
        return [self.first_weight_variance or self.weight_variance, *[self.weight_variance] * self.hidden_layers]

    def _training_bytes(self, networks: int, inputs: int, points: int, arrays: int = 4) -> float:
        """Parameters with their gradient and moments, and the arrays kept for each neuron and point."""
        parameters = (inputs + 1 + (self.hidden_layers - 1) * (self.width + 1) + 1) * self.width
        neurons = self.hidden_layers * self.width
        size = 4 if self.precision == "float32" else 8
        return networks * size * (6 * parameters + arrays * neurons * points) + GIB / 2


class EnsembleTraining(NetworkTraining):
    """Training of an ensemble, its statistics recorded layer by layer; shards are jobs of their own."""

    task: Literal["ensemble_training"] = "ensemble_training"
    target: Name
    """An entry of `targets`."""
    networks: Annotated[Count, Field(ge=2)] = 100
    """Number of networks."""
    shard: Annotated[Count, Field(ge=2)] = 20
    """Networks trained by one job; part of the numbers."""
    samples: Count = 100
    """Training points, drawn uniformly from the domain of the target."""
    test_samples: Count = 500
    """Test points, drawn likewise."""
    probes: Count = 50
    """Test points at which kernels and vertices are recorded."""

    @property
    def shards(self) -> int:
        return -(-self.networks // self.shard)

    def memory(self, grid: int) -> float:
        return self._training_bytes(min(self.shard, self.networks), 3, max(self.samples, self.test_samples))

    @property
    def memory_keys(self) -> str:
        return "shard, width or samples"

    @model_validator(mode="after")
    def _enough_points(self):
        if self.probes > self.test_samples:
            raise ValueError(f"probes is {self.probes}, more than test_samples, {self.test_samples}, which they are of")
        return self


class Regression(NetworkTraining):
    """Regression of a target function on a grid; errors of derivatives off the grid."""

    task: Literal["regression"] = "regression"
    target: Name
    """An entry of `targets`."""
    weight_variance: Positive | Literal["rule"] = 1.0
    """C_W: weights of layer l are drawn from N(0, C_W/n_{l−1}); rule takes C_W and C_b from the universality class."""
    seeds: Count = 4
    """Number of networks; the first networks of many seeds start as those of few."""
    batch: Count | None = None
    """Points per optimizer step, drawn anew each time; none takes the whole grid."""

    @model_validator(mode="after")
    def _rule_alone(self):
        if self.weight_variance == "rule" and (self.first_weight_variance is not None or self.bias_variance):
            raise ValueError("weight_variance 'rule' gives first_weight_variance and bias_variance too; leave them out")
        return self

    def memory(self, grid: int) -> float:
        return self._training_bytes(self.seeds, 3, max(self.batch or grid, DRAWN))

    @property
    def memory_keys(self) -> str:
        return "seeds, width or batch"


class Pinn(NetworkTraining):
    """A physics-informed network for an entry of `problems`."""

    equations: ClassVar = ("burgers",)

    task: Literal["pinn"] = "pinn"
    problem: Name
    """An entry of `problems`."""
    seeds: Count = 3
    """Number of networks; the first networks of many seeds start as those of few."""
    optimizer: Literal["adam", "levenberg_marquardt"] = "adam"
    """The optimizer; levenberg_marquardt draws new collocation points where the residual is large."""
    collocation_points: Count = 10_000
    """Points of the residual, uniform in the domain."""
    candidates: Count = 40_000
    """Uniform points that levenberg_marquardt chooses its collocation points from."""
    initial_points: Count = 50
    """Points of the initial condition."""
    boundary_points: Count = 50
    """Points of the boundary condition."""
    batch: Count | None = None
    """Collocation points per optimizer step of adam, drawn anew each time; none takes all."""
    redraw_every: Count = 1
    """Steps of levenberg_marquardt between two drawings of collocation points; adam draws at every step."""
    initial_weight: Positive = 1.0
    """Weight of the initial condition in the loss."""
    boundary_weight: Positive = 1.0
    """Weight of the boundary condition in the loss."""
    compile: bool = False
    """Whether to compile the step with torch.compile; without a C++ compiler it is eager, and rounds differently."""

    def memory(self, grid: int) -> float:
        points = self.batch or self.collocation_points
        jacobian = points if self.optimizer == "levenberg_marquardt" else 0
        return (
            self._training_bytes(self.seeds, 2, points, arrays=24) + 16 * jacobian * self.hidden_layers * self.width**2
        )

    @property
    def memory_keys(self) -> str:
        return "batch, collocation_points or seeds"

    @model_validator(mode="after")
    def _combinations(self):
        if self.optimizer == "levenberg_marquardt":
            if self.precision != "float64":
                raise ValueError("levenberg_marquardt solves normal equations; its precision is float64")
            if self.batch is not None:
                raise ValueError("levenberg_marquardt takes all its collocation_points; batch is for adam")
            if self.candidates < self.collocation_points:
                raise ValueError(
                    f"candidates is {self.candidates}, fewer than collocation_points, {self.collocation_points}, "
                    "which are chosen from them"
                )
        elif (self.batch or 0) > self.collocation_points:
            raise ValueError(f"batch is {self.batch}, more than collocation_points, {self.collocation_points}")
        return self
