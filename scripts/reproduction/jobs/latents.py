"""Latents of a physics-informed network, a regressor, a classifier and an untrained network.

All have the same architecture, initial parameters and points. The training of the regressor stops when its error
reaches that of the physics-informed network, seed by seed. Source: Bischof, introduction.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rectified.networks.normalization import Pass
from rectified.networks.parameter_layout import Rows
from rectified.networks.residual_mlp import Trunk
from rectified.networks.seeding import drawn_indices, generator
from rectified.optimization.optimizers import build
from rectified.optimization.training_loop import Schedule, train
from rectified.optimization.value_and_gradient import value_and_gradient
from rectified.pinn.sampling import as_tensor
from rectified.problems.problem import Problem
from rectified.statistics import representations
from rectified.statistics.representation_names import CLASSES
from rectified.statistics.summaries import median_member
from reproduction.config.job import Job
from reproduction.config.tasks.latents import LatentsSettings
from reproduction.jobs.setup.collocation import CollocationSetup
from reproduction.storage import store

CHECK_EVERY = 10  # epochs between two checks of the error of the regressor


class Companions:
    """The networks compared with a trained one: their points, targets and training.

    Args:
        origin: setup of the job that trained the physics-informed network.
        settings: of the task ``latents``.
    """

    def __init__(self, origin: CollocationSetup, settings: LatentsSettings):
        self.origin, self.settings, self.start = origin, settings, origin.initial().double()
        interior, conditions = origin.sampler.interior(0), origin.sampler.points
        interior = np.broadcast_to(interior, (len(conditions), *interior.shape[1:]))
        points = np.concatenate([interior, conditions], 2)
        self.x, self.exact = as_tensor(points), as_tensor(np.stack([origin.problem.exact(own) for own in points]))
        edges = np.quantile(self.exact.numpy(), np.arange(1, CLASSES) / CLASSES, axis=1)
        self.classes = torch.searchsorted(as_tensor(edges.T), self.exact)
        trunk = origin.network.trunk
        self.classifier = Trunk(2, trunk.width, trunk.layers, trunk.activation, outputs=CLASSES)
        self.classifier_rows = Rows(self.classifier.shapes)

    def regressors(
        self, errors: Float[Tensor, " seeds"]
    ) -> tuple[Float[Tensor, "seeds parameters"], Bool[Tensor, " seeds"]]:
        """Return the parameters of regressors, each at the first check at which its error is at most the given one.

        Args:
            errors: to reach, one per network.

        Returns:
            Parameters, and flags of the networks that reached their error. The others are those of the last check.
        """
        found, waiting = self.start.clone(), torch.ones(len(self.start), dtype=torch.bool)

        def loss(theta: Tensor) -> Tensor:
            return (self.origin.network.evaluate(theta, self.x, Pass()) - self.exact).square().mean(1)

        def check(theta: Tensor) -> dict[str, Tensor]:
            found[waiting] = theta[waiting]
            waiting.logical_and_(~(self.origin.errors(theta) <= errors))
            return {}

        self._train(self.start.clone(), loss, check)
        return found, ~waiting

    def classifiers(self) -> Float[Tensor, "seeds parameters"]:
        """Return the parameters of classifiers trained on the cross-entropy."""

        def loss(theta: Tensor) -> Tensor:
            logits = self.logits(theta, self.x)
            return torch.nn.functional.cross_entropy(logits, self.classes, reduction="none").mean(1)

        return self._train(self.initial_classifiers(), loss, lambda theta: {})

    def initial_classifiers(self) -> Float[Tensor, "seeds parameters"]:
        """Return the initial parameters of classifiers; hidden layers are those of the other networks."""
        heads = [self.classifier.draw(generator("classifier", seed))["Wout"] for seed in range(len(self.start))]
        return self.classifier_rows.row({**self.origin.network.blocks(self.start), "Wout": torch.cat(heads)})

    def logits(self, theta: Tensor, x: Tensor) -> Float[Tensor, "seeds classes points"]:
        """Return the logits of classifiers at points [seeds, 2, points]."""
        return self.classifier(self.classifier_rows.blocks(theta), self.origin.network.scaling(x))

    def _train(self, theta: Tensor, loss: Callable[[Tensor], Tensor], check: Callable) -> Tensor:
        s = self.settings
        schedule = Schedule(s.epochs, s.learning_rate, s.final_learning_rate, CHECK_EVERY)
        return train(build("adam", theta), partial(value_and_gradient, loss), check, schedule).theta

    def hidden(self, theta: Tensor, x: Tensor) -> Float[np.ndarray, "seeds layers points width"]:
        """Return the outputs of the hidden layers of networks or classifiers at points [seeds, 2, points]."""
        rows = self.origin.network if theta.shape[1] == self.origin.network.parameters else self.classifier_rows
        scaled = self.origin.network.scaling(x)
        with torch.no_grad():
            return torch.stack(list(self.origin.network.trunk.latents(rows.blocks(theta), scaled)), 1).mT.numpy()


def latents(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return embeddings and measures of the latents of a trained network and of its companions."""
    blocks, origin = store.read_tensors(inputs["weights"][0])
    diverged_at = store.read_arrays(inputs["fields"][0]).diverged_at.to_numpy()
    trained = CollocationSetup(Job.model_validate_json(origin["spec"]))
    theta = trained.network.row({name: torch.from_numpy(block) for name, block in blocks.items()})
    return compare_latents(trained, job.settings, theta, diverged_at)


@torch.no_grad()
def compare_latents(
    origin: CollocationSetup,
    settings: LatentsSettings,
    theta: Float[Tensor, "seeds parameters"],
    diverged_at: Int[np.ndarray, " seeds"],
) -> xr.Dataset:
    """Train the companions of trained networks; return embeddings and measures of all latents, NaN where diverged.

    Args:
        origin: setup of the job that trained the networks.
        settings: of the task ``latents``.
        theta: parameters of the trained networks.
        diverged_at: epoch of their divergence, or −1.
    """
    companions = Companions(origin, settings)
    theta = torch.where(torch.from_numpy(diverged_at < 0)[:, None], theta.double(), torch.nan)
    errors = origin.errors(theta)
    with torch.enable_grad():
        (regressors, matched), classifiers = companions.regressors(errors), companions.classifiers()
    rows = {"pinn": theta, "regressor": regressors, "classifier": classifiers, "untrained": companions.start}
    x = companions.x.gather(2, _selected_points(origin, settings)[:, None].expand(-1, 2, -1))
    hidden = np.stack([companions.hidden(row, x) for row in rows.values()])
    measured = _measured(hidden, x.numpy(), origin.problem)
    seed = median_member(errors)
    pictures = np.stack([representations.embed(cloud[seed]) for cloud in hidden])
    outputs = [_outputs(companions, name, row, x)[seed] for name, row in rows.items()]
    relative = [np.full(len(theta), np.nan) if name == "classifier" else origin.errors(rows[name]) for name in rows]
    by_layer = ("network", "seed", "layer")
    return xr.Dataset(
        {
            "embedding": (
                ("network", "layer", "point", "axis"),
                pictures,
                {"long_name": "t-SNE of all layers together"},
            ),
            "output": (("network", "point"), np.stack(outputs), {"long_name": "u, or the class"}),
            **{name: (("point",), values) for name, values in zip(origin.problem.axes, x[seed].numpy())},
            **{name: (by_layer, values) for name, values in measured.items() if name != "cka"},
            "cka": (("network", "other", "seed", "layer"), measured["cka"], {"long_name": "linear CKA"}),
            "relative_l2": (("network", "seed"), np.stack(relative), {"long_name": "relative L2 error"}),
            "matched": ("seed", matched.numpy(), {"long_name": "whether the regressor reached the error"}),
            "diverged_at": ("seed", diverged_at, {"long_name": "epoch of divergence, or -1"}),
            "embedded_seed": ((), seed, {"long_name": "the seed of the pictures: a median one"}),
        },
        {
            "network": list(rows),
            "other": list(rows),
            "seed": np.arange(len(theta)),
            "layer": np.arange(1, hidden.shape[2] + 1),
        },
    )


def _selected_points(origin: CollocationSetup, settings: LatentsSettings) -> Int[Tensor, "seeds points"]:
    """Return indices of collocation points of each seed, drawn without replacement, in ascending order."""
    count = origin.settings.collocation_points
    return drawn_indices(count, settings.points, origin.seeds, "latents").sort(1).values


def _measured(
    hidden: Float[np.ndarray, "networks seeds layers points width"],
    points: Float[np.ndarray, "seeds 2 points"],
    problem: Problem,
) -> dict[str, np.ndarray]:
    """Return the measures of all latents, each seed at its own points; the seed is the last axis but one."""
    parts = [representations.measures(hidden[:, [seed]], own, problem.exact(own)) for seed, own in enumerate(points)]
    return {name: np.concatenate([part[name] for part in parts], -2) for name in parts[0]}


def _outputs(companions: Companions, name: str, theta: Tensor, x: Tensor) -> Float[np.ndarray, "seeds points"]:
    if name == "classifier":
        return companions.logits(theta, x).argmax(1).double().numpy()
    return companions.origin.network.evaluate(theta, x, Pass(training=False)).numpy()
