"""Copies of networks in double precision on the CPU, and the check that they compute what the network computes."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from rectified.audit.inputs.user_errors import in_words
from rectified.errors import InvalidInputError

DOUBLE = {torch.complex32: torch.complex128, torch.complex64: torch.complex128}
OWN = ("_parameters", "_buffers", "_modules")  # attributes of every module that hold its tensors and parts
DIFFERENT = 0.01  # difference from the network in its own precision, relative to the spread of the values
MOSTLY = 0.9  # share of the points at which both must agree; rounding moves jumps across some points


def private(*functions: object) -> list:
    """Return copies in double precision of modules and of methods of modules; shared parts stay shared.

    Other functions are returned unchanged.

    Raises:
        InvalidInputError: if a module cannot be copied or has parameters without values.
    """
    memo: dict = {}
    copies = [own_copy(function, memo) for function in functions]
    for function, copied in zip(functions, copies):
        if copied is not function:
            convert(getattr(copied, "__self__", copied))
    return copies


def own_copy(function: object, memo: dict | None = None) -> object:
    """Return a copy of a module or of a method of a module in its own precision, on the CPU; others unchanged.

    Args:
        function: module, bound method or other function.
        memo: parts that are copied already, as for ``copy.deepcopy``.
    """
    module = getattr(function, "__self__", function)
    if not isinstance(module, torch.nn.Module):
        return function
    if any(torch.nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
        raise InvalidInputError("network has lazy parameters without values; call it once before the audit")
    if any(tensor.is_meta for tensor in [*module.parameters(), *module.buffers()]):
        raise InvalidInputError("network has parameters on the meta device, without values; initialize it on a device")
    memo = {} if memo is None else memo
    for tensor in _attributes(module):
        if not tensor.is_leaf:  # kept outputs, normalized weights: deepcopy refuses them
            memo.setdefault(id(tensor), tensor.detach().clone())
    for value in _refused(module, memo):  # shared by the copy
        memo.setdefault(id(value), value)
    with in_words("network", "to be copied"):
        copied = copy.deepcopy(function, memo)
    for parameter, own in zip(module.parameters(), getattr(copied, "__self__", copied).parameters()):
        for hook in (parameter._backward_hooks or {}).values():  # deepcopy drops them
            own.register_hook(hook)
    _replace(getattr(copied, "__self__", copied), lambda tensor: tensor.to("cpu"))
    return copied


def convert(module: torch.nn.Module) -> None:
    """Convert parameters, buffers and other tensors of a module in place: real to float64, complex to complex128."""
    _replace(module, lambda tensor: tensor.to(precise(tensor.dtype)))


def precise(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of double precision; integers and booleans are unchanged."""
    return DOUBLE.get(dtype, torch.float64 if dtype.is_floating_point else dtype)


def _replace(module: torch.nn.Module, change: Callable[[Tensor], Tensor]) -> None:
    for tensor in [*module.parameters(), *module.buffers()]:
        tensor.data = change(tensor.data)
    for part in module.modules():
        for name, value in list(vars(part).items()):
            if name not in OWN:
                vars(part)[name] = _changed(value, change)


def _changed(value: object, change: Callable[[Tensor], Tensor]) -> object:
    """Return a value with the tensors in it changed; parameters are shared with their module and left."""
    if isinstance(value, Tensor) and not isinstance(value, torch.nn.Parameter):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(_changed(item, change) for item in value)
    if type(value) is dict:
        return {key: _changed(item, change) for key, item in value.items()}
    return value


def _attributes(module: torch.nn.Module) -> Iterator[Tensor]:
    """All tensors in attributes of a module and of its parts."""
    found: list[Tensor] = []
    for part in module.modules():
        for value in vars(part).values():
            _changed(value, lambda tensor: found.append(tensor) or tensor)
    return iter(found)


def _refused(module: torch.nn.Module, memo: dict) -> list[object]:
    """Attributes other than tensors and modules that deepcopy refuses."""

    def refuses(value: object) -> bool:
        try:
            copy.deepcopy(value, dict(memo))
        except Exception:
            return True
        return False

    plain = [value for part in module.modules() for name, value in vars(part).items() if name not in OWN]
    return [value for value in plain if not isinstance(value, torch.nn.Module | Tensor) and refuses(value)]


def require_same_values(
    network: object, precise_values: Tensor, evaluate: Callable[[object, torch.dtype], Tensor]
) -> str:
    """Compare the values of a copy in double precision with those of the network in its own precision.

    Args:
        network: as given by the user.
        precise_values: of the copy, [points, outputs].
        evaluate: returns the values of a network for points of a dtype, [points, outputs].

    Returns:
        A note if the network cannot be evaluated in its own precision; otherwise an empty string.

    Raises:
        InvalidInputError: if the values differ at more than a tenth of the points by more than 1 % of their spread.
    """
    module = getattr(network, "__self__", network)
    dtypes = [p.dtype for p in module.parameters()] if isinstance(module, torch.nn.Module) else []
    own = next((dtype for dtype in dtypes if dtype.is_floating_point or dtype.is_complex), torch.float64)
    if all(precise(dtype) == dtype for dtype in dtypes):
        return ""
    own = own.to_real() if own.is_complex else own
    try:
        values = evaluate(own_copy(network), own).double()
    except InvalidInputError as error:
        return f"values: not compared with those in {own}, {error}"
    spread = (precise_values - precise_values.mean(0)).square().mean(0).sqrt()
    allowed = max(DIFFERENT, 100 * torch.finfo(own).eps) * spread + 1e3 * torch.finfo(own).eps * precise_values.abs()
    differ = ((values - precise_values).abs() > allowed).any(-1)
    if float(differ.double().mean()) > 1 - MOSTLY:
        size = float((values - precise_values).norm() / precise_values.norm())
        raise InvalidInputError(
            f"network computes another function in double precision (values differ by {size:.2g} of their norm from "
            f"those in {own}); pass it in float64, for example network.double(), if that is the function of interest"
        )
    return ""


def is_compiled_in_place(network: object) -> bool:
    """Return True if a module was compiled by its method ``compile``, which copies do not keep."""
    module = getattr(network, "__self__", network)
    parts = module.modules() if isinstance(module, torch.nn.Module) else ()
    return any(getattr(part, "_compiled_call_impl", None) is not None for part in parts)
