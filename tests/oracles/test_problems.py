"""All problems in two variables: the interface, the gradients of their operators, and residuals of networks by jets."""

import numpy as np
import pytest
import sympy
import torch

from rectified.errors import InvalidInputError
from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.pinn.adaptive_residuals import AdaptiveResiduals
from rectified.pinn.input_derivatives import reverse
from rectified.pinn.mlp_loss import MLPLoss
from rectified.pinn.mlp_residuals import MLPResiduals, jet_inputs
from rectified.pinn.sampling import as_tensor, uniform_points
from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.burgers import BurgersProblem
from rectified.problems.poisson import PoissonProblem
from rectified.problems.problem import Problem

PROBLEMS = {
    "burgers": BurgersProblem(0.03, (1.0, 3.0), 0.7),
    "poisson": PoissonProblem("exp(-x*y)*cos(3*x) + y**4", ((2.0, 3.0), (-0.5, 0.25))),
    "buckley_leverett": BuckleyLeverettProblem(1.5),
    "viscous": BuckleyLeverettProblem(viscosity=0.02),
    "hull": BuckleyLeverettProblem(flux="hull"),
}
SYMBOLIC = [name for name in PROBLEMS if name != "hull"]  # the hull is piecewise
every_problem = pytest.mark.parametrize("name", PROBLEMS)


def jet_of(problem: Problem, points: int = 50) -> dict[str, torch.Tensor]:
    """Return random values of u in [0, 1] and of its derivatives."""
    random = torch.Generator().manual_seed(0)
    jet = {"u": torch.rand(points, generator=random, dtype=torch.float64)}
    return jet | {n: torch.randn(points, generator=random, dtype=torch.float64) for n in problem.derivatives}


def mlp(problem: Problem, activation: str = "tanh", networks: int = 2) -> tuple[MLP, torch.Tensor]:
    net = MLP(2, 7, 2, torch_activation(activations.get(activation)))
    return net, initial_parameters(net, range(networks), [0.8] * net.layers, 0.1, "tests")


def residuals_of(problem: Problem, net: MLP) -> MLPResiduals:
    return MLPResiduals(problem, net, initial=12, boundary=8, initial_weight=3.0, boundary_weight=0.5)


def plain_residual(problem: Problem, net: MLP, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return the residual by nested automatic differentiation, x of shape [1, 2, points]."""
    inputs = x.expand(len(theta), -1, -1)
    fields = reverse(lambda at: net.output(theta, at), inputs, problem.derivatives, problem.axes)
    return problem.operator(fields) - as_tensor(problem.forcing(x[0].numpy()))


def plain_errors(problem: Problem, net: MLP, theta: torch.Tensor, pinn: MLPResiduals) -> torch.Tensor:
    """Return the weighted errors of the conditions against the exact solution; their sum of squares enters the loss."""
    points = pinn.conditions
    initial = points.shape[-1] - 8  # none for Poisson
    weights = [3.0 / 12] * initial + [0.5 / 8] * 8
    exact = as_tensor(problem.exact(points[0].numpy()))
    return (net.output(theta, points) - exact) * torch.tensor(weights, dtype=torch.float64).sqrt()


# --- the interface -----------------------------------------------------------------------------------


@every_problem
def test_problems_have_the_interface(name):
    problem = PROBLEMS[name]
    assert isinstance(problem, Problem)
    (points,) = uniform_points(problem, 30, [0], "tests").numpy()
    assert ((problem.box[:, 0] <= points.T) & (problem.box[:, 1] >= points.T)).all()
    assert problem.homogeneous == (not problem.forcing(points).any())
    for condition in problem.conditions(np.linspace(0.1, 0.9, 5), np.linspace(0.1, 0.9, 8)):
        np.testing.assert_allclose(problem.exact(condition.points), condition.values, atol=1e-12)
    assert [axis.ndim for axis in problem.test_axes()] == [1, 1]


# --- gradients of operators --------------------------------------------------------------------------


@every_problem
def test_operator_gradient_agrees_with_autograd(name):
    problem = PROBLEMS[name]
    jet = {key: values.requires_grad_(True) for key, values in jet_of(problem).items()}
    expected = torch.autograd.grad(problem.operator(jet).sum(), list(jet.values()), materialize_grads=True)
    partials = problem.operator_gradient({key: values.detach() for key, values in jet.items()})
    assert set(partials) <= {"u", *problem.derivatives}
    for key, slope in zip(jet, expected):
        partial = torch.as_tensor(partials.get(key, 0.0), dtype=torch.float64)
        torch.testing.assert_close(partial.expand_as(slope), slope, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", SYMBOLIC)
def test_operator_gradient_agrees_with_symbolic_differentiation(name):
    problem = PROBLEMS[name]
    jet = {key: values.numpy() for key, values in jet_of(problem).items()}
    symbols = {key: sympy.Symbol(f"u_{key}") for key in jet}
    operator = sympy.Integer(0) + problem.operator(symbols)
    partials = problem.operator_gradient(jet)
    for key, symbol in symbols.items():
        expected = sympy.lambdify(list(symbols.values()), operator.diff(symbol))(*jet.values())
        np.testing.assert_allclose(partials.get(key, 0.0), expected, rtol=1e-10, atol=1e-12)


def test_operator_gradient_with_the_hull_is_constant_below_the_front():
    problem = PROBLEMS["hull"]
    u = np.linspace(0, problem.front_saturation - 1e-9, 20)
    partials = problem.operator_gradient({"u": u, "x": np.ones(20), "t": np.ones(20)})
    assert (partials["u"] == 0).all()
    np.testing.assert_allclose(partials["x"], problem.front_speed, rtol=1e-14)


# --- residuals of networks by jets -------------------------------------------------------------------


@every_problem
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_loss_and_gradient_by_jets_agree_with_autograd(name, activation):
    problem = PROBLEMS[name]
    net, theta = mlp(problem, activation)
    pinn = residuals_of(problem, net)
    loss = MLPLoss(pinn, points=60, batch=40)
    loss.redraw(2, theta)
    rows = theta.clone().requires_grad_(True)
    expected = plain_residual(problem, net, rows, loss.points).square().mean(1)
    expected = expected + plain_errors(problem, net, rows, pinn).square().sum(1)
    (slope,) = torch.autograd.grad(expected.sum(), rows)
    value, gradient = loss(theta)
    torch.testing.assert_close(value, expected.detach(), rtol=1e-10, atol=0)
    torch.testing.assert_close(loss.objective(theta), expected.detach(), rtol=1e-10, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=1e-8, atol=1e-9)


@every_problem
def test_jacobian_by_jets_agrees_with_autograd(name):
    problem = PROBLEMS[name]
    net, theta = mlp(problem)
    pinn = residuals_of(problem, net)
    system = AdaptiveResiduals(pinn, points=30, candidates=60)
    system.redraw(0, theta)

    def scaled(row: torch.Tensor) -> torch.Tensor:
        equation = plain_residual(problem, net, row[None], system.points[1:])[0] / 30**0.5
        return torch.cat([equation, plain_errors(problem, net, row[None], pinn)[0]])

    r, jacobian = system.linearized(1, theta[1:])
    torch.testing.assert_close(r, scaled(theta[1]).detach(), rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(system.residuals(1, theta[1:]), r, rtol=1e-12, atol=1e-13)
    expected = torch.autograd.functional.jacobian(scaled, theta[1])
    torch.testing.assert_close(jacobian.T, expected, rtol=1e-8, atol=1e-9)


@every_problem
def test_residual_at_points_of_each_network_agrees_with_the_residual_network_by_network(name):
    problem = PROBLEMS[name]
    net, theta = mlp(problem)
    pinn = residuals_of(problem, net)
    x = torch.cat([pinn.uniform(20, number) for number in range(2)])
    alone = [pinn.equation(theta[row : row + 1], x[row : row + 1])[0] for row in range(2)]
    torch.testing.assert_close(pinn.equation(theta, x), torch.stack(alone), rtol=1e-12, atol=1e-12)


@every_problem
def test_single_precision_is_preserved(name):
    problem = PROBLEMS[name]
    net, theta = mlp(problem)
    loss = MLPLoss(residuals_of(problem, net), points=60)
    value, gradient = loss(theta.float())
    assert value.dtype == gradient.dtype == torch.float32
    torch.testing.assert_close(value.double(), loss(theta)[0], rtol=1e-4, atol=0)


def test_components_of_jets_follow_the_derivatives_of_the_problem():
    names = {name: jet_inputs(problem)[2] for name, problem in PROBLEMS.items()}
    assert names["burgers"] == ("u", "x", "t", "xx")
    assert names["poisson"] == ("u", "x", "y", "xx", "yy")
    assert names["buckley_leverett"] == ("u", "x", "t")


@pytest.mark.parametrize("derivative", ["xt", "xxx"])
def test_unsupported_derivatives_raise(derivative):
    class Unsupported(BurgersProblem):
        derivatives = ("x", derivative)

    with pytest.raises(InvalidInputError, match=f"first or unmixed second derivatives.*got '{derivative}'"):
        MLPResiduals(Unsupported(), mlp(Unsupported())[0])
