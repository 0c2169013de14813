"""Deep Ritz energy of networks on a box, along lines or on cells cut at their kinks, one network at a time."""

import torch
from torch import Tensor, nn

from rectified.array_types import Float
from rectified.formulas.torch_functions import torch_function
from rectified.kink_aware import integrate, integrate_cells
from rectified.kink_aware.cells import triangle_rule
from rectified.optimization.value_and_gradient import ValueAndGradient
from rectified.problems.diffusion import DiffusionProblem
from rectified.ritz.boxes.network import BoxNetwork


class BoxModule(nn.Module):
    """One network of a ``BoxNetwork`` as a module, points [n, inputs] → û [n].

    Args:
        network: the layout of the parameters.
        theta: the row of parameters; the module holds copies.
    """

    def __init__(self, network: BoxNetwork, theta: Float[Tensor, " parameters"]):
        super().__init__()
        self.network = network
        blocks = network.blocks(theta.detach()[None])
        self.blocks = nn.ParameterDict({name: block[0].clone() for name, block in blocks.items()})

    def forward(self, x: Float[Tensor, "points inputs"]) -> Float[Tensor, " points"]:
        activation, p = self.network.activation.values, self.blocks
        h = activation(x @ p["a"].T + p["b"])
        for layer in range(2, self.network.hidden_layers + 1):
            h = activation(h @ p[f"W{layer}"].T + p[f"v{layer}"])
        return self.network.distance(*x.unbind(1))[0] * (h @ p["c"])


class ModuleEnergy:
    """Gradient rule of Π[û] = ∫ (½κ|∇û|² − fû) dx by ``rectified.kink_aware.integrate``.

    It suits every activation that ``integrate`` follows and any number of layers, at the cost of one network at a time.

    Args:
        problem: with κ and f.
        network: û.
        lines, order, panels: see ``integrate``; fixed lines for up to three inputs.
    """

    def __init__(self, problem: DiffusionProblem, network: BoxNetwork, lines: int, order: int = 4, panels: int = 8):
        self.network, self.box = network, [list(ends) for ends in problem.box]
        self.options = {"lines": lines, "order": order, "panels": panels}
        self._data = torch_function([problem.coefficient / 2, problem.source], problem.symbols)

    @property
    def nodes(self) -> int:
        """Points at which the field of one network is evaluated, if every neuron has one kink on every line."""
        inputs, lines = len(self.box), self.options["lines"] ** (len(self.box) - 1)
        per_line = self.options["panels"] + self.network.width * self.network.hidden_layers
        return inputs * lines * per_line * self.options["order"]

    def density(self, x: Tensor, u: Tensor, du: Tensor) -> Tensor:
        """½κ|∇û|² − fû."""
        half_coefficient, source = self._data(*x.unbind(1))
        return half_coefficient * du.square().sum(1) - source * u

    def objective(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """Return the energies."""
        with torch.no_grad():
            modules = [BoxModule(self.network, row) for row in theta]
            return torch.stack([self._integral(module) for module in modules])

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
        pairs = [self._pair(row) for row in theta]
        values, gradients = (torch.stack(parts) for parts in zip(*pairs))
        return values, gradients

    def _pair(self, row: Tensor) -> tuple[Tensor, Tensor]:
        module = BoxModule(self.network, row)
        energy = self._integral(module)
        energy.backward()
        return energy.detach(), self.network.row({name: p.grad[None] for name, p in module.blocks.items()})[0]

    def _integral(self, module: BoxModule) -> Float[Tensor, ""]:
        return integrate(module, self.density, self.box, **self.options)


class CellEnergy(ModuleEnergy):
    """Gradient rule of the same energy by ``rectified.kink_aware.integrate_cells``.

    It is for networks of one hidden layer in two inputs.

    Args:
        problem: with κ and f.
        network: û.
        degree: see ``integrate_cells``.
    """

    def __init__(self, problem: DiffusionProblem, network: BoxNetwork, degree: int):
        super().__init__(problem, network, lines=1)
        self.options = {"degree": degree}

    @property
    def nodes(self) -> int:
        """Points at which the field of one network is evaluated, if all kinks cross each other inside the box."""
        width = self.network.width  # N lines that all cross have (N² + N + 2)/2 cells, N² + N + 2 triangles
        return (width**2 + width + 2) * len(triangle_rule(self.options["degree"])[1])

    def _integral(self, module: BoxModule) -> Float[Tensor, ""]:
        return integrate_cells(module, self.density, self.box, **self.options)
