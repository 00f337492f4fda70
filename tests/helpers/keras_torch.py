"""Keras as the tests use it: on PyTorch."""

from __future__ import annotations

import os
from typing import Any

import pytest


def keras_on_torch() -> Any:
    """Return Keras; skips the test where it, or PyTorch, is not installed, or where Keras runs on something else."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip("torch", reason="the oracle extra is not installed")
    found = pytest.importorskip("keras", reason="the oracle extra is not installed")
    if found.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend than PyTorch here")
    return found
