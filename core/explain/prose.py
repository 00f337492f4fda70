"""What each operation is, in plain English, as data: a room each for activations, losses, cells and whole arrays."""

from __future__ import annotations

from core.explain.explanation import Explanation
from core.explain.prose_activations import ACTIVATIONS
from core.explain.prose_arrays import ARRAYS
from core.explain.prose_cells import CELLWISE
from core.explain.prose_losses import LOSSES

EXPLANATIONS: dict[str, Explanation] = {**ACTIVATIONS, **CELLWISE, **ARRAYS, **LOSSES}
