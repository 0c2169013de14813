"""Networks with one input for the Deep Ritz method: parameters, fields and kinks.

The parameters of one network are one row of a tensor [networks, parameters]. The networks differ in their seed, or are
the points of a plane through parameter space; all rows are evaluated together.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.formulas.torch_activation import TorchActivation
from rectified.networks.parameter_layout import Rows
from rectified.networks.seeding import generator

Distance = Callable[[Tensor], tuple[Tensor, ...]]

RESOLUTION = 2.0**-40  # kinks closer than this coincide, relative to the size of the coordinates
SMALLEST_SLOPE = 2.0**-52  # times the length of the domain; a kink of a smaller |a| is located, but not moved


class Network(Rows):
    """Field û(x) = D(x)·N(x) with N a fully connected network without output bias.

    With one hidden layer N(x) = Σ cᵢ σ(aᵢx + bᵢ) (Rowan, arXiv:2512.11184, eq. 4); every further hidden layer maps h to
    σ(Wh + v). The distance function D vanishes at both ends of the domain, and so does û.

    Args:
        width: neurons per hidden layer.
        hidden_layers: number of hidden layers, at least 1.
        activation: σ.
        distance: maps x to D(x) and D'(x).
        domain: left and right end of the interval.
    """

    def __init__(
        self,
        width: int,
        hidden_layers: int,
        activation: TorchActivation,
        distance: Distance,
        domain: tuple[float, float] = (0.0, 1.0),
    ):
        self.width, self.hidden_layers = width, hidden_layers
        self.activation, self.distance, self.domain = activation, distance, domain
        left, right = domain
        self.resolution = RESOLUTION * max(abs(left), abs(right))
        shapes: dict[str, tuple[int, ...]] = {"a": (width,), "b": (width,)}
        for layer in range(2, hidden_layers + 1):
            shapes |= {f"W{layer}": (width, width), f"v{layer}": (width,)}
        super().__init__(shapes | {"c": (width,)})

    def fields(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 points"]
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks points"]]:
        """Return û and û' at x; differentiable in θ and x.

        û' is computed by the chain rule with the pointwise σ'. Its automatic derivative therefore equals that of nested
        automatic differentiation, which ignores the jump of σ' at a kink.
        """
        distance, slope = self.distance(x)
        value, derivative = self.output(theta, x)
        return distance * value, slope * value + distance * derivative

    def output(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 points"]
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks points"]]:
        """Return N and N' at x, the fields without the distance function."""
        p = self.blocks(theta)
        if self.hidden_layers == 1 and self.activation.is_piecewise_linear:
            return self._piecewise_linear_output(p, x)
        z = self._first_layer(p, x)
        h, dh = self.activation.values_and_slopes(z)
        if self.hidden_layers == 1:
            value = torch.bmm(p["c"][:, None], h)[:, 0]
            return value, torch.bmm((p["c"] * p["a"])[:, None], dh)[:, 0]
        dh = dh * p["a"][:, :, None]
        for layer in range(2, self.hidden_layers + 1):
            z = torch.baddbmm(p[f"v{layer}"][:, :, None], p[f"W{layer}"], h)
            h, slope = self.activation.values_and_slopes(z)
            dh = slope * torch.bmm(p[f"W{layer}"], dh)
        weights = p["c"][:, None]
        return torch.bmm(weights, h)[:, 0], torch.bmm(weights, dh)[:, 0]

    def _first_layer(self, p: dict[str, Tensor], x: Tensor) -> Tensor:
        a, b = p["a"][:, :, None], p["b"][:, :, None]
        return torch.baddbmm(b, a, x[:, None].expand(len(a), 1, -1))

    def _piecewise_linear_output(self, p: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        """N = Ax + B and N' = A, with A and B the sums of slopes and intercepts of the neurons at x.

        Values and automatic derivatives equal those of the general method at a third of its cost: both sums are one
        matrix product, and no elementwise operation needs to be differentiated.
        """
        with torch.no_grad():
            slope, intercept = self.activation.line(self._first_layer(p, x))
        sums = torch.bmm(torch.stack([p["c"] * p["a"], p["c"] * p["b"]], 1), slope)
        derivative, value = sums[:, 0], sums[:, 1]
        if isinstance(intercept, Tensor):
            value = value + torch.bmm(p["c"][:, None], intercept)[:, 0]
        return derivative * x + value, derivative

    @property
    def locates_kinks(self) -> bool:
        """True if ``kinks`` can locate the points where û is not smooth."""
        activation = self.activation
        return self.hidden_layers == 1 or activation.is_piecewise_linear or not activation.kink_points

    def kinks(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, "networks kinks"]:
        """Return the points where û is not smooth, unsorted; differentiable in θ.

        Rows with fewer kinks inside the domain than others are padded with the ends of the domain. Not differentiated,
        and thus at rest, are kinks at an end of the domain, and those of neurons whose |a| is of the order of the
        rounding error: there the difference of the integrand on both sides has no correct digits when divided by a.

        Raises:
            InvalidInputError: for a deep network of an activation with kinks that is not piecewise linear.
        """
        if not self.locates_kinks:
            raise InvalidInputError(
                f"activation of a network with {self.hidden_layers} hidden layers must be piecewise linear to locate "
                f"its kinks; got {self.activation.symbolic.name!r}"
            )
        p = self.blocks(theta)
        points = torch.as_tensor(self.activation.kink_points, dtype=theta.dtype, device=theta.device)
        kinks = self._kinks_of_first_layer(p, points)
        if not len(points):
            return kinks
        for layer in range(2, self.hidden_layers + 1):
            kinks = torch.cat([kinks, self._kinks_of_layer(p, layer, kinks, points)], -1)
        return kinks

    def _kinks_of_first_layer(self, p: dict[str, Tensor], points: Tensor) -> Tensor:
        left, right = self.domain
        a, distance = p["a"][:, :, None], points - p["b"][:, :, None]
        at = (distance / a).detach()  # infinite or NaN where a = 0
        moves = (at - left > self.resolution) & (right - at > self.resolution)
        moves &= a.detach().abs() * (right - left) > SMALLEST_SLOPE
        at_rest = at.nan_to_num(left).clamp(left, right)
        return torch.where(moves, distance / torch.where(moves, a, 1.0), at_rest).flatten(1)

    def separate_kinks(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, "networks parameters"]:
        """Return θ with coinciding kinks of the first layer moved apart; θ itself if there are none.

        Coinciding kinks of neurons i < j are moved by multiples of the resolution, so that the kink of i is to the left
        of that of j. At θ the energy has a corner: its derivatives depend on which kink is to the left.
        """
        if not self.activation.kink_points:
            return theta
        left, right = self.domain
        p = {name: block.detach() for name, block in self.blocks(theta).items()}
        points = torch.as_tensor(self.activation.kink_points, dtype=theta.dtype, device=theta.device)
        kinks, order = ((points - p["b"][:, :, None]) / p["a"][:, :, None]).flatten(1).sort(-1)
        close = (kinks.diff() <= self.resolution) & (kinks[:, 1:] > left) & (kinks[:, :-1] < right)
        if not close.any():
            return theta
        pad = torch.nn.functional.pad
        coincide = torch.zeros_like(order, dtype=torch.bool)
        coincide.scatter_(-1, order, pad(close, (1, 0)) | pad(close, (0, 1)))
        coincide = coincide.unflatten(-1, (-1, len(points))).any(-1)
        shift = self.resolution * (coincide.cumsum(-1) - 1) * coincide
        return theta + self.row({name: -p["a"] * shift if name == "b" else 0 * block for name, block in p.items()})

    def _kinks_of_layer(self, p: dict[str, Tensor], layer: int, kinks: Tensor, points: Tensor) -> Tensor:
        """Points where preactivations of a layer, linear between the kinks of the layers below, cross a kink of σ."""
        left, right = self.domain
        ends = torch.tensor([left, right], dtype=kinks.dtype, device=kinks.device).expand(len(kinks), 2)
        nodes = torch.cat([ends, kinks], -1).sort(-1).values
        h = self.activation.values_and_slopes(self._first_layer(p, nodes))[0]
        for below in range(2, layer):
            h = self.activation.values_and_slopes(torch.baddbmm(p[f"v{below}"][:, :, None], p[f"W{below}"], h))[0]
        z = torch.baddbmm(p[f"v{layer}"][:, :, None], p[f"W{layer}"], h)[..., None] - points
        start, end = z[:, :, :-1], z[:, :, 1:]
        crosses = (start * end < 0) & (nodes[:, None, 1:, None] > nodes[:, None, :-1, None])
        fraction = start / torch.where(crosses, start - end, 1.0)
        crossing = nodes[:, None, :-1, None] + fraction * (nodes[:, None, 1:, None] - nodes[:, None, :-1, None])
        crossing = torch.where(crosses, crossing, right).flatten(1)
        most = int(crosses.flatten(1).sum(-1).max())
        return crossing.sort(-1).values[:, :most]


def initial_ritz_parameters(network: Network, seeds: int, kinks: str, stream: str) -> Float[Tensor, "seeds parameters"]:
    """Draw the parameters of networks with seeds 0, 1, …, one row per seed, in float64.

    Output weights are U(−1, 1)/√width, hidden weights U(−√(6/width), √(6/width)), hidden biases 0. A row depends on its
    own seed alone.

    Args:
        network: the layout of the parameters.
        seeds: number of seeds.
        kinks: ``random`` draws a, b ~ U(−1, 1); ``spread`` puts the kinks of the first layer at the midpoints of equal
            cells of the domain, with a = +1, −1, +1, … from one cell to the next and −1 in the last of several cells.
            The outermost neurons are then active on almost the whole domain and represent affine functions.
            ``stratified`` is the same with a uniformly random place in each cell.
        stream: name of the random number stream.
    """
    rows = [_initial_blocks(network, kinks, generator(stream, seed)) for seed in range(seeds)]
    return torch.cat([network.row(blocks) for blocks in rows])


def _initial_blocks(network: Network, kinks: str, random: torch.Generator) -> dict[str, Tensor]:
    def uniform(*shape: int) -> Tensor:
        return 2 * torch.rand(1, *shape, generator=random, dtype=torch.float64) - 1

    width = network.width
    blocks = {"a": uniform(width), "b": uniform(width), "c": uniform(width) / width**0.5}
    if kinks in ("spread", "stratified"):
        left, right = network.domain
        place = 0.5 if kinks == "spread" else (1 + uniform(width)) / 2
        cells = (torch.arange(width, dtype=torch.float64) + place) / width
        blocks["a"] = torch.tensor([[1.0, -1.0]], dtype=torch.float64).repeat(1, width)[:, :width]
        blocks["a"][:, 1:][:, -1:] = -1.0
        blocks["b"] = _first_kink(network) - blocks["a"] * (left + (right - left) * cells)
    for layer in range(2, network.hidden_layers + 1):
        blocks[f"W{layer}"] = uniform(width, width) * (6 / width) ** 0.5
        blocks[f"v{layer}"] = torch.zeros(1, width, dtype=torch.float64)
    return blocks


def _first_kink(network: Network) -> float:
    points = network.activation.kink_points
    return points[0] if points else 0.0
