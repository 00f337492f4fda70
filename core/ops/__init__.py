"""The table of operations. Importing this package fills it, one room a family."""

from core.ops import activations, elementwise, linear, losses, random, reduce, shaping, softmax
from core.ops.base import REQUIRED, Op, Site, all_ops, dtype_of, function_names, get, named

__all__ = [
    "REQUIRED",
    "Op",
    "Site",
    "activations",
    "all_ops",
    "dtype_of",
    "elementwise",
    "function_names",
    "get",
    "linear",
    "losses",
    "named",
    "random",
    "reduce",
    "shaping",
    "softmax",
]
