"""Networks with several inputs for the Deep Ritz method: parameters and fields.

The parameters of one network are one row of a tensor [networks, parameters]; all rows are evaluated together.
"""

from collections.abc import Sequence

import numpy as np
import sympy
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.formulas import expressions
from rectified.formulas.torch_activation import TorchActivation
from rectified.formulas.torch_functions import torch_function
from rectified.networks.parameter_layout import Rows
from rectified.networks.seeding import numpy_generator
from rectified.problems.diffusion import names, product_distance

Box = Sequence[tuple[float, float]]


class BoxNetwork(Rows):
    """Field û(x) = D(x)·N(x) with N a fully connected network without output bias.

    With one hidden layer N(x) = Σ cᵢ σ(aᵢ·x + bᵢ); every further hidden layer maps h to σ(Wh + v).

    Args:
        width: neurons per hidden layer.
        hidden_layers: number of hidden layers, at least 1.
        activation: σ.
        box: lower and upper end of each input.
        distance: D as an expression in x1, …, xd; None takes ``product_distance``.
    """

    def __init__(
        self,
        width: int,
        hidden_layers: int,
        activation: TorchActivation,
        box: Box,
        distance: sympy.Expr | None = None,
    ):
        self.width, self.hidden_layers, self.activation, self.box = width, hidden_layers, activation, box
        self.inputs = len(box)
        symbols = [expressions.symbol(name) for name in names(self.inputs)]
        self.formula = product_distance(box) if distance is None else distance
        self._distance = torch_function([self.formula, *(sympy.diff(self.formula, x) for x in symbols)], symbols)
        shapes: dict[str, tuple[int, ...]] = {"a": (width, self.inputs), "b": (width,)}
        for layer in range(2, hidden_layers + 1):
            shapes |= {f"W{layer}": (width, width), f"v{layer}": (width,)}
        super().__init__(shapes | {"c": (width,)})

    def distance(self, *x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return D and its gradient, one tensor per input, at coordinates given one tensor per input."""
        value, *slopes = self._distance(*x)
        return value, tuple(slopes)

    def fields(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks inputs points"]]:
        """Return û and ∇û at x; differentiable in θ.

        ∇û is computed by the chain rule with the pointwise σ'. Its automatic derivative therefore equals that of nested
        automatic differentiation, which ignores the jump of σ' at a kink.
        """
        distance, slopes = self.distance(*x.unbind(1))
        return self.with_distance(*self.output(theta, x), distance, torch.stack(slopes, 1))

    @staticmethod
    def with_distance(
        value: Tensor, gradient: Tensor, distance: Tensor, slopes: Tensor
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks inputs points"]]:
        """Return û = DN and ∇û = D∇N + N∇D."""
        return distance * value, torch.addcmul(distance[:, None] * gradient, slopes, value[:, None])

    def output(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 inputs points"]
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks inputs points"]]:
        """Return N and ∇N at x, the fields without the distance function."""
        p = self.blocks(theta)
        x = x.expand(len(theta), -1, -1)
        if self.hidden_layers == 1 and self.activation.is_piecewise_linear:
            return self._piecewise_linear_output(p, x)
        h, dh = self.activation.values_and_slopes(torch.baddbmm(p["b"][:, :, None], p["a"], x))
        if self.hidden_layers == 1:
            slopes = (p["c"][:, :, None] * p["a"]).mT
            return torch.bmm(p["c"][:, None], h)[:, 0], torch.bmm(slopes, dh)
        tangents = dh[:, :, None] * p["a"][..., None]  # [networks, neurons, inputs, points]
        for layer in range(2, self.hidden_layers + 1):
            h, dh = self.activation.values_and_slopes(torch.baddbmm(p[f"v{layer}"][:, :, None], p[f"W{layer}"], h))
            pushed = torch.bmm(p[f"W{layer}"], tangents.flatten(2)).unflatten(2, tangents.shape[2:])
            tangents = dh[:, :, None] * pushed
        weights = p["c"][:, None]
        gradient = torch.bmm(weights, tangents.flatten(2)).unflatten(2, tangents.shape[2:])
        return torch.bmm(weights, h)[:, 0], gradient[:, 0]

    def _piecewise_linear_output(self, p: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        """N = A·x + B and ∇N = A, with A and B the sums of slopes and intercepts of the neurons at x."""
        with torch.no_grad():
            slope, intercept = self.activation.line(torch.baddbmm(p["b"][:, :, None], p["a"], x))
        lines = torch.cat([p["c"][:, :, None] * p["a"], (p["c"] * p["b"])[:, :, None]], 2).mT
        sums = torch.bmm(lines, slope)
        gradient, value = sums[:, :-1], sums[:, -1]
        if isinstance(intercept, Tensor):
            value = value + torch.bmm(p["c"][:, None], intercept)[:, 0]
        return value + (gradient * x).sum(1), gradient


def initial_box_parameters(network: BoxNetwork, seeds: int, stream: str) -> Float[Tensor, "seeds parameters"]:
    """Draw the parameters of networks with seeds 0, 1, …, one row per seed, in float64.

    Weights a are unit vectors in uniform directions, divided by the mean length of the sides, and the kink (or the
    centre of σ, for a smooth σ) of every neuron of the first layer goes through a uniform point of the box. Output
    weights are U(−1, 1)/√width, hidden weights U(−√(6/width), √(6/width)), hidden biases 0.

    Args:
        network: the layout of the parameters.
        seeds: number of seeds; a row depends on its own seed alone.
        stream: name of the random number stream.
    """
    rows = [network.row(_initial_blocks(network, numpy_generator(stream, seed))) for seed in range(seeds)]
    return torch.cat(rows)


def _initial_blocks(network: BoxNetwork, random: np.random.Generator) -> dict[str, Tensor]:
    width, inputs = network.width, network.inputs
    low, high = np.array(network.box, dtype=float).T
    normals = random.standard_normal((width, inputs))
    a = normals / np.linalg.norm(normals, axis=1, keepdims=True) / np.mean(high - low)
    points = low + (high - low) * random.random((width, inputs))
    kinks = network.activation.kink_points
    blocks = {
        "a": a,
        "b": (kinks[0] if kinks else 0.0) - (a * points).sum(1),
        "c": random.uniform(-1, 1, width) / np.sqrt(width),
    }
    for layer in range(2, network.hidden_layers + 1):
        blocks[f"W{layer}"] = random.uniform(-1, 1, (width, width)) * np.sqrt(6 / width)
        blocks[f"v{layer}"] = np.zeros(width)
    return {name: torch.from_numpy(block)[None] for name, block in blocks.items()}
