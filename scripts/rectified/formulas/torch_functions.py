"""Conversion of SymPy expressions to torch functions.

The tree of an expression is converted to tensor operations; no code is generated or evaluated. Common subexpressions
are computed once. Max(0, u) becomes relu(u), and the Heaviside function is 0 at 0, like the derivative of torch.relu.
"""

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import NamedTuple

import sympy
import torch
from sympy.utilities.iterables import sift
from torch import Tensor

from rectified.errors import InvalidInputError
from rectified.formulas import expressions

TORCH_FUNCTIONS = {
    sympy.Abs: torch.abs,
    sympy.atan: torch.atan,
    sympy.cos: torch.cos,
    sympy.cosh: torch.cosh,
    sympy.erf: torch.erf,
    sympy.exp: torch.exp,
    sympy.log: torch.log,
    sympy.sign: torch.sign,
    sympy.sin: torch.sin,
    sympy.sinh: torch.sinh,
    sympy.tan: torch.tan,
    sympy.tanh: torch.tanh,
    expressions.sigmoid: torch.sigmoid,
    expressions.softplus: partial(torch.nn.functional.softplus, threshold=40),  # e⁻⁴⁰ is below the rounding of 40
}


def torch_function(
    targets: Sequence[sympy.Expr], variables: Sequence[sympy.Symbol]
) -> Callable[..., tuple[Tensor, ...]]:
    """Return a torch function that evaluates all expressions.

    Args:
        targets: the expressions.
        variables: the symbols that become the arguments, in this order.

    Returns:
        A function of one tensor per variable, all of one shape, that returns one tensor of that shape per expression.

    Raises:
        InvalidInputError: if an expression contains a function without a counterpart in torch.
    """
    if any(target.has(sympy.Piecewise) for target in targets):
        return _by_region(targets, variables)
    shared, finals = sympy.cse(list(targets))
    constants, steps = {}, []
    for symbol, expression in shared:
        expression = expression.xreplace(constants)
        if expression.is_number:
            constants[symbol] = expression
        else:
            steps.append((symbol.name, _compile(expression)))
    outputs = [_compile(expression.xreplace(constants)) for expression in finals]
    names = tuple(symbol.name for symbol in variables)

    def evaluate(*values: Tensor) -> tuple[Tensor, ...]:
        known = dict(zip(names, values, strict=True))
        for name, step in steps:
            known[name] = step(known)
        like = values[0]
        return tuple(_as_tensor(output(known), like) for output in outputs)

    return evaluate


def _by_region(targets: Sequence[sympy.Expr], variables: Sequence[sympy.Symbol]) -> Callable[..., tuple[Tensor, ...]]:
    """A function that evaluates piecewise functions of one variable, each piece at arguments in its interval alone.

    For other arguments a piece is evaluated inside its interval, so that neither it nor its gradient overflows.
    """
    (variable,) = variables
    ends = sorted({end for target in targets for end in _ends(target)})
    inside = [ends[0] - 1, *((left + right) / 2 for left, right in itertools.pairwise(ends)), ends[-1] + 1]
    functions = [torch_function([_piece(target, variable, x) for target in targets], variables) for x in inside]

    def evaluate(x: Tensor) -> tuple[Tensor, ...]:
        results = functions[0](torch.where(x <= ends[0], x, inside[0]))
        for left, right, point, function in zip(ends, [*ends[1:], math.inf], inside[1:], functions[1:]):
            belongs = (x > left) & (x <= right)
            results = tuple(map(partial(torch.where, belongs), function(torch.where(belongs, x, point)), results))
        return tuple(torch.where(x.isnan(), x, result) for result in results)

    return evaluate


def _ends(target: sympy.Expr) -> list[float]:
    """Right ends of the pieces but the last."""
    pieces = target.args if isinstance(target, sympy.Piecewise) else ()
    return [float(condition.rhs) for _, condition in pieces[:-1]]


def _piece(target: sympy.Expr, variable: sympy.Symbol, point: float) -> sympy.Expr:
    """The piece of a piecewise function that contains a point."""
    if not isinstance(target, sympy.Piecewise):
        return target
    return next(piece for piece, condition in target.args if bool(condition.subs(variable, point)))


def _as_tensor(value, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else torch.full_like(like, value)


def _compile(node: sympy.Expr) -> Callable[[dict], Tensor | float]:
    if node.is_number:
        constant = float(node)
        return lambda known: constant
    if isinstance(node, sympy.Symbol):
        name = node.name  # torch.compile does not support a symbol as a key
        return lambda known: known[name]
    if isinstance(node, sympy.Pow):
        return _compile_power(node)
    if isinstance(node, sympy.Add):
        return _compile_sum(node)
    if isinstance(node, sympy.Mul):
        return _compile_product(node)
    parts = [_compile(argument) for argument in node.args]
    if isinstance(node, (sympy.Max, sympy.Min)):
        return _compile_extremum(node)
    if isinstance(node, sympy.Heaviside):
        return lambda known: heaviside(parts[0](known))
    if node.func in TORCH_FUNCTIONS:
        function = TORCH_FUNCTIONS[node.func]
        return lambda known: function(parts[0](known))
    raise InvalidInputError(f"{node} has no counterpart in torch")


class Term(NamedTuple):
    """A number times a product of tensors."""

    factor: float
    parts: list[Callable[[dict], Tensor]]

    def tensors(self, known: dict) -> Tensor:
        return reduce(operator.mul, [part(known) for part in self.parts])


def _term(node: sympy.Expr) -> Term:
    """A product with its numerical factors combined and squares of symbols written as products."""
    numbers, others = sift(sympy.Mul.make_args(node), lambda factor: factor.is_number, binary=True)
    parts = [part for other in others for part in _repeated(other)]
    return Term(float(sympy.Mul(*numbers)), [_compile(part) for part in parts])


def _repeated(node: sympy.Expr) -> list[sympy.Expr]:
    if isinstance(node, sympy.Pow) and isinstance(node.base, sympy.Symbol) and node.exp == 2:
        return [node.base] * 2
    return [node]


def _compile_product(node: sympy.Mul) -> Callable[[dict], Tensor]:
    factor, parts = term = _term(node)

    def product(known: dict) -> Tensor:
        result = term.tensors(known)
        if factor == 1:
            return result
        return result.mul_(factor) if len(parts) > 1 else factor * result  # a product of tensors is a fresh tensor

    return product


def _compile_sum(node: sympy.Add) -> Callable[[dict], Tensor]:
    """A sum with one fused operation, r + c·u or r + c·uv, per term after the first."""
    offset = float(sum(term for term in node.args if term.is_number))
    terms = [_term(term) for term in node.args if not term.is_number]
    terms.sort(key=lambda term: (len(term.parts) > 1, term.factor != 1))
    first, *others = terms

    def total(known: dict) -> Tensor:
        result = first.tensors(known)
        if first.factor != 1:
            result = torch.rsub(result, offset, alpha=-first.factor)
        elif offset:
            result = result + offset
        for factor, parts in others:
            *left, right = (part(known) for part in parts)
            if left:
                result = torch.addcmul(result, reduce(operator.mul, left), right, value=factor)
            else:
                result = torch.add(result, right, alpha=factor)
        return result

    return total


def _compile_power(node: sympy.Pow) -> Callable[[dict], Tensor | float]:
    base = _compile(node.base)
    if node.exp.is_Integer and 2 <= node.exp <= 4:
        return lambda known: reduce(operator.mul, [base(known)] * int(node.exp))
    if node.exp == sympy.Rational(1, 2):
        return lambda known: torch.sqrt(base(known))
    if node.exp == -1:
        return lambda known: 1 / base(known)
    exponent = _compile(node.exp)
    if node.base == sympy.E:
        return lambda known: torch.exp(exponent(known))
    return lambda known: base(known) ** exponent(known)


def _compile_extremum(node: sympy.Expr) -> Callable[[dict], Tensor | float]:
    if isinstance(node, sympy.Max) and len(node.args) == 2 and sympy.S.Zero in node.args:
        part = _compile(next(argument for argument in node.args if argument != 0))
        return lambda known: torch.relu(part(known))
    numbers, others = sift(node.args, lambda argument: argument.is_number, binary=True)
    if len(numbers) == len(others) == 1:
        end, part = float(numbers[0]), _compile(others[0])
        if isinstance(node, sympy.Max):
            return lambda known: part(known).clamp(min=end)
        return lambda known: part(known).clamp(max=end)
    parts = [_compile(argument) for argument in node.args]
    choose = torch.maximum if isinstance(node, sympy.Max) else torch.minimum

    def extremum(known: dict) -> Tensor:
        values = [part(known) for part in parts]
        like = next(value for value in values if isinstance(value, Tensor))
        return reduce(choose, [_as_tensor(value, like) for value in values])

    return extremum


def heaviside(value: Tensor) -> Tensor:
    """Return 1 where a value is positive and 0 elsewhere."""
    return torch.sign(torch.relu(value.detach()))  # five times faster than converting a comparison
