"""Residuals of an equation and its conditions for fully connected networks, by hand-written jets.

The residual is r = N(u, ∂u) − q, with N and q of the problem. ``networks.jets`` computes u and its derivatives together
with a tape; the gradient of N with respect to them, also of the problem, then gives the gradient in the parameters
without automatic differentiation. Inputs of the networks are the variables of the problem, not scaled.
Source: Raissi, Perdikaris, Karniadakis, J. Comput. Phys. 378 (2019); Kim and Kang, arXiv:2408.02697, sec. 5.2.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.networks.jets import Jets, Tape
from rectified.networks.mlp import MLP
from rectified.pinn.sampling import as_tensor, condition_points, forcing_at, uniform_points
from rectified.problems.problem import Problem


class MLPResiduals:
    """Residuals of the equation and errors of the initial and boundary conditions.

    The points of the conditions are drawn once, for each network its own.

    Args:
        problem: the equation and its conditions; mixed derivatives are not supported.
        network: of the two variables of the problem.
        initial, boundary: numbers of points of the conditions.
        initial_weight, boundary_weight: of their mean squares in the loss; that of the equation has weight 1.
        seeds: of the networks, which have points of their own; a single seed gives points that all networks share.
        stream: name of the random stream.
        device: of the points.

    Attributes:
        conditions: points of the conditions, [seeds, 2, conditions], float64.
        targets: prescribed values there, [seeds, conditions].
        condition_weights: weights of the squared errors in the loss, which include the division by their number.

    Raises:
        InvalidInputError: if the network does not have two inputs, the equation has derivatives that ``Jets`` does not
            compute, or the problem cannot have that number of condition points.
    """

    def __init__(
        self,
        problem: Problem,
        network: MLP,
        initial: int = 50,
        boundary: int = 50,
        initial_weight: float = 1.0,
        boundary_weight: float = 1.0,
        seeds: Sequence[int] = (0,),
        stream: str = "pinn",
        device: Device = "cpu",
    ):
        if network.inputs != len(problem.axes):
            raise InvalidInputError(f"network must have the inputs {problem.axes}; got {network.inputs} inputs")
        self.problem, self.network, self.seeds, self.stream, self.device = problem, network, seeds, stream, device
        first, second, self.names = jet_inputs(problem)
        self.jets = Jets(network, first, second)
        self.value_jets = Jets(network)
        weights = {"initial": initial_weight, "boundary": boundary_weight}
        drawn = condition_points(problem, initial, boundary, weights, seeds, stream)
        self.conditions = as_tensor(drawn.points).to(device)
        self.targets, self.condition_weights = (as_tensor(part).to(device) for part in (drawn.values, drawn.weights))

    def uniform(self, points: int, *names: object) -> Float[Tensor, "seeds 2 points"]:
        """Points drawn uniformly from the box of the problem for each seed, from a stream of their own, in float64."""
        return uniform_points(self.problem, points, self.seeds, self.stream, *names).to(self.device)

    def forcing(self, x: Float[Tensor, "networks_or_1 2 points"]) -> Float[Tensor, "networks_or_1 points"] | None:
        """The right-hand side q at points, or None if it is zero everywhere."""
        if self.problem.homogeneous:
            return None
        return as_tensor(forcing_at(self.problem, x.detach().double().numpy(force=True))).to(x)

    def equation(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 2 points"]
    ) -> Float[Tensor, "networks points"]:
        """The residual r at points, differentiable in theta."""
        return self._residual(self._named(self.jets(theta, x)), self.forcing(x))

    def condition_errors(
        self, theta: Float[Tensor, "networks parameters"], row: int | None = None
    ) -> Float[Tensor, "networks conditions"]:
        """u minus its prescribed values at the points of the conditions, differentiable in theta.

        Args:
            row: of the network, if theta is that of one network alone.
        """
        conditions, targets = self._conditions(theta, row)
        return self.value_jets(theta, conditions)[:, 0] - targets

    def _conditions(self, theta: Tensor, row: int | None) -> tuple[Tensor, Tensor]:
        """Points of the conditions and values there, of all networks or of one."""
        chosen = slice(None) if row is None or len(self.seeds) == 1 else slice(row, row + 1)
        return self.conditions[chosen].to(theta), self.targets[chosen].to(theta)

    def loss(
        self, theta: Float[Tensor, "networks parameters"], x: Float[Tensor, "networks_or_1 2 points"]
    ) -> Float[Tensor, " networks"]:
        """The loss with collocation points x, differentiable in theta."""
        errors = self.condition_errors(theta).square()
        return self.equation(theta, x).square().mean(1) + errors @ self.condition_weights.to(errors)

    def record_equation(
        self,
        theta: Float[Tensor, "networks parameters"],
        x: Float[Tensor, "networks_or_1 2 points"],
        forcing: Float[Tensor, "networks_or_1 points"] | None,
    ) -> tuple[Float[Tensor, "networks points"], Float[Tensor, "networks components points"], Tape]:
        """The residual at points, its partial derivatives in the components of the jets, and the tape of the jets.

        Args:
            forcing: q at these points, from ``forcing``.
        """
        tape = self.jets.record(theta, x)
        jets = self._named(tape.values)
        partials = self.problem.operator_gradient(jets)
        columns = [_full(partials.get(name, 0.0), jets["u"]) for name in self.names]
        return self._residual(jets, forcing), torch.stack(columns, 1), tape

    def record_conditions(
        self, theta: Float[Tensor, "networks parameters"], row: int | None = None
    ) -> tuple[Float[Tensor, "networks conditions"], Tape]:
        """The errors at the points of the conditions, and the tape of the values there; row as ``condition_errors``."""
        conditions, targets = self._conditions(theta, row)
        tape = self.value_jets.record(theta, conditions)
        return tape.values[:, 0] - targets, tape

    def _named(self, jets: Float[Tensor, "networks components points"]) -> dict[str, Tensor]:
        return dict(zip(self.names, jets.unbind(1)))

    def _residual(self, jets: dict[str, Tensor], forcing: Tensor | None) -> Tensor:
        r = self.problem.operator(jets)
        return r if forcing is None else r - forcing


def jet_inputs(problem: Problem) -> tuple[list[int], list[int], tuple[str, ...]]:
    """The inputs of the first and of the second derivatives of an equation, and the names of the components of jets.

    Raises:
        InvalidInputError: if a derivative is mixed or of an order above 2.
    """
    axes = problem.axes
    seconds = [name for name in problem.derivatives if len(name) > 1]
    for name in seconds:
        if name not in [2 * axis for axis in axes]:
            raise InvalidInputError(f"derivatives must be first or unmixed second derivatives in {axes}; got {name!r}")
    firsts = list(dict.fromkeys([name[0] for name in sorted(problem.derivatives, key=len)]))
    first, second = [axes.index(name) for name in firsts], [axes.index(name[0]) for name in seconds]
    return first, second, ("u", *firsts, *seconds)


def _full(partial: Tensor | float, like: Tensor) -> Tensor:
    return partial if isinstance(partial, Tensor) else torch.full_like(like, partial)
