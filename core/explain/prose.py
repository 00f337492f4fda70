"""What each operation is, in plain English, as data: one room for work on cells, one for whole arrays."""

from __future__ import annotations

from core.explain.explanation import Explanation
from core.explain.prose_arrays import ARRAYS
from core.explain.prose_cells import CELLWISE

EXPLANATIONS: dict[str, Explanation] = {**CELLWISE, **ARRAYS}
