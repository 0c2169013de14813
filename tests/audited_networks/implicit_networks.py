"""Values computed by a solver: neural ODEs, equilibrium models, integrals of networks, Gaussian processes."""

from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, Wrapped, points, regression_loss


class Velocity(nn.Module):
    """Right-hand side of a neural ODE."""

    def __init__(self, inputs: int):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(inputs, 24), nn.Tanh(), nn.Linear(24, inputs))

    def forward(self, t, state):
        return self.net(state)


def neural_ode(solver: str = "odeint", *, order: int = 2, loss=None, **arguments) -> Case:
    import torchdiffeq

    def last(velocity, x):
        times = torch.tensor([0.0, 2.0], dtype=x.dtype)
        return getattr(torchdiffeq, solver)(velocity, x, times, **arguments)[-1][:, 0]

    return Case(network=Wrapped(Velocity(2), last), points=points(60), options={"order": order, "loss": loss})


class Equilibrium(nn.Module):
    """z = tanh(Az + Bx), solved by iteration, with derivatives of the implicit function or an approximation."""

    def __init__(self, **arguments):
        super().__init__()
        from torchdeq import get_deq

        self.inner, self.outer, self.readout = nn.Linear(12, 12), nn.Linear(2, 12), nn.Linear(12, 1)
        nn.init.normal_(self.inner.weight, std=0.2)
        self.solve = get_deq(f_solver="fixed_point_iter", f_max_iter=200, f_tol=1e-13, f_stop_mode="abs", **arguments)

    def forward(self, x):
        start = torch.zeros(len(x), 12, dtype=x.dtype)
        z, _ = self.solve(lambda z: torch.tanh(self.inner(z) + self.outer(x)), start)
        return self.readout(z[-1])


def equilibrium(order: int = 1, **arguments) -> Case:
    return Case(network=Equilibrium(**arguments), points=points(60), options={"order": order})


def monotonic(order: int) -> Case:
    from UMNN.MonotonicNN import MonotonicNN

    network = MonotonicNN(2, [24, 24], nb_steps=50)
    for part in (network.integrand.net, network.net):
        for name, child in part.named_children():
            if isinstance(child, nn.ReLU):
                setattr(part, name, nn.Softplus())
    return Case(
        network=Wrapped(network, lambda module, x: module(x[:, :1], x[:, 1:])),
        points=points(),
        options={"order": order},
    )


def gaussian_process() -> Case:
    import gpytorch

    class Process(gpytorch.models.ExactGP):
        def __init__(self, x, y):
            super().__init__(x, y, gpytorch.likelihoods.GaussianLikelihood())
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

    x = points(40)
    process = Process(x, torch.sin(3 * x[:, 0]) * x[:, 1]).double().eval()
    process.likelihood.noise = 1e-2
    return Case(network=Wrapped(process, lambda module, y: module(y).mean), points=points(80, 2, -0.9, 0.9))


ENTRIES = [
    Entry(
        name="odeint, dopri5, tolerance 1e-9",
        package="torchdiffeq",
        what="neural ODE, adaptive steps",
        make=partial(neural_ode, rtol=1e-9, atol=1e-9),
        verdict="consistent",
        because="Steps are chosen for the batch and are not differentiated, which costs as much as the tolerance.",
    ),
    Entry(
        name="odeint, dopri5, tolerance 1e-3",
        package="torchdiffeq",
        what="neural ODE, adaptive steps",
        make=partial(neural_ode, order=1, rtol=1e-3, atol=1e-3),
        verdict="consistent",
        because="The error of the steps is far below the threshold.",
    ),
    Entry(
        name="odeint, rk4",
        package="torchdiffeq",
        what="neural ODE, fixed steps",
        make=partial(neural_ode, method="rk4", options={"step_size": 0.1}),
        verdict="consistent",
        because="Fixed steps are a composition of smooth functions.",
    ),
    Entry(
        name="odeint_adjoint, regression",
        package="torchdiffeq",
        what="neural ODE, parameter gradient by the adjoint equation",
        make=partial(
            neural_ode, "odeint_adjoint", order=0, loss=regression_loss, method="rk4", options={"step_size": 0.1}
        ),
        verdict="consistent",
        because="The discretized adjoint equation differs from the discrete gradient by the error of the steps.",
    ),
    Entry(
        name="odeint_adjoint, first derivatives",
        package="torchdiffeq",
        what="neural ODE, derivatives by the adjoint equation",
        make=partial(neural_ode, "odeint_adjoint", order=1, rtol=1e-9, atol=1e-9),
        verdict="consistent",
        because="The adjoint equation gives first derivatives to the tolerance.",
    ),
    Entry(
        name="odeint_adjoint, second derivatives",
        package="torchdiffeq",
        what="neural ODE, derivatives by the adjoint equation",
        make=partial(neural_ode, "odeint_adjoint", rtol=1e-9, atol=1e-9),
        verdict="inconsistent",
        because="The adjoint equation is solved without a graph, so that second derivatives are missing.",
    ),
    Entry(
        name="get_deq, implicit derivatives",
        package="torchdeq",
        what="equilibrium model, implicit function theorem",
        make=partial(equilibrium, ift=True, b_max_iter=200, b_tol=1e-12),
        verdict="consistent",
        because="The implicit function theorem is exact at the fixed point.",
    ),
    Entry(
        name="get_deq, phantom derivatives",
        package="torchdeq",
        what="equilibrium model, derivatives of the last iteration only",
        make=partial(equilibrium, grad=1),
        verdict="inconsistent",
        because="The derivative of one iteration is not that of its limit.",
    ),
    Entry(
        name="MonotonicNN, first derivatives",
        package="UMNN",
        what="monotonic in x₀: integral of a positive network (softplus)",
        make=partial(monotonic, 1),
        verdict="consistent",
        because="Leibniz' rule, on a quadrature of 50 nodes.",
    ),
    Entry(
        name="MonotonicNN, second derivatives",
        package="UMNN",
        what="monotonic in x₀: integral of a positive network (softplus)",
        make=partial(monotonic, 2),
        verdict="inconsistent",
        because="The derivative in the other input is computed without a graph, so that its derivative is missing.",
    ),
    Entry(
        name="ExactGP, mean",
        package="gpytorch",
        what="posterior mean of a Gaussian process, RBF kernel",
        make=gaussian_process,
        verdict="consistent",
        because="The mean is a sum of smooth kernels.",
    ),
]
