"""Activation functions of PyTorch, JAX and Keras, each written in several ways, with independent references."""

from collections.abc import Callable
from typing import NamedTuple

from mpmath import mp, mpf


class Function(NamedTuple):
    """An activation function: a reference in mpmath, its kinks, and formulas of it."""

    reference: Callable
    kinks: tuple[float, ...]
    formulas: tuple[str, ...]


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x))


def _softplus(x):
    return max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x)))


def _gelu_tanh(x):
    return x * _sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))


FUNCTIONS = {
    "relu": Function(lambda x: max(x, mpf(0)), (0,), ("relu(x)", "max(0, x)", "(x + abs(x))/2", "x*heaviside(x)")),
    "relu6": Function(lambda x: min(max(x, mpf(0)), mpf(6)), (0, 6), ("min(max(0, x), 6)", "relu(x) - relu(x - 6)")),
    "leaky_relu": Function(
        lambda x: x if x > 0 else x / 100, (0,), ("max(0.01*x, x)", "relu(x) - 0.01*relu(-x)", "0.505*x + 0.495*abs(x)")
    ),
    "elu": Function(
        lambda x: x if x > 0 else mp.expm1(x),
        (0,),
        ("max(0, x) + min(0, exp(x) - 1)", "relu(x) + exp(-relu(-x)) - 1", "max(x, min(0, exp(x) - 1))"),
    ),
    "celu": Function(
        lambda x: x if x > 0 else 2 * mp.expm1(x / 2),
        (0,),
        ("max(0, x) + min(0, 2*(exp(x/2) - 1))", "relu(x) + 2*(exp(min(0, x)/2) - 1)"),
    ),
    "selu": Function(
        lambda x: mpf("1.0507") * (x if x > 0 else mpf("1.67326") * mp.expm1(x)),
        (0,),
        ("1.0507*(max(0, x) + min(0, 1.67326*(exp(x) - 1)))", "1.0507*relu(x) + 1.0507*1.67326*(exp(-relu(-x)) - 1)"),
    ),
    "gelu": Function(
        lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, (), ("x*(1 + erf(x/sqrt(2)))/2", "0.5*x + 0.5*x*erf(x*2**-0.5)")
    ),
    "gelu_tanh": Function(
        _gelu_tanh,
        (),
        ("0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))", "x*sigmoid(2*sqrt(2/pi)*(x + 0.044715*x**3))"),
    ),
    "quick_gelu": Function(
        lambda x: x * _sigmoid(mpf("1.702") * x), (), ("x*sigmoid(1.702*x)", "x/(1 + exp(-1.702*x))")
    ),
    "silu": Function(
        lambda x: x * _sigmoid(x),
        (),
        ("x*sigmoid(x)", "x/(1 + exp(-x))", "x*exp(x)/(1 + exp(x))", "x*(1 + tanh(x/2))/2"),
    ),
    "hard_swish": Function(
        lambda x: x * min(max(x + 3, mpf(0)), mpf(6)) / 6,
        (-3, 3),
        ("x*min(max(0, x + 3), 6)/6", "x*relu(x + 3)/6 - x*relu(x - 3)/6"),
    ),
    "hard_sigmoid": Function(
        lambda x: min(max(x + 3, mpf(0)), mpf(6)) / 6, (-3, 3), ("min(max(0, x + 3), 6)/6", "max(0, min(1, x/6 + 1/2))")
    ),
    "hard_tanh": Function(
        lambda x: min(max(x, mpf(-1)), mpf(1)), (-1, 1), ("min(max(x, -1), 1)", "(abs(x + 1) - abs(x - 1))/2")
    ),
    "tanh": Function(
        mp.tanh,
        (),
        (
            "tanh(x)",
            "(exp(x) - exp(-x))/(exp(x) + exp(-x))",
            "(exp(2*x) - 1)/(exp(2*x) + 1)",
            "2*sigmoid(2*x) - 1",
            "sinh(x)/cosh(x)",
            "1 - 2/(1 + exp(2*x))",
        ),
    ),
    "sigmoid": Function(_sigmoid, (), ("sigmoid(x)", "1/(1 + exp(-x))", "exp(x)/(1 + exp(x))", "(1 + tanh(x/2))/2")),
    "softplus": Function(
        _softplus, (), ("softplus(x)", "log(1 + exp(x))", "max(x, 0) + log(1 + exp(-abs(x)))", "x + softplus(-x)")
    ),
    "shifted_softplus": Function(
        lambda x: _softplus(x) - mp.log(2), (), ("log(1 + exp(x)) - log(2)", "log(0.5*exp(x) + 0.5)")
    ),
    "log_sigmoid": Function(
        lambda x: -_softplus(-x),
        (),
        ("-log(1 + exp(-x))", "log(sigmoid(x))", "-softplus(-x)", "min(x, 0) - log(1 + exp(-abs(x)))"),
    ),
    "mish": Function(
        lambda x: x * mp.tanh(_softplus(x)),
        (),
        ("x*tanh(log(1 + exp(x)))", "x*((1 + exp(x))**2 - 1)/((1 + exp(x))**2 + 1)", "x*tanh(softplus(x))"),
    ),
    "softsign": Function(lambda x: x / (1 + abs(x)), (0,), ("x/(1 + abs(x))", "x/max(1 + x, 1 - x)")),
    "tanh_shrink": Function(lambda x: x - mp.tanh(x), (), ("x - tanh(x)", "x - (exp(x) - exp(-x))/(exp(x) + exp(-x))")),
    "hard_shrink": Function(
        lambda x: x if abs(x) > 0.5 else mpf(0),
        (-0.5, 0.5),
        ("x*heaviside(abs(x) - 0.5)", "x*heaviside(x - 0.5) + x*heaviside(-x - 0.5)"),
    ),
    "soft_shrink": Function(
        lambda x: x - mpf(0.5) if x > 0.5 else x + mpf(0.5) if x < -0.5 else mpf(0),
        (-0.5, 0.5),
        ("relu(x - 0.5) - relu(-x - 0.5)", "sign(x)*relu(abs(x) - 0.5)", "x - min(max(x, -0.5), 0.5)"),
    ),
    "squareplus": Function(
        lambda x: (x + mp.sqrt(x**2 + 4)) / 2, (), ("(x + sqrt(x**2 + 4))/2", "x/2 + (x**2/4 + 1)**0.5")
    ),
    "isru": Function(lambda x: x / mp.sqrt(1 + x**2), (), ("x/sqrt(1 + x**2)", "x*(1 + x**2)**-0.5", "sin(atan(x))")),
    "bent_identity": Function(
        lambda x: (mp.sqrt(x**2 + 1) - 1) / 2 + x, (), ("(sqrt(x**2 + 1) - 1)/2 + x", "x + 0.5*(1 + x*x)**0.5 - 0.5")
    ),
    "log_cosh": Function(
        lambda x: abs(x) + mp.log1p(mp.exp(-2 * abs(x))) - mp.log(2),
        (),
        ("log(cosh(x))", "x + softplus(-2*x) - log(2)"),
    ),
    "rational": Function(lambda x: 1 - 1 / (1 + x**2), (), ("x**2/(1 + x**2)", "1 - 1/(1 + x**2)")),
    "sinc": Function(lambda x: mp.sinc(x), (), ("sin(x)/x", "sin(x)*x/x**2")),
    "gaussian": Function(lambda x: mp.exp(-(x**2)), (), ("exp(-x**2)", "exp(-x*x)", "1/exp(x**2)")),
    "sech": Function(lambda x: mp.sech(x), (), ("1/cosh(x)", "2/(exp(x) + exp(-x))")),
    "snake": Function(lambda x: x + mp.sin(x) ** 2, (), ("x + sin(x)**2", "x + (1 - cos(2*x))/2")),
    "sin": Function(mp.sin, (), ("sin(x)", "cos(x - pi/2)")),
    "squared_relu": Function(
        lambda x: max(x, mpf(0)) ** 2, (0,), ("relu(x)**2", "x*relu(x)", "(x*abs(x) + x**2)/2", "max(0, x)**2.0")
    ),
    "relu_1.5": Function(lambda x: max(x, mpf(0)) ** mpf(1.5), (0,), ("relu(x)**1.5", "relu(x)*sqrt(relu(x))")),
    "arctan": Function(mp.atan, (), ("atan(x)", "2*atan(x/(1 + sqrt(1 + x**2)))")),
    "lisht": Function(lambda x: x * mp.tanh(x), (), ("x*tanh(x)", "x*(1 - exp(-2*x))/(1 + exp(-2*x))")),
    "symlog": Function(
        lambda x: mp.sign(x) * mp.log1p(abs(x)),
        (0,),
        ("sign(x)*log(1 + abs(x))", "log(1 + relu(x)) - log(1 + relu(-x))"),
    ),
    "smooth_relu": Function(
        lambda x: mpf(0) if x < -1 else x if x > 1 else (x + 1) ** 2 / 4,
        (-1, 1),
        ("relu(x + 1)**2/4 - relu(x - 1)**2/4", "max(x, min(max(x + 1, 0), 2)**2/4)"),
    ),
    "serf": Function(lambda x: x * mp.erf(_softplus(x)), (), ("x*erf(log(1 + exp(x)))", "x*erf(softplus(x))")),
    "gompertz": Function(
        lambda x: mp.exp(-mp.exp(-x)) if x > -100 else mpf(0), (), ("exp(-exp(-x))", "1/exp(exp(-x))")
    ),
    "bernoulli": Function(
        lambda x: x / mp.expm1(x) if x else mpf(1), (), ("x/(exp(x) - 1)", "x*exp(-x)/(1 - exp(-x))")
    ),
    "cosine_quotient": Function(
        lambda x: (1 - mp.cos(x)) / x if x else mpf(0), (), ("(1 - cos(x))/x", "2*sin(x/2)**2/x")
    ),
}
