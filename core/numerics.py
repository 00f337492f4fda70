"""What the bits of a computation depend on beside the program: NumPy's build, its BLAS, and how many threads that uses."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

LONGEST, MOST_THREADS = 100, 4096


@dataclass(frozen=True, slots=True)
class Numerics:
    """NumPy's version, the name, version and processor kind of its BLAS, and its number of threads (0: unknown)."""

    numpy: str = ""
    blas: str = ""
    version: str = ""
    architecture: str = ""
    threads: int = 0

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @staticmethod
    def from_data(data: Any) -> Numerics:
        """Read what `to_data` wrote; what does not fit is left out."""
        given: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        texts = [given.get(key) for key in ("numpy", "blas", "version", "architecture")]
        threads: Any = given.get("threads")
        known = isinstance(threads, int) and not isinstance(threads, bool) and 0 < threads <= MOST_THREADS
        numpy, blas, version, architecture = (t if isinstance(t, str) and len(t) <= LONGEST else "" for t in texts)
        return Numerics(numpy, blas, version, architecture, threads if known else 0)

    @property
    def build(self) -> str:
        """NumPy and its BLAS, in words."""
        parts = (self.blas, self.version, f"for {self.architecture}" if self.architecture else "")
        return f"NumPy {self.numpy or '?'} with {' '.join(p for p in parts if p) or 'an unknown BLAS'}"


def here() -> Numerics:
    """Return what computes on this machine now."""
    for library in ThreadpoolController().info():
        if library.get("user_api") == "blas":
            blas, version, architecture = (str(library.get(key) or "") for key in ("internal_api", "version", "architecture"))
            return Numerics(np.__version__, blas, version, architecture, int(library.get("num_threads") or 0))
    return Numerics(np.__version__)


def mismatch(stored: Numerics, now: Numerics) -> str:
    """Say where the last digits may differ from those of the machine that stored them, empty if they may not."""
    if stored.build != now.build:
        return (
            f"This document was computed by {stored.build}, and here is {now.build}: "
            "what is computed anew may differ in its last digits."
        )
    if stored.threads and stored.threads != now.threads:
        return (
            f"This document was computed with {stored.threads} threads, and here only {now.threads} can be used: "
            "what is computed anew may differ in its last digits."
        )
    return ""


class Threads:
    """Holds BLAS at a number of threads for as long as a document that was made with it is open."""

    def __init__(self) -> None:
        self._before: int | None = None

    def hold(self, threads: int) -> None:
        """Use so many threads from now on; 0 means as many as before any document."""
        if threads < 1:
            self.release()
            return
        if self._before is None:
            self._before = here().threads
        _use(threads)

    def release(self) -> None:
        """Use as many threads as before any document."""
        if self._before:
            _use(self._before)
        self._before = None


@contextlib.contextmanager
def using(threads: int) -> Generator[None, None, None]:
    """Compute with so many threads within; 0 changes nothing."""
    if threads < 1:
        yield
        return
    with ThreadpoolController().select(user_api="blas").limit(limits=threads):
        yield


def _use(threads: int) -> None:
    ThreadpoolController().select(user_api="blas").limit(limits=threads)
