"""Rational functions of exponentials written with decaying exponentials, which do not overflow."""

import sympy

from rectified.formulas.expressions import sigmoid


def decaying(expression: sympy.Expr, variable: sympy.Symbol, side: int) -> sympy.Expr | None:
    """Return an expression with all e^{cx} as powers of one exponential that decays on a side; None if it has none.

    Quotients are reduced, so that (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ) becomes (1 − e⁻²ˣ)/(1 + e⁻²ˣ) for x > 0.

    Args:
        side: +1 for x > 0, −1 for x < 0.
    """
    expression = expression.replace(sigmoid, lambda u: 1 / (1 + sympy.exp(-u)))
    rates = {node: _rate(node.exp, variable) for node in expression.atoms(sympy.exp)}
    rates = {node: rate for node, rate in rates.items() if rate is not None}
    if not rates:
        return None
    unit = sympy.gcd_list([abs(rate) for rate in rates.values()])
    power = sympy.Dummy(positive=True)  # e^{−unit·|x|}
    replaced = expression.xreplace(
        {node: _constant(node.exp, variable) * power ** (-side * rate / unit) for node, rate in rates.items()}
    )
    return sympy.cancel(sympy.together(replaced)).subs(power, sympy.exp(-side * unit * variable))


def _rate(exponent: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr | None:
    """The rational c of an exponent cx + d; None for other exponents."""
    rate = sympy.diff(exponent, variable)
    return rate if rate.is_Rational and rate != 0 else None


def _constant(exponent: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    return sympy.exp(exponent.subs(variable, 0))
