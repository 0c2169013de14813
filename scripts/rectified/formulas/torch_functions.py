"""Conversion of SymPy expressions to torch functions.

The tree of an expression is converted to tensor operations; no code is generated or evaluated. Common subexpressions
are computed once. Max(0, u) becomes relu(u), and the Heaviside function is 0 at 0, like the derivative of torch.relu.
"""

import operator
from collections.abc import Callable, Sequence
from functools import reduce
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
    expressions.softplus: torch.nn.functional.softplus,
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
