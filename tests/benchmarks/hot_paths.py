"""The most time-consuming computations, parametrized by size, and lower bounds of their work."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch.types import Device

from benchmarks.measure import Floor
from builders import network, parameters, problem
from rectified.effective_theory.kernel_sampling import Setting, sample_log_kernels
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.networks.seeding import numpy_generator
from rectified.optimization import optimizers
from rectified.optimization.hessian import eigenpairs, hessian
from rectified.optimization.levenberg_marquardt import LevenbergMarquardt
from rectified.optimization.mean_squared_error import LeastSquares
from rectified.optimization.training_loop import without_denormals
from rectified.pinn.adaptive_residuals import AdaptiveResiduals
from rectified.pinn.mlp_loss import MLPLoss
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.problems.burgers import BurgersProblem
from rectified.ritz import loss_landscape
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.fast_grid_energy import FastGridEnergy
from rectified.ritz.gradients import ritz_gradient
from rectified.ritz.quadrature import UniformGrid

Action = Callable[[], Any]
VARIANCES = {"mrepu2": 0.1, "tanh": 1.0}
JET = 4  # components u, u_x, u_t, u_xx


def ritz_step(seeds: int = 20, width: int = 50, points: int = 100, rule: str = "autodiff", device: Device = "cpu"):
    """Adam step of the Ritz energy of shallow networks, on a grid or with kink-aware quadrature."""
    net = network("relu", width=width)
    numbers = {"points": points, "step": 1e-2, "order": 5, "panels": 10}
    gradient = ritz_gradient(rule, problem(), net, **numbers, device=device)
    return _adam_step(parameters(net, seeds).to(device), gradient)


def ritz_floor(seeds: int, width: int, points: int) -> Floor:
    """σ and its argument at every neuron and point; u and u' as products with c, and two backward products each."""
    return Floor(products=((6, seeds, 1, width, points),), passes=((2, seeds * width * points),))


def kink_aware_gradient(seeds: int = 1, width: int = 50) -> Action:
    """Energy of shallow ReLU networks and its gradient, exact except for Gauss quadrature of the smooth parts."""
    net = network("relu", width=width)
    theta = parameters(net, seeds)
    gradient = ritz_gradient("kink_aware", problem(), net, points=100, step=1e-2, order=5, panels=10)
    return lambda: gradient(theta)


def grid_energy(width: int = 20, points: int = 100) -> tuple[RitzEnergy, torch.Tensor]:
    """Return the energy of shallow ReLU networks on a grid and the parameters of one network."""
    net = network("relu", width=width)
    return RitzEnergy(problem(), net, UniformGrid(points)), parameters(net, 1)[0]


def landscape_plane(width: int = 20, points: int = 100, offsets: int = 81) -> Action:
    """Plane of energies through the parameters of a network, spanned by two eigenvectors."""
    energy, theta = grid_energy(width, points)
    quick = FastGridEnergy(energy)
    vectors = eigenpairs(hessian(energy, theta)).vectors
    steps = torch.linspace(-0.5, 0.5, offsets, dtype=torch.float64)
    return lambda: loss_landscape.planes(quick, theta, vectors, [(1, 2)], steps, 3 * points)


def landscape_floor(width: int, points: int, offsets: int) -> Floor:
    """All parameters; the kink, position and increment of each neuron; both sums along the grid and their squares."""
    return Floor(
        products=((1, 1, offsets**2, 2, 3 * width),),
        passes=((4, offsets**2 * width), (4, offsets**2 * points)),
    )


def hessian_eigenpairs(width: int = 20, points: int = 100) -> Action:
    """Hessian of the energy on a grid and all its eigenpairs."""
    energy, theta = grid_energy(width, points)
    return lambda: eigenpairs(hessian(energy, theta))


def kernels(networks: int = 1000, width: int = 512, layers: int = 10, device: Device = "cpu") -> Action:
    """Kernels of MRePU₂ networks with one input, sampled exactly layer by layer."""
    activation = torch_activation(activations.get("mrepu2"))
    x = torch.full((networks, 2, 1), 0.03, dtype=torch.float64).to(device)
    return lambda: sample_log_kernels(activation, Setting(width, layers, 1.0), x, numpy_generator("bench"))


def kernels_floor(networks: int, width: int, layers: int) -> Floor:
    """One normal number per neuron, scaled, passed through σ and squared."""
    neurons = networks * width * layers
    return Floor(passes=((layers * networks * 3, width),), normals=neurons)


def plain_data(points: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points of two inputs [1, 2, points] and the target values [1, points]."""
    x = torch.rand(1, 2, points, generator=torch.Generator().manual_seed(1), dtype=torch.float32)
    return x, torch.sin(3 * x[:, 0]) + x[:, 1] ** 2


def ensemble_step(networks: int = 20, width: int = 32, layers: int = 5, points: int = 100) -> Action:
    """Adam step of MRePU₂ networks on a regression problem."""
    net, theta = _fully_connected("mrepu2", networks, width, layers)
    return _adam_step(theta, LeastSquares(net, *plain_data(points)))


def ensemble_floor(networks: int, width: int, layers: int, points: int) -> Floor:
    """One forward and two backward products per hidden-to-hidden layer; σ, σ' and a product with σ' in each layer."""
    return Floor(
        products=(
            (2 * (layers - 1), networks, width, width, points),
            (layers - 1, networks, width, points, width),
        ),
        passes=((3 * layers, networks * width * points),),
    )


def burgers_step(
    networks: int = 1,
    width: int = 64,
    layers: int = 7,
    points: int = 10_000,
    compiled: bool = False,
    device: Device = "cpu",
) -> Action:
    """Adam step of Burgers PINNs with forward jets."""
    net, theta = _fully_connected("tanh", networks, width, layers)
    theta = theta.to(device)
    loss = MLPLoss(MLPResiduals(BurgersProblem(), net, device=device), points, compiled=compiled)
    loss.redraw(0, theta)
    return _adam_step(theta, loss)


def burgers_floor(networks: int, width: int, layers: int, points: int) -> Floor:
    """As for a regression, with four components; σ with three derivatives, and each component forward and backward."""
    columns = JET * points
    return Floor(
        products=(
            (2 * (layers - 1), networks, width, width, columns),
            (layers - 1, networks, width, columns, width),
        ),
        passes=((layers * (4 + 2 * JET), networks * width * points),),
    )


def marquardt_step(width: int = 20, layers: int = 3, points: int = 1500) -> Action:
    """Levenberg–Marquardt step of a Burgers PINN in float64, with points drawn in advance."""
    net, theta = _fully_connected("tanh", 1, width, layers)
    residuals = MLPResiduals(BurgersProblem(), net, initial=160, boundary=80)
    loss = AdaptiveResiduals(residuals, points, 4 * points)
    optimizer = LevenbergMarquardt(theta.double(), loss)
    loss.redraw(0, optimizer.theta)
    alive = torch.ones(1, dtype=torch.bool)
    return without_denormals()(lambda: optimizer.step(loss, alive, 0.0))


def marquardt_floor(width: int, layers: int, points: int) -> Floor:
    """Lower triangle of JJᵀ; every entry of J written once, from four components."""
    size = MLP(2, width, layers, torch_activation(activations.get("tanh"))).parameters
    return Floor(products=((1, 1, size // 2, points + 240, size),), passes=((JET, size * points),))


def _fully_connected(activation: str, networks: int, width: int, layers: int) -> tuple[MLP, torch.Tensor]:
    net = MLP(2, width, layers, torch_activation(activations.get(activation)))
    variances = [VARIANCES[activation]] * (layers + 1)
    return net, initial_parameters(net, range(networks), variances, 0.0, "bench").float()


def _adam_step(theta: torch.Tensor, gradient: Callable) -> Action:
    adam = optimizers.build("adam", theta)
    alive = torch.ones(len(theta), dtype=torch.bool, device=theta.device)
    return without_denormals()(lambda: adam.step(gradient, alive, 1e-3))  # as in ``train``


class HotPath(NamedTuple):
    """A computation and the sizes at which it is benchmarked.

    Attributes:
        name: name in the table.
        build: builds the computation for given sizes.
        sizes: default sizes.
        grown: sizes that are varied; the width is excluded where the cost grows with its sixth power.
        precision: precision of the arrays.
        floor: lower bound of the work, or None where operator calls dominate the time.
    """

    name: str
    build: Callable[..., Action]
    sizes: Mapping[str, int]
    grown: tuple[str, ...]
    precision: torch.dtype
    floor: Callable[..., Floor] | None


SINGLE, DOUBLE = torch.float32, torch.float64
HOT_PATHS = (
    HotPath(
        "Deep Ritz step",
        ritz_step,
        {"seeds": 20, "width": 50, "points": 100},
        ("seeds", "width", "points"),
        DOUBLE,
        ritz_floor,
    ),
    HotPath("kink-aware gradient", kink_aware_gradient, {"seeds": 20, "width": 50}, ("seeds", "width"), DOUBLE, None),
    HotPath(
        "plane of the landscape",
        landscape_plane,
        {"width": 20, "points": 100, "offsets": 81},
        ("width", "points", "offsets"),
        DOUBLE,
        landscape_floor,
    ),
    HotPath(
        "Hessian and eigenpairs", hessian_eigenpairs, {"width": 20, "points": 100}, ("width", "points"), DOUBLE, None
    ),
    HotPath(
        "kernel ensemble",
        kernels,
        {"networks": 200, "width": 512, "layers": 10},
        ("networks", "width", "layers"),
        DOUBLE,
        kernels_floor,
    ),
    HotPath(
        "ensemble training step",
        ensemble_step,
        {"networks": 20, "width": 32, "layers": 5, "points": 100},
        ("networks", "width", "layers", "points"),
        SINGLE,
        ensemble_floor,
    ),
    HotPath(
        "Burgers step",
        burgers_step,
        {"networks": 3, "width": 64, "layers": 7, "points": 250},
        ("networks", "width", "layers", "points"),
        SINGLE,
        burgers_floor,
    ),
    HotPath(
        "Levenberg–Marquardt step",
        marquardt_step,
        {"width": 20, "layers": 3, "points": 1500},
        ("layers", "points"),
        DOUBLE,
        marquardt_floor,
    ),
)
