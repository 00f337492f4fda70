"""Arrays as text of a plain script: numbers where they are few, compressed bytes where they are many."""

from __future__ import annotations

import base64
import textwrap
import zlib

import numpy as np

from core.program.ir import Array

FEW = 2000


def array_text(array: Array) -> str:
    """Return an expression that makes an array equal to `array` in bits, type and memory layout."""
    order = tuple(int(i) for i in np.argsort([-s for s in array.strides], kind="stable"))
    base = np.ascontiguousarray(array.transpose(order))
    back = tuple(int(i) for i in np.argsort(order))
    turn = "" if order == tuple(range(array.ndim)) else (".T" if array.ndim == 2 else f".transpose{back}")
    if base.size <= FEW:
        numbers = repr(base.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
        return f'np.array({numbers}, dtype="{base.dtype}"){turn}'
    packed = base64.b64encode(zlib.compress(base.tobytes(), 9)).decode()
    lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(packed, 120))
    data = f"zlib.decompress(base64.b64decode(\n{lines}\n))"
    return f'np.frombuffer({data}, dtype="{base.dtype}").reshape{base.shape}.copy(){turn}'
