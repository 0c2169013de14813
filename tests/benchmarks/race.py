"""Time to accuracy on the Burgers example that DeepXDE publishes: its recipe against ours.

Both train the same network, 3×20 tanh, on equal numbers of points, and stop once the relative L² error on the same
grid is below the goal. Evaluations of the error are not timed.
"""

import time
from collections.abc import Callable

import numpy as np
import torch

from rectified.formulas import activations
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.optimization.levenberg_marquardt import LevenbergMarquardt
from rectified.pinn.adaptive_residuals import AdaptiveResiduals
from rectified.pinn.mlp_residuals import MLPResiduals
from rectified.pinn.relative_error import RelativeError
from rectified.problems.burgers import BurgersProblem

GOAL = 1.2e-2
WIDTH, LAYERS = 20, 3
DOMAIN, BOUNDARY, INITIAL = 2540, 80, 160
ADAM_STEPS = 15_000
REDRAW_EVERY = 5
LONGEST = 600.0  # seconds after which a side is stopped without having reached the goal


class Clock:
    """Clock that is paused while errors are evaluated."""

    def __init__(self):
        self.spent, self._start = 0.0, time.perf_counter()

    def look(self, error: Callable[[], float]) -> float:
        self.spent += time.perf_counter() - self._start
        found = error()
        self._start = time.perf_counter()
        return found


def exact_grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, t and the exact u on their grid, one row per time."""
    x, t = np.linspace(-1, 1, 256), np.linspace(0, 1, 101)[1:]
    return x, t, BurgersProblem().reference(x, t)


def ours(seed: int, goal: float = GOAL) -> tuple[float, float]:
    """Return the seconds that Levenberg–Marquardt with adaptive points needs to reach the goal, and the final error."""
    net = MLP(2, WIDTH, LAYERS, torch_activation(activations.get("tanh")))
    residuals = MLPResiduals(BurgersProblem(), net, initial=INITIAL, boundary=BOUNDARY, stream=f"race {seed}")
    loss = AdaptiveResiduals(residuals, DOMAIN, 4 * DOMAIN)
    optimizer = LevenbergMarquardt(initial_parameters(net, [seed], [1.0] * (LAYERS + 1), 0.0, "race"), loss)
    error = RelativeError(net, *exact_grid())
    alive, clock, epoch, found = torch.ones(1, dtype=torch.bool), Clock(), 0, np.inf
    while found > goal and clock.spent < LONGEST:
        if epoch % REDRAW_EVERY == 0:
            loss.redraw(epoch, optimizer.theta)
        optimizer.step(loss, alive, 0.0)
        epoch += 1
        found = clock.look(lambda: float(error(optimizer.theta)))
    return clock.spent, found


def deepxde_model(width: int, layers: int, domain: int, boundary: int, initial: int):
    """Return the Burgers example of DeepXDE's documentation with the given network and points."""
    import deepxde

    space_time = deepxde.geometry.GeometryXTime(deepxde.geometry.Interval(-1, 1), deepxde.geometry.TimeDomain(0, 1))

    def equation(x, u):
        u_x, u_t = (deepxde.grad.jacobian(u, x, i=0, j=j) for j in (0, 1))
        return u_t + u * u_x - BurgersProblem().viscosity * deepxde.grad.hessian(u, x, i=0, j=0)

    ends = deepxde.icbc.DirichletBC(space_time, lambda x: 0, lambda _, on_boundary: on_boundary)
    start = deepxde.icbc.IC(space_time, lambda x: -np.sin(np.pi * x[:, 0:1]), lambda _, on_initial: on_initial)
    data = deepxde.data.TimePDE(
        space_time, equation, [ends, start], num_domain=domain, num_boundary=boundary, num_initial=initial
    )
    model = deepxde.Model(data, deepxde.nn.FNN([2, *[width] * layers, 1], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    return model


def deepxde_recipe(seed: int, goal: float = GOAL) -> tuple[float, float]:
    """Return the seconds that 15,000 Adam steps and then L-BFGS need to reach the goal, and the final error."""
    import deepxde

    deepxde.config.set_random_seed(seed)
    model = deepxde_model(WIDTH, LAYERS, DOMAIN, BOUNDARY, INITIAL)
    x, t, exact = exact_grid()
    points = np.stack([axis.ravel() for axis in np.meshgrid(x, t)], 1).astype(np.float32)
    clock = Clock()

    def error() -> float:
        with torch.no_grad():
            u = model.net(torch.from_numpy(points)).numpy(force=True).reshape(exact.shape)
        return float(np.linalg.norm(u - exact) / np.linalg.norm(exact))

    class Finish(deepxde.callbacks.Callback):
        found = np.inf

        def on_epoch_end(self):
            if self.model.train_state.step % 100 == 0 or self.model.opt_name == "L-BFGS":
                self.found = clock.look(error)
                self.model.stop_training = self.found <= goal or clock.spent > LONGEST

    finish = Finish()
    model.train(iterations=ADAM_STEPS, display_every=1000, callbacks=[finish], verbose=0)
    if not model.stop_training:
        deepxde.optimizers.LBFGS_options.update(iter_per_step=100, fun_per_step=125)
        model.compile("L-BFGS", verbose=0)
        model.train(display_every=100_000, callbacks=[finish], verbose=0)
    return clock.spent, finish.found
