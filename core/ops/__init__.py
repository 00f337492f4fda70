"""The table of operations. Importing this package fills it, one room a family."""

from core.ops import activations, elementwise, linear, losses, reduce, shaping  # noqa: F401
from core.ops.base import Op, Site, all_ops, dtype_of, function_names, get, named

__all__ = ["Op", "Site", "all_ops", "dtype_of", "function_names", "get", "named"]
