"""Formulas given as text: a safe parser, exact derivatives, and values on arrays.

Text is never passed to ``eval``. Python's parser turns it into a syntax tree, and only the node types listed here
are converted to SymPy. Derivatives are symbolic and therefore exact.
"""

import ast
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy  # submodules are loaded on first use
import sympy

from rectified.errors import InvalidInputError, nearest

MAX_LENGTH = 500
LARGEST = 1e300
MAX_BITS = 1000


class sigmoid(sympy.Function):
    """1/(1+exp(-x)) as a function of its own; its value and derivatives do not overflow."""

    is_real = is_positive = True

    def fdiff(self, argindex=1):
        return sigmoid(self.args[0]) * (1 - sigmoid(self.args[0]))

    def _eval_evalf(self, prec):
        return (1 / (1 + sympy.exp(-self.args[0])))._eval_evalf(prec)


class softplus(sympy.Function):
    """log(1+exp(x)) as a function of its own; its value and derivatives do not overflow."""

    is_real = is_positive = True

    def fdiff(self, argindex=1):
        return sigmoid(self.args[0])

    def _eval_evalf(self, prec):
        return sympy.log(1 + sympy.exp(self.args[0]))._eval_evalf(prec)


FUNCTIONS = {
    "abs": sympy.Abs,
    "atan": sympy.atan,
    "cos": sympy.cos,
    "cosh": sympy.cosh,
    "erf": sympy.erf,
    "exp": sympy.exp,
    "heaviside": lambda e: sympy.Heaviside(e, 0),
    "log": sympy.log,
    "max": sympy.Max,
    "min": sympy.Min,
    "relu": lambda e: sympy.Max(0, e),
    "sigmoid": sigmoid,
    "sign": sympy.sign,
    "sin": sympy.sin,
    "sinh": sympy.sinh,
    "softplus": softplus,
    "sqrt": sympy.sqrt,
    "tan": sympy.tan,
    "tanh": sympy.tanh,
}
CONSTANTS = {"pi": sympy.pi, "e": sympy.E}
VARIADIC = {"max", "min"}
OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: _power(a, b),
}


def symbol(name: str) -> sympy.Symbol:
    """Return the real symbol that stands for the variable with that name in every expression."""
    return sympy.Symbol(name, real=True)


@cache
def parse(text: str, variables: tuple[str, ...] = ("x",)) -> sympy.Expr:
    """Parse text such as ``"sin(2*pi*x)"`` into a SymPy expression in real variables.

    The text may contain numbers, the given variables, ``pi``, ``e``, ``+ - * / **`` and the functions of
    ``FUNCTIONS``. ``log(1+exp(u))`` and ``1/(1+exp(-u))`` are replaced by forms that do not overflow.

    Raises:
        InvalidInputError: if the text contains anything else or has no finite real value; the message is one
            sentence that quotes the text.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidInputError(f"expression must have at most {MAX_LENGTH} characters; got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        expression = _convert(tree.body, frozenset(variables))
        expression = _overflow_free(expression)
        finite = not expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I)
    except InvalidInputError as error:
        raise InvalidInputError(f"expression {text!r}: {error}") from None
    except (SyntaxError, ValueError, MemoryError, RecursionError, TypeError, ArithmeticError):
        raise InvalidInputError(f"expression {text!r} is not a formula (write powers as x**2)") from None
    if not finite:
        raise InvalidInputError(f"expression {text!r} has no finite real value")
    return expression


def _convert(node: ast.expr, variables: frozenset[str]) -> sympy.Expr:
    match node:
        case ast.Constant(value=bool() | str() | bytes() | complex() | None):
            raise InvalidInputError(f"{node.value!r} is not a real number")
        case ast.Constant(value=int() | float()):
            return _number(node.value)
        case ast.Name(id=name):
            if name in variables:
                return symbol(name)
            if name in CONSTANTS:
                return CONSTANTS[name]
            raise InvalidInputError(f"unknown symbol {name!r}; {nearest(name, variables | set(CONSTANTS))}")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_convert(operand, variables)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _convert(operand, variables)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_convert(left, variables), _convert(right, variables))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, [_convert(arg, variables) for arg in args])
    kind = type(node).__name__
    if isinstance(node, ast.BinOp):
        kind = f"operator {type(node.op).__name__}"
    raise InvalidInputError(
        f"{kind} is not allowed; use numbers, {', '.join(sorted(variables))}, + - * / ** and functions"
    )


def _call(name: str, args: list[sympy.Expr]) -> sympy.Expr:
    if name not in FUNCTIONS:
        raise InvalidInputError(f"unknown function {name!r}; {nearest(name, FUNCTIONS)}")
    if len(args) != 1 and not (name in VARIADIC and len(args) >= 2):
        expected = "two or more arguments" if name in VARIADIC else "one argument"
        raise InvalidInputError(f"{name} takes {expected}; got {len(args)}")
    return FUNCTIONS[name](*args)


def _number(value: float) -> sympy.Expr:
    if not abs(value) <= LARGEST:
        raise InvalidInputError(f"number {value!r} is too large; at most {LARGEST:g} in magnitude is allowed")
    return sympy.Rational(repr(value))


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if exponent.is_number:
        size = abs(float(exponent))
        magnitude = abs(math.log2(abs(float(base)))) if base.is_number and base != 0 else 1.0
        if size > 64 or size * magnitude > MAX_BITS:
            raise InvalidInputError(f"power {exponent} is too large")
    return base**exponent


def _overflow_free(expression: sympy.Expr) -> sympy.Expr:
    u = sympy.Wild("u")
    expression = expression.replace(sympy.cot, lambda u: sympy.cos(u) / sympy.sin(u))  # SymPy's form of tan(u + π/2)
    expression = expression.replace(sympy.log(1 + sympy.exp(u)), lambda u: softplus(u))
    return expression.replace(1 / (1 + sympy.exp(u)), lambda u: sigmoid(-u))


def pointwise_derivative(expression: sympy.Expr, variable: str = "x", order: int = 1) -> sympy.Expr:
    """Return the derivative of an order without delta terms at kinks, as automatic differentiation gives it."""
    derivative = sympy.diff(expression, symbol(variable), order)
    derivative = derivative.replace(lambda e: isinstance(e, sympy.DiracDelta), lambda e: sympy.Integer(0))
    derivative = derivative.replace(lambda e: isinstance(e, sympy.Heaviside), lambda e: sympy.Heaviside(e.args[0], 0))
    return _without_redundant_steps(derivative)


def _without_redundant_steps(expression: sympy.Expr) -> sympy.Expr:
    """Simplify Heaviside factors: θ(u)ᵏ to θ(u), and θ(u)·max(0, u)ᵏ to max(0, u)ᵏ."""
    expression = expression.replace(
        lambda e: isinstance(e, sympy.Pow) and isinstance(e.base, sympy.Heaviside) and e.exp.is_positive,
        lambda e: e.base,
    )
    return expression.replace(lambda e: isinstance(e, sympy.Mul), _drop_redundant_steps)


def _drop_redundant_steps(product: sympy.Mul) -> sympy.Expr:
    powers = {factor.as_base_exp() for factor in product.args}
    rectified = {base for base, exponent in powers if isinstance(base, sympy.Max) and exponent.is_positive}
    redundant = {f for f in product.args if isinstance(f, sympy.Heaviside) and sympy.Max(0, f.args[0]) in rectified}
    return sympy.Mul(*(factor for factor in product.args if factor not in redundant))


def sample(expression: sympy.Expr, points: npt.ArrayLike, variable: str = "x") -> np.ndarray:
    """Return the values of an expression in one variable at points of any shape; they may be infinite or NaN."""
    return sample_at(expression, np.asarray(points, dtype=float)[None], (variable,))


def sample_at(expression: sympy.Expr, points: npt.ArrayLike, variables: tuple[str, ...]) -> np.ndarray:
    """Return the values [...] of an expression in several variables at points [variables, ...].

    They may be infinite or NaN.
    """
    points = np.asarray(points, dtype=float)
    with np.errstate(all="ignore"):
        values = compiled(expression, variables)(*points)
        return np.broadcast_to(np.asarray(values, dtype=float), points.shape[1:])


@cache
def compiled(expression: sympy.Expr, variables: tuple[str, ...]) -> Callable[..., np.ndarray]:
    """Return an expression as a function of NumPy arrays, one per variable."""
    special = {"sigmoid": scipy.special.expit, "softplus": lambda u: np.logaddexp(0, u)}
    return sympy.lambdify([symbol(name) for name in variables], expression, modules=[special, "scipy", "numpy"])
