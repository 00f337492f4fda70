"""Python's own reader of text, one thread at a time."""

from __future__ import annotations

import ast
import threading
import warnings
from typing import Any

_ONE_AT_A_TIME = threading.Lock()


def python_tree(text: str, mode: str = "exec") -> Any:
    """Return the `ast` of a text; raises what `ast.parse` raises.

    Before 3.11.5 two threads that read at once spoil each other's depth count ("AST constructor recursion
    depth mismatch"; CPython issue 106905), and filters of warnings are shared by all threads. The preview of the
    dialog for a new network reads beside the window.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode=mode)
