"""Operations of torch along a line: those that are linear, those that are smooth, and those with kinks.

Operations are known by name without underscores at the ends: ``relu`` is torch.relu, torch.nn.functional.relu,
Tensor.relu and Tensor.relu_.
"""

from collections.abc import Callable

from torch import Tensor


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Values of these have no derivative in the points, or none that matters.
QUERIES = _names(
    "shape size dim ndim ndimension numel nelement len dtype device layout stride storage_offset is_contiguous "
    "get_device requires_grad is_leaf grad_fn grad is_cuda is_sparse is_floating_point is_complex is_same_size "
    "has_names names data_ptr output_nr version is_nested is_quantized is_meta is_mps is_cpu is_xpu is_mkldnn "
    "itemsize nbytes element_size isnan isfinite isinf isreal eq ne all any zeros_like ones_like full_like "
    "empty_like new_zeros new_ones new_full new_empty new_tensor format repr str hash result_type "
    "get_default_dtype"
)

# The result is linear along the line if one operand depends on it linearly and the others do not depend on it.
PRODUCTS = _names(
    "linear matmul rmatmul mm bmm mv dot vdot inner outer ger einsum tensordot bilinear kron chain_matmul multi_dot "
    "addmm baddbmm addbmm addmv addr mul rmul imul multiply addcmul lerp conv1d conv2d conv3d"
)
QUOTIENTS = _names("div truediv itruediv divide true_divide addcdiv")  # linear in the first operand

# The result is linear if all operands that depend on the line are.
LINEAR = _names(
    "add radd iadd sub rsub isub subtract neg negative pos positive sum mean cumsum diff cat concat concatenate "
    "stack hstack vstack dstack column_stack row_stack getitem setitem view view_as reshape reshape_as flatten "
    "unflatten ravel unsqueeze squeeze expand expand_as repeat repeat_interleave tile permute transpose swapaxes "
    "swapdims t T mT movedim moveaxis adjoint H broadcast_to broadcast_tensors atleast_1d atleast_2d contiguous "
    "clone detach data alias to float double type type_as requires_grad retain_grad chunk split split_with_sizes "
    "tensor_split hsplit vsplit unbind iter narrow select index_select gather take_along_dim where masked_fill flip "
    "fliplr roll rot90 pad diagonal tril triu copy nan_to_num avg_pool1d identity"
)

SMOOTH = _names(
    "tanh sigmoid expit exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh asin acos atan asinh acosh atanh "
    "arctan arcsinh arctanh atan2 arctan2 sinc erf erfc erfinv sqrt rsqrt square pow rpow ipow float_power "
    "reciprocal rdiv rtruediv softplus gelu silu mish logsigmoid tanhshrink softmax log_softmax softmin logsumexp "
    "logaddexp logaddexp2 prod cumprod norm vector_norm layer_norm rms_norm group_norm glu hypot cross "
    "cosine_similarity normalize xlogy i0 lgamma digamma"
)


def _at(*points: float) -> Callable[..., list[Tensor]]:
    return lambda z, *_, **__: [z - point if point else z for point in points]


def _interval(z: Tensor, low=-1.0, high=1.0, *_, min_val=None, max_val=None, **__) -> list[Tensor]:
    return [z - (low if min_val is None else min_val), z - (high if max_val is None else max_val)]


def _clamp(z: Tensor, *bounds, **named) -> list[Tensor]:
    ends = [*bounds, *(named.get(name) for name in ("min", "max"))]
    return [z - end for end in ends if end is not None]


def _difference(a: Tensor, *others, **named) -> list[Tensor]:
    (other,) = others or [named[name] for name in ("other", "min", "max") if name in named]
    return [a - other]


def _of_two(a: Tensor, *others, **named) -> list[Tensor] | None:
    """The maximum of two tensors has a kink where they are equal; that along a dimension cannot be followed."""
    other = others[0] if others else named.get("other")
    return [a - other] if isinstance(other, Tensor) else None


def _threshold(z: Tensor, threshold: float, *_, **__) -> list[Tensor]:
    return [z - threshold]


def _shrink(z: Tensor, lambd: float = 0.5, *_, **__) -> list[Tensor]:
    return [z - lambd, z + lambd]


# Operation → the tensors whose zeros are the kinks or jumps, from the arguments; None if they cannot be followed.
PIECEWISE_LINEAR: dict[str, Callable[..., list[Tensor] | None]] = {
    "relu": _at(0),
    "relu6": _at(0, 6),
    "leaky_relu": _at(0),
    "prelu": _at(0),
    "hardtanh": _interval,
    "hardsigmoid": _at(-3, 3),
    "clamp": _clamp,
    "clip": _clamp,
    "clamp_min": _difference,
    "clamp_max": _difference,
    "abs": _at(0),
    "absolute": _at(0),
    "sign": _at(0),
    "sgn": _at(0),
    "heaviside": _at(0),
    "threshold": _threshold,
    "softshrink": _shrink,
    "hardshrink": _shrink,
    "maximum": _difference,
    "minimum": _difference,
    "fmax": _difference,
    "fmin": _difference,
    "max": _of_two,
    "min": _of_two,
}
PIECEWISE_SMOOTH: dict[str, Callable[..., list[Tensor] | None]] = {
    "hardswish": _at(-3, 3),
    "elu": _at(0),
    "celu": _at(0),
    "selu": _at(0),
    "softsign": _at(0),
}
COMPARISONS: dict[str, Callable[..., list[Tensor] | None]] = dict.fromkeys(
    _names("gt lt ge le greater less greater_equal less_equal"), _difference
)
DROPOUT = _names("dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout")
RANDOM = _names("rand_like randn_like randint_like bernoulli normal uniform exponential poisson multinomial rrelu")
KINKS = {**PIECEWISE_LINEAR, **PIECEWISE_SMOOTH, **COMPARISONS}


def name_of(function: Callable) -> str:
    """Return the name of an operation of torch, or of a property of tensors, without underscores at the ends."""
    name = getattr(function, "__name__", str(function))
    owner = getattr(function, "__self__", None)
    if name in ("__get__", "__set__") and owner is not None:
        name = getattr(owner, "__name__", name)
    return name.strip("_")
