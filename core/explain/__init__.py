"""Prose and arithmetic for people: what an operation is, what it does here, and why a cell is what it is."""

from core.explain.arithmetic import why
from core.explain.cells import Cells
from core.explain.operations import EXPLANATIONS, Explanation, explanation, sentence
from core.explain.place import Arithmetic

__all__ = ["EXPLANATIONS", "Arithmetic", "Cells", "Explanation", "explanation", "sentence", "why"]
