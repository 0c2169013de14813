"""Array annotations with shapes: those of jaxtyping if it is installed, otherwise the plain array types."""

try:
    from jaxtyping import Bool, Float, Int
except ModuleNotFoundError:

    class _ArrayOnly:
        """``Float[Tensor, "networks parameters"]`` is ``Tensor``."""

        def __class_getitem__(cls, item: tuple[type, str]) -> type:
            return item[0]

    Bool = Float = Int = _ArrayOnly

__all__ = ["Bool", "Float", "Int"]
